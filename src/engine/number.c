#include "engine/number.h"

#include "core/clock.h"
#include "core/fault.h"
#include "core/json_in.h"
#include "domain/stock_take.h"
#include "engine/alert.h"
#include "engine/effects.h"
#include "engine/notify.h"

static void count_status(struct draft *draft, const char *what, const char *name, int64_t delta)
{
	draft_count(draft, arena_printf(draft->arena, "%s.status.%s", what, name), delta);
}

static void count_created(struct draft *draft, int64_t time)
{
	char at[TIME_LEN + 1];

	time_format(time, at);
	draft_count(draft, STR("trades.created.total"), 1);
	draft_count(draft, arena_printf(draft->arena, "trades.created.minute.%.16s", at), 1);
	draft_count(draft, arena_printf(draft->arena, "trades.created.hour.%.13s", at), 1);
	draft_count(draft, arena_printf(draft->arena, "trades.created.day.%.10s", at), 1);
}

static void add_job(struct number *number, int kind, enum job_step step, struct str lane, struct str key,
		    struct str cause)
{
	struct job *job = arena_calloc(number->draft->arena, 1, sizeof(*job));

	*job = (struct job){
		.seq = number->draft->seq,
		.lane = lane,
		.kind = kind,
		.key = key,
		.cause = cause,
		.step = step,
	};
	draft_list_add(&number->jobs, number->draft->arena, job);
}

static void log_entry(struct draft *draft, const struct entry *entry, enum event_kind kind, int64_t version)
{
	draft_log(draft, (struct event){
				 .id = entry->id,
				 .kind = kind,
				 .entity = entry->entity,
				 .key = entry->key,
				 .entity_version = version,
				 .time = entry->time,
				 .data = draft_json(draft),
			 });
}

static void trade_entry_job(struct number *number, const struct entry *entry, const struct trade *state,
			    enum trade_status from)
{
	if (entry->kind == ENTRY_CREATE) {
		add_job(number, JOB_TRADE_CREATED, state->holds & HOLD_SIZE ? STEP_ANNOUNCE : STEP_BEGIN,
			state->destination, state->id, entry->id);
		return;
	}
	if (state->status != from && !trade_is_open(state))
		add_job(number, JOB_TRADE_CLOSED, from == TRADE_DELAYED ? STEP_RESOLVE : STEP_BEGIN, state->destination,
			state->id, entry->id);
	else if (state->status != from && from == TRADE_DELAYED)
		add_job(number, JOB_TRADE_RESUMED, STEP_RESOLVE, state->destination, state->id, entry->id);
}

static void log_trade(struct number *number, const struct entry *entry, struct draft_trade *document,
		      const struct trade *state, enum trade_status from)
{
	struct draft *draft = number->draft;

	buf_reset(&draft->json, SIZE_MAX);
	trade_write_json(&draft->json, state);
	log_entry(draft, entry, entry->kind == ENTRY_CREATE ? EVENT_TRADE_CREATE : EVENT_TRADE_UPDATED, state->version);
	if (entry->kind == ENTRY_CREATE)
		count_created(draft, entry->time);
	else
		count_status(draft, "trades", trade_status_name(from), -1);
	if (entry->kind != ENTRY_CREATE && state->status != from)
		notify_trade_changed(draft, state, from, entry->id);
	document->touched = true;
	count_status(draft, "trades", trade_status_name(state->status), 1);
	trade_entry_job(number, entry, state, from);
}

static enum itn_status number_trade(struct number *number, const struct entry *entry)
{
	struct draft *draft = number->draft;
	struct draft_trade *document;
	enum trade_status from;
	struct trade state;
	enum itn_status status = draft_trade(draft, entry->key, &document);

	if (status != ITN_OK)
		return status;
	state = document->trade;
	status = trade_apply_change(draft->arena, entry->change, &state, &from);
	if (status != ITN_OK || document->trade.unsequenced == 0)
		return ITN_FAILED;
	document->trade.unsequenced--;
	log_trade(number, entry, document, &state, from);
	return ITN_OK;
}

static void cargo_entry_job(struct number *number, const struct entry *entry, const struct cargo *state,
			    enum cargo_status from)
{
	enum job_step step = from == CARGO_DELAYED ? STEP_RESOLVE : STEP_BEGIN;

	if (entry->kind == ENTRY_CREATE) {
		add_job(number, JOB_CARGO_CREATED, state->status == CARGO_DELAYED ? STEP_ANNOUNCE : STEP_BEGIN,
			state->destination, state->id, entry->id);
		return;
	}
	if (state->status == from)
		return;
	switch (state->status) {
	case CARGO_IN_TRANSIT:
		add_job(number, JOB_CARGO_DEPARTED, step, state->destination, state->id, entry->id);
		break;
	case CARGO_DELAYED:
		add_job(number, JOB_CARGO_DELAYED, STEP_BEGIN, state->destination, state->id, entry->id);
		break;
	case CARGO_DELIVERED:
		add_job(number, JOB_CARGO_DELIVERED, step, state->destination, state->id, entry->id);
		break;
	case CARGO_PENDING:
	case CARGO_STATUSES:
		break;
	}
}

