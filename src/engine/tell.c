#include <stdlib.h>
#include <string.h>

#include "core/id.h"
#include "core/json_out.h"
#include "engine/alert.h"
#include "engine/draft.h"
#include "engine/notify.h"

void draft_log(struct draft *draft, struct event event)
{
	struct event *logged = arena_calloc(draft->arena, 1, sizeof(*logged));

	event.seq = ++draft->seq;
	event.batch = draft->id;
	event.logged_at = draft->now;
	buf_reset(&draft->json, SIZE_MAX);
	event_write_frame(&draft->json, &event);
	event.frame = draft_json(draft);
	*logged = event;
	draft_list_add(&draft->events, draft->arena, logged);
	draft_count(draft, STR("events.total"), 1);
}

struct str draft_derived_id(struct draft *draft, struct job *cause)
{
	return arena_printf(draft->arena, "%.*s.%lld", STR_ARG(cause->cause), (long long)++cause->derived);
}

/* Without a cause: one of its own. */
static struct event derived(struct draft *draft, struct job *cause, enum event_kind kind)
{
	char id[ID_LEN + 1];

	if (!cause) {
		id_new(id);
		return (struct event){
			.id = arena_str(draft->arena, str_from(id)),
			.kind = kind,
			.time = draft->now,
		};
	}
	return (struct event){
		.id = draft_derived_id(draft, cause),
		.kind = kind,
		.time = draft->now,
		.caused_by = cause->cause,
	};
}

static struct str trade_data(struct draft *draft, const struct trade *trade)
{
	buf_reset(&draft->json, SIZE_MAX);
	trade_write_json(&draft->json, trade);
	return draft_json(draft);
}

static struct str cargo_data(struct draft *draft, const struct cargo *cargo)
{
	buf_reset(&draft->json, SIZE_MAX);
	cargo_write_json(&draft->json, cargo);
	return draft_json(draft);
}

struct str draft_tell_trade(struct draft *draft, struct draft_trade *document, struct job *cause)
{
	struct event event = derived(draft, cause, EVENT_TRADE_UPDATED);

	event.entity = ENTITY_TRADE;
	event.key = document->trade.id;
	event.entity_version = document->trade.version;
	event.data = trade_data(draft, &document->trade);
	draft_log(draft, event);
	document->untold = NULL;
	document->told_seq = draft->seq;
	document->told_id = event.id;
	return event.id;
}

struct str draft_tell_trade_now(struct draft *draft, struct draft_trade *document, struct job *cause)
{
	document->trade.version++;
	document->trade.updated_at = draft->now;
	return draft_tell_trade(draft, document, cause);
}

static void count_status(struct draft *draft, enum trade_status status, int64_t delta)
{
	draft_count(draft, arena_printf(draft->arena, "trades.status.%s", trade_status_name(status)), delta);
}

struct str draft_tell_status(struct draft *draft, struct draft_trade *document, enum trade_status from,
			     struct job *cause)
{
	struct str event = draft_tell_trade(draft, document, cause);

	count_status(draft, from, -1);
	count_status(draft, document->trade.status, 1);
	notify_trade_changed(draft, &document->trade, from, event);
	return event;
}

struct str draft_tell_cargo(struct draft *draft, struct draft_cargo *document, struct job *cause)
{
	struct event event = derived(draft, cause, EVENT_CARGO_UPDATED);

	event.entity = ENTITY_CARGO;
	event.key = document->cargo.id;
	event.entity_version = document->cargo.version;
	event.data = cargo_data(draft, &document->cargo);
	draft_log(draft, event);
	document->untold = NULL;
	return event.id;
}

/* Tells what effects changed and no event tells yet. */
static void tell_untold_trade(struct draft *draft, struct draft_trade *document)
{
	if (!document->untold)
		return;
	draft_tell_trade_now(draft, document, document->untold);
}

void draft_tell_untold_cargo(struct draft *draft, struct draft_cargo *document)
{
	if (!document->untold)
		return;
	document->cargo.version++;
	document->cargo.updated_at = draft->now;
	draft_tell_cargo(draft, document, document->untold);
}

struct str draft_warn_trade(struct draft *draft, struct draft_trade *document, enum alert_kind kind,
			    const char *message, struct job *cause)
{
	struct event event;

	tell_untold_trade(draft, document);
	event = derived(draft, cause, EVENT_CRITICAL);
	event.entity = ENTITY_TRADE;
	event.key = document->trade.id;
	event.entity_version = document->trade.version;
	event.alert = kind;
	event.message = str_from(message);
	event.data = trade_data(draft, &document->trade);
	draft_log(draft, event);
	draft_count(draft, STR("alerts.total"), 1);
	return event.id;
}

