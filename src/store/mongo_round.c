#include <stdlib.h>

#include "core/clock.h"
#include "core/memory.h"
#include "store/mongo_write.h"

/* One round of the queue: the writes of many callers go out as few bulk writes, then whatever was not acknowledged is
 * settled by reading back, and sent again with the same ids when it isn't there, until the store's timeout has passed.
 */
struct round {
	struct mongo_store *store;
	struct via via;
	struct write **writes;
	size_t count;
	int64_t deadline_us;
};

static void settle(struct write *write, enum itn_status status)
{
	write->stage = STAGE_DONE;
	write->item.status = status;
}

/* The errors by index in a bulk's reply: each one's write is told. */
static void refuse_by_index(struct via *via, const bson_t *reply, struct write **sent, size_t count)
{
	bson_t errors;
	bson_iter_t iter;
	if (!bson_take_document(reply, "writeErrors", &errors) || !bson_iter_init(&iter, &errors))
		return;
	while (bson_iter_next(&iter)) {
		uint32_t len;
		const uint8_t *data;
		bson_t one;
		if (!BSON_ITER_HOLDS_DOCUMENT(&iter))
			continue;
		bson_iter_document(&iter, &len, &data);
		int64_t index = bson_init_static(&one, data, len) ? bson_take_int(&one, "index") : -1;
		if (index < 0 || (size_t)index >= count)
			continue;
		bson_error_t error = { .domain = MONGOC_ERROR_SERVER, .code = (uint32_t)bson_take_int(&one, "code") };
		enum itn_status status = via_failure(via, NULL, &error);
		struct write *write = sent[index];
		if (status == ITN_FAILED || (status == ITN_NO_ROOM && !write->handed_over))
			settle(write, status);
		else if (status == ITN_EXISTS || via->handed_over)
			write->stage = STAGE_ASK;
		else
			write->stage = STAGE_DUE;
		write->handed_over |= status != ITN_EXISTS && via->handed_over;
	}
}

static bool has_errors(const bson_t *reply, const char *name)
{
	bson_t errors;
	return bson_take_document(reply, name, &errors) && !bson_empty(&errors);
}

/* Whether fewer writes took effect than the answer accounts for: some missed their document, or were never tried. */
static bool falls_short(const bson_t *reply, size_t count)
{
	bson_t errors;
	int64_t refused = bson_take_document(reply, "writeErrors", &errors) ? bson_count_keys(&errors) : 0;
	return bson_take_int(reply, "nInserted") + bson_take_int(reply, "nMatched") + refused < (int64_t)count;
}

/* None of the writes was acknowledged. */
static void not_acknowledged(struct round *round, const bson_t *reply, const bson_error_t *error, struct write **sent,
			     size_t count)
{
	enum itn_status status = via_failure(&round->via, reply, error);
	bool perhaps = round->via.handed_over;
	bool refused = status == ITN_FAILED || status == ITN_NO_ROOM;
	if (!refused)
		link_suspect(round->store->link, error->message);
	for (size_t i = 0; i < count; i++) {
		sent[i]->handed_over |= perhaps;
		if (refused && !sent[i]->handed_over)
			settle(sent[i], status);
		else
			sent[i]->stage = sent[i]->handed_over ? STAGE_ASK : STAGE_DUE;
	}
}

/* What a bulk's answer says about each of its writes. */
static void judge(struct round *round, bool well, const bson_t *reply, const bson_error_t *error, struct write **sent,
		  size_t count)
{
	bool unsure = has_errors(reply, "writeConcernErrors");
	if (!well && !unsure && !has_errors(reply, "writeErrors")) {
		not_acknowledged(round, reply, error, sent, count);
		return;
	}
	refuse_by_index(&round->via, reply, sent, count);
	bool ask = unsure || falls_short(reply, count);
	for (size_t i = 0; i < count; i++) {
		if (sent[i]->stage != STAGE_SENT)
			continue;
		sent[i]->handed_over |= unsure;
		if (ask)
			sent[i]->stage = STAGE_ASK;
		else
			settle(sent[i], ITN_OK);
	}
}

