/** What the rows of the store in memory hold: each value with all its texts in one arena. */
#ifndef ITN_STORE_MEMORY_VALUE_H
#define ITN_STORE_MEMORY_VALUE_H

#include "store/batch.h"
#include "store/claims.h"

/** An outbox entry with the store's time of its writing, us. */
struct memory_entry {
	struct entry entry;
	int64_t at;
};

/** A trade or cargo and what waits of it. */
struct memory_document {
	enum entity_kind entity;
	union {
		struct trade trade;
		struct cargo cargo;
	} is;
	struct memory_entry *outbox;
	size_t waiting;
};

struct memory_request {
	struct entry entry;
	int64_t at; /**< 0: it has left the backlog */
	enum request_state state;
	struct str detail;
};

struct memory_head {
	struct store_head head;
	char batch[ID_LEN + 1];
	char holder[64];
	int64_t beat;
};

struct memory_counter {
	struct str name;
	int64_t value;
};

/* Copies with all that they point to, in the arena. */

struct trade trade_copy(struct arena *arena, const struct trade *trade);
struct cargo cargo_copy(struct arena *arena, const struct cargo *cargo);
struct stock stock_copy(struct arena *arena, const struct stock *stock);
struct entry entry_copy(struct arena *arena, const struct entry *entry);
struct posting posting_copy(struct arena *arena, const struct posting *posting);
struct event event_copy(struct arena *arena, const struct event *event);
struct job job_copy(struct arena *arena, const struct job *job);
struct notification notification_copy(struct arena *arena, const struct notification *notification);
struct claim claim_copy(struct arena *arena, const struct claim *claim);

/** A copy with its outbox from entry `first` on, and room for one more. */
struct memory_document *document_copy(struct arena *arena, const struct memory_document *document, size_t first);
struct str document_key(const struct memory_document *document);
int64_t document_version(const struct memory_document *document);
int64_t document_created_at(const struct memory_document *document);

#endif
