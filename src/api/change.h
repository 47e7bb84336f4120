/** A client's change of a status, the same way for trades and cargo: compare and set, again when another was faster,
 *  and at last as a request that the engine decides.
 */
#ifndef ITN_API_CHANGE_H
#define ITN_API_CHANGE_H

#include "api/api.h"
#include "store/store.h"

/** One document and the wish about it. */
struct change {
	struct str key;
	union {
		struct trade_change trade;
		struct cargo_change cargo;
	} wish;
	union {
		struct trade trade;
		struct cargo cargo;
	} doc;
};

/** What is particular to a kind of document. */
struct change_kind {
	enum entity_kind entity;
	const char *not_found; /**< "Trade not found" */
	const char *message;   /**< "Trade status updated" */
	enum itn_status (*parse)(const struct json_in *doc, struct arena *arena, struct faults *faults,
				 struct change *change);
	enum itn_status (*read)(struct store *store, struct arena *arena, struct change *change);
	int64_t (*version)(const struct change *change);
	/** Applies the wish to the document; on VERDICT_CHANGED writes the outbox entry's change. */
	enum verdict (*decide)(struct change *change, int64_t now, struct buf *entry, struct error *why);
	enum itn_status (*write)(struct store *store, const struct change *change, int64_t from_version,
				 const struct entry *entry);
	void (*show)(struct buf *out, const struct change *change);
};

/** Answers PUT and PATCH …/:key/status. */
void change_answer(const struct change_kind *kind, struct api *api, struct http_request *req,
		   struct http_response *res);

#endif