static bool bulk_add(mongoc_bulk_operation_t *bulk, const struct write *write)
{
	if (write->kind == WRITE_INSERT)
		return mongoc_bulk_operation_insert_with_opts(bulk, write->change, NULL, NULL);
	return mongoc_bulk_operation_update_one_with_opts(bulk, write->filter, write->change, NULL, NULL);
}

static void send_kind(struct round *round, enum mongo_collection in, enum write_kind kind, struct write **sent)
{
	size_t count = 0;
	mongoc_bulk_operation_t *bulk = via_bulk(&round->via, in, false);
	for (size_t i = 0; i < round->count; i++) {
		struct write *write = round->writes[i];
		if (write->stage != STAGE_DUE || write->in != in || write->kind != kind)
			continue;
		if (bulk_add(bulk, write)) {
			write->stage = STAGE_SENT;
			sent[count++] = write;
		} else {
			settle(write, ITN_FAILED);
		}
	}
	if (count) {
		bson_t reply;
		bson_error_t error = { 0 };
		bool well = mongoc_bulk_operation_execute(bulk, &reply, &error) != 0;
		judge(round, well, &reply, &error, sent, count);
		bson_destroy(&reply);
	}
	mongoc_bulk_operation_destroy(bulk);
}

static void send_due(struct round *round)
{
	static const enum mongo_collection places[] = { IN_TRADES, IN_CARGO, IN_REQUESTS, IN_CLAIMS };
	struct write **sent = memory_calloc(round->count, sizeof(struct write *));
	for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
		send_kind(round, places[p], WRITE_INSERT, sent);
		send_kind(round, places[p], WRITE_UPDATE, sent);
	}
	free(sent);
}

static bool outbox_has(const bson_t *doc, struct str event, unsigned *ret_count)
{
	bson_t outbox, entry;
	bson_iter_t iter;
	bool found = false;
	*ret_count = 0;
	if (!bson_take_document(doc, "outbox", &outbox) || !bson_iter_init(&iter, &outbox))
		return false;
	for (; bson_iter_next(&iter); ++*ret_count) {
		uint32_t len;
		const uint8_t *data;
		if (!BSON_ITER_HOLDS_DOCUMENT(&iter))
			continue;
		bson_iter_document(&iter, &len, &data);
		found |= bson_init_static(&entry, data, len) && str_eq(bson_take_str(&entry, "id"), event);
	}
	return found;
}

struct finding {
	struct write *write;
	bool there, ours, full;
	int64_t version;
};

static bool find_document(void *context, const bson_t *doc)
{
	struct finding *finding = context;
	unsigned waiting;
	finding->there = true;
	finding->version = bson_take_int(doc, "version");
	finding->ours = outbox_has(doc, finding->write->event, &waiting) || finding->write->in == IN_REQUESTS ||
			(finding->write->in == IN_CLAIMS && finding->write->kind == WRITE_INSERT &&
			 str_eq(bson_take_str(doc, "event"), finding->write->event));
	finding->full = waiting >= ENTRIES_MAX;
	return true;
}

static bool find_event(void *context, const bson_t *doc unused_arg)
{
	((struct finding *)context)->ours = true;
	return true;
}

/* First the document, then the log: an entry moves from the one to the other, never back. */
static enum itn_status look(struct via *via, struct finding *finding)
{
	bson_t filter, opts = BSON_INITIALIZER, members;
	filter_id(&filter, finding->write->id);
	bson_append_document_begin(&opts, "projection", -1, &members);
	bson_append_int32(&members, "version", -1, 1);
	bson_append_int32(&members, "outbox.id", -1, 1);
	bson_append_int32(&members, "event", -1, 1);
	bson_append_document_end(&opts, &members);
	enum itn_status status = via_find(via, finding->write->in, &filter, &opts, find_document, finding);
	bson_destroy(&filter);
	bson_destroy(&opts);
	if (status || finding->ours || finding->write->in == IN_CLAIMS)
		return status;
	bson_init(&filter);
	bson_put_str(&filter, "id", finding->write->event);
	status = via_find(via, IN_EVENTS, &filter, NULL, find_event, finding);
	bson_destroy(&filter);
	return status;
}