static void log_cargo(struct number *number, const struct entry *entry, struct draft_cargo *document,
		      const struct cargo *state, enum cargo_status from)
{
	struct draft *draft = number->draft;

	buf_reset(&draft->json, SIZE_MAX);
	cargo_write_json(&draft->json, state);
	log_entry(draft, entry, EVENT_CARGO_UPDATED, state->version);
	if (entry->kind != ENTRY_CREATE)
		count_status(draft, "cargo", cargo_status_name(from), -1);
	document->touched = true;
	count_status(draft, "cargo", cargo_status_name(state->status), 1);
	cargo_entry_job(number, entry, state, from);
}

static enum itn_status number_cargo(struct number *number, const struct entry *entry)
{
	struct draft *draft = number->draft;
	struct draft_cargo *document;
	enum cargo_status from;
	struct cargo state;
	enum itn_status status = draft_cargo(draft, entry->key, &document);

	if (status != ITN_OK)
		return status;
	state = document->cargo;
	status = cargo_apply_change(draft->arena, entry->change, &state, &from);
	if (status != ITN_OK || document->cargo.unsequenced == 0)
		return ITN_FAILED;
	document->cargo.unsequenced--;
	log_cargo(number, entry, document, &state, from);
	return ITN_OK;
}

static void add_verdict(struct draft *draft, const struct entry *request, enum request_state state, const char *detail)
{
	struct verdict_write *verdict = arena_calloc(draft->arena, 1, sizeof(*verdict));

	*verdict = (struct verdict_write){ request->id, state, arena_str(draft->arena, str_from(detail)) };
	draft_list_add(&draft->verdicts, draft->arena, verdict);
}

static void decided(struct draft *draft, const struct entry *request, enum verdict verdict, const struct error *why)
{
	static const enum request_state states[] = {
		[VERDICT_CHANGED] = REQUEST_CHANGED,
		[VERDICT_SAME] = REQUEST_SAME,
		[VERDICT_ILLEGAL] = REQUEST_ILLEGAL,
	};

	add_verdict(draft, request, states[verdict], verdict == VERDICT_ILLEGAL ? why->text : NULL);
}

/* Whether there is enough of its goods is not known yet. */
static bool awaits_its_station(const struct trade *trade)
{
	return str_is_set(trade->station) && trade->goods == GOODS_NEW;
}

static enum itn_status decide_trade(struct number *number, const struct entry *request, const struct json_in *body)
{
	struct draft *draft = number->draft;
	struct draft_trade *document;
	struct trade_change change;
	struct faults faults;
	struct error why = { "" };
	enum trade_status from;
	enum verdict verdict;
	enum itn_status status = draft_trade(draft, request->key, &document);

	if (status == ITN_NOT_FOUND)
		add_verdict(draft, request, REQUEST_NO_SUCH, NULL);
	if (status != ITN_OK)
		return status == ITN_NOT_FOUND ? ITN_OK : status;
	if (document->trade.unsequenced || awaits_its_station(&document->trade)) {
		add_verdict(draft, request, REQUEST_WAITING, NULL);
		return ITN_OK;
	}
	faults_init(&faults, draft->arena);
	if (trade_change_from_request(body, draft->arena, &faults, &change) != ITN_OK)
		return ITN_FAILED;
	change.reason = arena_str(draft->arena, change.reason);
	from = document->trade.status;
	verdict = trade_change(&document->trade, &change, draft->now, &why);
	if (verdict == VERDICT_CHANGED)
		log_trade(number, request, document, &document->trade, from);
	decided(draft, request, verdict, &why);
	return ITN_OK;
}

static enum itn_status decide_cargo(struct number *number, const struct entry *request, const struct json_in *body)
{
	struct draft *draft = number->draft;
	struct draft_cargo *document;
	struct cargo_change change;
	struct faults faults;
	struct error why = { "" };
	enum cargo_status from;
	enum verdict verdict;
	enum itn_status status = draft_cargo(draft, request->key, &document);

