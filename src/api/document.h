/** What trades and cargo have in common for their clients: they are created by POST, and their status is changed by PUT or
 *  PATCH. A table of functions says what is particular to each kind.
 */
#ifndef ITN_API_DOCUMENT_H
#define ITN_API_DOCUMENT_H

#include "api/api.h"
#include "store/store.h"

/** One document, and what a client wishes of it. */
struct document {
	struct str key;
	union {
		struct trade_change trade;
		struct cargo_change cargo;
	} wish;
	union {
		struct trade trade;
		struct cargo cargo;
	} is;
};

struct document_kind {
	enum entity_kind entity;
	const char *not_found; /**< "Trade not found" */
	const char *message;   /**< "Trade status updated" */
	const char *same_key;  /**< "Cargo with the shipmentId": of a kind whose ids clients choose */

	/** Reads the body of a POST. */
	enum itn_status (*parse)(const struct json_in *body, struct arena *arena, struct faults *faults,
				 struct document *ret);
	/** Makes what was read a new document with its key; `id` is a fresh one, for kinds that have no id of the client's.
	 *  Writes the outbox entry's change. */
	void (*begin)(struct document *document, struct str id, int64_t now, const struct config *config,
		      struct buf *entry);
	enum itn_status (*create)(struct store *store, const struct document *document, const struct entry *entry);

	/** Reads the body of a PUT or PATCH. */
	enum itn_status (*parse_wish)(const struct json_in *body, struct arena *arena, struct faults *faults,
				      struct document *ret);
	enum itn_status (*read)(struct store *store, struct arena *arena, struct document *document);
	/** Whether what may become of it depends on effects of its creation that are not applied: only the engine knows. */
	bool (*too_early)(const struct document *document);
	/** Applies the wish; on VERDICT_CHANGED writes the outbox entry's change. */
	enum verdict (*decide)(struct document *document, int64_t now, struct buf *entry, struct error *why);
	enum itn_status (*change)(struct store *store, const struct document *document, int64_t from_version,
				  const struct entry *entry);

	int64_t (*version)(const struct document *document);
	void (*show)(struct buf *out, const struct document *document);
};

/** Answers POST: the document as it was created. */
void create_answer(const struct document_kind *kind, struct api *api, struct http_request *req,
		   struct http_response *res);
/** Answers PUT and PATCH …/:key/status: compare and set, again when another was faster, and at last as a request that the
 *  engine decides. */
void change_answer(const struct document_kind *kind, struct api *api, struct http_request *req,
		   struct http_response *res);

#endif
