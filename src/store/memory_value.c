#include "store/memory_value.h"

static struct lines lines_copy(struct arena *arena, const struct lines *lines)
{
	struct lines copy = { arena_calloc(arena, lines->count, sizeof(*lines->at)), lines->count };
	for (size_t i = 0; i < lines->count; i++)
		copy.at[i] = (struct line){ arena_str(arena, lines->at[i].name), lines->at[i].quantity };
	return copy;
}

struct trade trade_copy(struct arena *arena, const struct trade *trade)
{
	struct trade copy = *trade;
	struct str *const texts[] = { &copy.id,     &copy.station,      &copy.buyer,       &copy.buyer_email,
				      &copy.seller, &copy.seller_email, &copy.destination, &copy.shipment,
				      &copy.reason, &copy.short_of };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = arena_str(arena, *texts[i]);
	copy.items = lines_copy(arena, &trade->items);
	copy.reserved = lines_copy(arena, &trade->reserved);
	return copy;
}

struct cargo cargo_copy(struct arena *arena, const struct cargo *cargo)
{
	struct cargo copy = *cargo;
	struct str *const texts[] = { &copy.id, &copy.email, &copy.origin, &copy.destination, &copy.location };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = arena_str(arena, *texts[i]);
	copy.items = lines_copy(arena, &cargo->items);
	copy.own_items = lines_copy(arena, &cargo->own_items);
	return copy;
}

struct stock stock_copy(struct arena *arena, const struct stock *stock)
{
	struct stock copy = *stock;
	copy.station = arena_str(arena, stock->station);
	copy.item = arena_str(arena, stock->item);
	return copy;
}

struct entry entry_copy(struct arena *arena, const struct entry *entry)
{
	struct entry copy = *entry;
	copy.id = arena_str(arena, entry->id);
	copy.key = arena_str(arena, entry->key);
	copy.change = arena_str(arena, entry->change);
	return copy;
}

struct posting posting_copy(struct arena *arena, const struct posting *posting)
{
	struct posting copy = *posting;
	struct str *const texts[] = { &copy.event, &copy.item, &copy.station, &copy.trade, &copy.shipment };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = arena_str(arena, *texts[i]);
	return copy;
}

struct event event_copy(struct arena *arena, const struct event *event)
{
	struct event copy = *event;
	struct str *const texts[] = { &copy.id,      &copy.batch, &copy.key,  &copy.caused_by,
				      &copy.message, &copy.data,  &copy.frame };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = arena_str(arena, *texts[i]);
	return copy;
}

struct job job_copy(struct arena *arena, const struct job *job)
{
	struct job copy = *job;
	copy.lane = arena_str(arena, job->lane);
	copy.key = arena_str(arena, job->key);
	copy.cause = arena_str(arena, job->cause);
	copy.cursor.key = arena_str(arena, job->cursor.key);
	return copy;
}

struct notification notification_copy(struct arena *arena, const struct notification *notification)
{
	struct notification copy = *notification;
	struct str *const texts[] = { &copy.id, &copy.event, &copy.to, &copy.subject, &copy.body, &copy.last_error };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = arena_str(arena, *texts[i]);
	return copy;
}

struct claim claim_copy(struct arena *arena, const struct claim *claim)
{
	struct claim copy = *claim;
	struct str *const texts[] = { &copy.key, &copy.print, &copy.document, &copy.event, &copy.lines, &copy.body };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = arena_str(arena, *texts[i]);
	return copy;
}

struct memory_document *document_copy(struct arena *arena, const struct memory_document *document, size_t first)
{
	struct memory_document *copy = arena_calloc(arena, 1, sizeof(*copy));
	copy->entity = document->entity;
	if (document->entity == ENTITY_TRADE)
		copy->is.trade = trade_copy(arena, &document->is.trade);
	else
		copy->is.cargo = cargo_copy(arena, &document->is.cargo);
	copy->waiting = document->waiting - first;
	copy->outbox = arena_calloc(arena, copy->waiting + 1, sizeof(*copy->outbox));
	for (size_t i = 0; i < copy->waiting; i++)
		copy->outbox[i] = (struct memory_entry){ entry_copy(arena, &document->outbox[first + i].entry),
							 document->outbox[first + i].at };
	return copy;
}

struct str document_key(const struct memory_document *document)
{
	return document->entity == ENTITY_TRADE ? document->is.trade.id : document->is.cargo.id;
}

int64_t document_version(const struct memory_document *document)
{
	return document->entity == ENTITY_TRADE ? document->is.trade.version : document->is.cargo.version;
}

int64_t document_created_at(const struct memory_document *document)
{
	return document->entity == ENTITY_TRADE ? document->is.trade.created_at : document->is.cargo.created_at;
}