struct str draft_warn_cargo(struct draft *draft, struct draft_cargo *document, enum alert_kind kind,
			    const char *message, struct job *cause)
{
	struct event event;

	draft_tell_untold_cargo(draft, document);
	event = derived(draft, cause, EVENT_CRITICAL);
	event.entity = ENTITY_CARGO;
	event.key = document->cargo.id;
	event.entity_version = document->cargo.version;
	event.alert = kind;
	event.message = str_from(message);
	event.data = cargo_data(draft, &document->cargo);
	draft_log(draft, event);
	draft_count(draft, STR("alerts.total"), 1);
	return event.id;
}

static struct str warn_low(struct draft *draft, struct draft_stock *document, struct job *cause)
{
	struct event event = derived(draft, cause, EVENT_CRITICAL);

	event.entity = ENTITY_INVENTORY;
	event.key = document->stock.station;
	event.entity_version = document->stock.version;
	event.alert = ALERT_LOW_STOCK;
	event.message = STR(MESSAGE_LOW_STOCK);
	buf_reset(&draft->json, SIZE_MAX);
	stock_write_record(&draft->json, &document->stock);
	event.data = draft_json(draft);
	draft_log(draft, event);
	draft_count(draft, STR("alerts.total"), 1);
	return event.id;
}

/* Whether it has become low, or is not any more. */
static enum itn_status alert_low(struct draft *draft, struct draft_stock *document, struct job *cause)
{
	const struct alert_about about = { ENTITY_INVENTORY, document->stock.station, document->stock.item };
	bool low = stock_is_low(&document->stock);

	if (low == document->was_low)
		return ITN_OK;
	if (!low)
		return alert_resolve(draft, ALERT_LOW_STOCK, &about, cause);
	return alert_raise(draft, ALERT_LOW_STOCK, &about, MESSAGE_LOW_STOCK, warn_low(draft, document, cause));
}

static int by_station_and_item(const void *a, const void *b)
{
	const struct draft_stock *x = *(struct draft_stock *const *)a, *y = *(struct draft_stock *const *)b;
	int c = str_cmp(x->stock.station, y->stock.station);

	return c ? c : str_cmp(x->stock.item, y->stock.item);
}

/* The records of one station that changed, count of them. */
static enum itn_status tell_station(struct draft *draft, struct draft_stock *const *records, size_t count)
{
	struct stock *shown = arena_calloc(draft->arena, count, sizeof(*shown));
	struct job *last = records[0]->untold;
	struct event event;
	enum itn_status status = ITN_OK;

	for (size_t i = 1; i < count; i++)
		last = records[i]->untold->seq > last->seq ? records[i]->untold : last;
	event = derived(draft, last, EVENT_INVENTORY_UPDATED);
	for (size_t i = 0; i < count; i++) {
		struct stock *stock = &records[i]->stock;

		stock->version++;
		stock->updated_at = draft->now;
		records[i]->untold = NULL;
		records[i]->told_id = event.id;
		shown[i] = *stock;
		if (stock->version > event.entity_version)
			event.entity_version = stock->version;
	}
	event.entity = ENTITY_INVENTORY;
	event.key = shown[0].station;
	buf_reset(&draft->json, SIZE_MAX);
	stock_write_json(&draft->json, shown, count);
	event.data = draft_json(draft);
	draft_log(draft, event);
	for (size_t i = 0; i < count; i++)
		records[i]->told_seq = draft->seq;
	for (size_t i = 0; i < count && status == ITN_OK; i++)
		status = alert_low(draft, records[i], last);
	return status;
}

static enum itn_status tell_stock(struct draft *draft)
{
	struct draft_stock **changed = arena_calloc(draft->arena, draft->stock.count + 1, sizeof(struct draft_stock *));
	size_t count = 0;
	enum itn_status status = ITN_OK;

	for (size_t i = 0; i < draft->stock.count; i++) {
		struct draft_stock *document = draft->stock.at[i];

		if (document->untold)
			changed[count++] = document;
	}
	if (count)
		qsort(changed, count, sizeof(struct draft_stock *), by_station_and_item);
	for (size_t first = 0, end; first < count && status == ITN_OK; first = end) {
		for (end = first + 1;
		     end < count && str_eq(changed[end]->stock.station, changed[first]->stock.station); end++)
			;
		status = tell_station(draft, changed + first, end - first);
	}
	return status;
}

enum itn_status draft_tell_all(struct draft *draft)
{
	for (size_t i = 0; i < draft->cargo.count; i++)
		draft_tell_untold_cargo(draft, draft->cargo.at[i]);
	for (size_t i = 0; i < draft->trades.count; i++)
		tell_untold_trade(draft, draft->trades.at[i]);
	draft->stock_seq = draft->seq + 1;
	return tell_stock(draft);
}