	if (status == ITN_NOT_FOUND)
		add_verdict(draft, request, REQUEST_NO_SUCH, NULL);
	if (status != ITN_OK)
		return status == ITN_NOT_FOUND ? ITN_OK : status;
	if (document->cargo.unsequenced) {
		add_verdict(draft, request, REQUEST_WAITING, NULL);
		return ITN_OK;
	}
	faults_init(&faults, draft->arena);
	if (cargo_change_from_request(body, draft->arena, &faults, &change) != ITN_OK)
		return ITN_FAILED;
	change.location = arena_str(draft->arena, change.location);
	from = document->cargo.status;
	verdict = cargo_change(&document->cargo, &change, draft->now, &why);
	if (verdict == VERDICT_CHANGED)
		log_cargo(number, request, document, &document->cargo, from);
	decided(draft, request, verdict, &why);
	return ITN_OK;
}

static enum itn_status decide_stock(struct number *number, const struct entry *request, const struct json_in *body)
{
	struct draft *draft = number->draft;
	struct stock_take take;
	struct faults faults;

	faults_init(&faults, draft->arena);
	if (stock_take_from_request(body, draft->arena, &faults, &take) != ITN_OK)
		return ITN_FAILED;
	buf_reset(&draft->json, SIZE_MAX);
	stock_take_write_json(&draft->json, request->key, &take);
	log_entry(draft, request, EVENT_STOCK_TAKEN, 0);
	buf_reset(&draft->json, SIZE_MAX);
	stock_take_write_body(&draft->json, &take);
	add_job(number, JOB_STOCK_TAKE, STEP_BEGIN, request->key, draft_json(draft), request->id);
	add_verdict(draft, request, REQUEST_CHANGED, NULL);
	return ITN_OK;
}

static enum itn_status decide_alert(struct draft *draft, const struct entry *request)
{
	enum verdict verdict;
	enum itn_status status = alert_acknowledge(draft, request, &verdict);

	if (status == ITN_OK)
		decided(draft, request, verdict, NULL);
	else if (status == ITN_NOT_FOUND)
		add_verdict(draft, request, REQUEST_NO_SUCH, NULL);
	return status == ITN_NOT_FOUND ? ITN_OK : status;
}

static bool is_drafted(const struct draft *draft, struct str id)
{
	for (size_t i = 0; i < draft->events.count; i++)
		if (str_eq(((const struct event *)draft->events.at[i])->id, id))
			return true;
	return false;
}

/* A try of the same request may have changed the document itself, before another one of it came here. */
static enum itn_status is_done(const struct draft *draft, const struct entry *request, bool *ret_done)
{
	*ret_done = is_drafted(draft, request->id);
	return *ret_done ? ITN_OK : store_batch_logged(draft->store, request->id, ret_done);
}

static enum itn_status decide_one(struct number *number, const struct entry *request, const struct json_in *body)
{
	switch (request->entity) {
	case ENTITY_TRADE:
		return decide_trade(number, request, body);
	case ENTITY_CARGO:
		return decide_cargo(number, request, body);
	case ENTITY_INVENTORY:
		return decide_stock(number, request, body);
	case ENTITY_ALERT:
		return decide_alert(number->draft, request);
	case ENTITY_KINDS:
		break;
	}
	return ITN_FAILED;
}

static enum itn_status decide(struct number *number, const struct entry *request)
{
	bool done;
	struct json_in *body;
	struct faults faults;
	enum itn_status status;

	if ((status = is_done(number->draft, request, &done)) != ITN_OK)
		return status;
	if (done) {
		add_verdict(number->draft, request, REQUEST_CHANGED, NULL);
		return ITN_OK;
	}
	faults_init(&faults, number->draft->arena);
	if (json_in_parse(number->draft->arena, request->change, &faults, &body) != ITN_OK)
		return ITN_FAILED;
	status = decide_one(number, request, body);
	json_in_free(body);
	return status;
}

static enum itn_status prefetch(struct draft *draft, const struct entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (entries[i].entity == ENTITY_TRADE)
			draft_want(draft, STORE_KEY_TRADE, entries[i].key, STR_NONE);
		else if (entries[i].entity == ENTITY_CARGO)
			draft_want(draft, STORE_KEY_CARGO, entries[i].key, STR_NONE);
	}
	return draft_prefetch(draft);
}

enum itn_status number_entries(struct number *number, const struct entry *entries, size_t count, size_t *ret_stuck)
{
	enum itn_status status = prefetch(number->draft, entries, count);

	for (size_t i = 0; i < count && status == ITN_OK; i++) {
		*ret_stuck = i;
		if (entries[i].kind != ENTRY_REQUEST)
			status = entries[i].entity == ENTITY_CARGO ? number_cargo(number, &entries[i])
								   : number_trade(number, &entries[i]);
	}
	for (size_t i = 0; i < count && status == ITN_OK; i++) {
		*ret_stuck = i;
		if (entries[i].kind == ENTRY_REQUEST)
			status = decide(number, &entries[i]);
	}
	return status == ITN_NOT_FOUND ? ITN_FAILED : status;
}