/* What the document and the log say about one write. What was refused by something that can't be seen yet (majority
 * reads lag behind) is tried again. */
static void conclude(struct write *write, const struct finding *finding)
{
	if (finding->ours)
		settle(write, ITN_OK);
	else if (write->kind == WRITE_INSERT && finding->there)
		settle(write, ITN_EXISTS);
	else if (write->kind == WRITE_UPDATE && finding->there && finding->version != write->from_version)
		settle(write, ITN_CONFLICT);
	else if (write->kind == WRITE_UPDATE && finding->there && finding->full)
		settle(write, ITN_FULL);
	else if (write->kind == WRITE_UPDATE && !finding->there)
		settle(write, ITN_CONFLICT);
	else
		write->stage = STAGE_DUE;
}

static bool ask_all(struct round *round)
{
	for (size_t i = 0; i < round->count; i++) {
		struct finding finding = { .write = round->writes[i] };
		if (finding.write->stage != STAGE_ASK)
			continue;
		if (look(&round->via, &finding)) {
			link_suspect(round->store->link, round->via.error.message);
			return false;
		}
		conclude(finding.write, &finding);
	}
	return true;
}

static bool any_in(const struct round *round, enum write_stage stage)
{
	for (size_t i = 0; i < round->count; i++)
		if (round->writes[i]->stage == stage)
			return true;
	return false;
}

static void try_once(struct round *round)
{
	if (link_take(round->store->link, &round->via.client))
		return;
	round->via.broken = false;
	if (!any_in(round, STAGE_ASK) || ask_all(round))
		send_due(round);
	if (!round->via.broken && any_in(round, STAGE_ASK))
		ask_all(round);
	link_give(round->store->link, round->via.client);
}

static bool any_handed_over(const struct round *round)
{
	for (size_t i = 0; i < round->count; i++)
		if (round->writes[i]->stage != STAGE_DONE && round->writes[i]->handed_over)
			return true;
	return false;
}

/* What is certainly not done shall be told so: a try that waits for a primary in vain must end before the callers do. */
static bool is_too_late(struct round *round, int64_t left_us)
{
	int64_t longest_ms = link_selection_ms(round->store->link) - WRITE_GRACE_MS;
	return left_us <= 0 || (!any_handed_over(round) && left_us < longest_ms * 1000);
}

/* Only a server that has just answered is asked again: a hung one would cost another timeout. */
static bool may_try_again(struct round *round)
{
	int64_t left_us = round->deadline_us - clock_monotonic_us();
	if (is_too_late(round, left_us))
		return false;
	if (round->via.broken && !link_prove(round->store->link, left_us))
		return false;
	return link_pause(round->store->link, round->deadline_us);
}

static void round_run(void *context, struct commit_item **items, size_t count)
{
	struct mongo_store *store = context;
	struct round round = {
		.store = store,
		.via = { .database = link_database(store->link) },
		.writes = (struct write **)items,
		.count = count,
		.deadline_us = clock_monotonic_us() + link_timeout_ms(store->link) * 1000,
	};
	if (!count)
		return;
	do
		try_once(&round);
	while ((any_in(&round, STAGE_DUE) || any_in(&round, STAGE_ASK)) && may_try_again(&round));
	for (size_t i = 0; i < count; i++)
		if (round.writes[i]->stage != STAGE_DONE)
			settle(round.writes[i], round.writes[i]->handed_over ? ITN_UNKNOWN : ITN_UNAVAILABLE);
}

static enum itn_status round_prepare(void *context, int64_t deadline_us unused_arg)
{
	return link_status(((struct mongo_store *)context)->link);
}

static void round_tidy(void *context unused_arg)
{
}

const struct commit_ops mongo_commit_ops = { .prepare = round_prepare, .run = round_run, .tidy = round_tidy };
