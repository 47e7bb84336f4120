/** An outbox entry: a change that is committed with its document and waits for its number in the log. */
#ifndef ITN_DOMAIN_ENTRY_H
#define ITN_DOMAIN_ENTRY_H

#include <stdint.h>

#include "core/str.h"
#include "domain/event.h"

/** Entries that may wait for one document. */
#define ENTRIES_MAX 64

enum entry_kind {
	ENTRY_CREATE,  /**< the document was created; `change` as trade_write_change() or cargo_write_change() writes it */
	ENTRY_CHANGE,  /**< a client's change was applied to the document; `change` as above */
	ENTRY_REQUEST, /**< a wish that lost its race: the engine decides it; `change` is the request's body */
};

struct entry {
	struct str id; /**< 24 hex: the event's id, made once per request */
	enum entry_kind kind;
	enum entity_kind entity;
	struct str key;
	int64_t version; /**< the document's version after it; 0 for a request */
	int64_t time;    /**< when it was accepted, ms */
	struct str change;
};

#endif
