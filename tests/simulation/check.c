/* After a run: the log, the state, and what clients were told must agree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "ledger.h"
#include "model.h"
#include "store/notifications.h"

/* A write begun this long after another was answered comes behind it, us: the clocks of two workers may be so far
 * apart. */
#define UNCERTAINTY_US 200000
/* How long everything may take to come to rest, us: an orphaned transaction stands in the way for a minute. */
#define REST_US INT64_C(240000000)

#define EVENTS_MAX 16384
/* How long an idle engine may take to find what is due, ms. */
#define SOON_MS    1000
#define LAST_TRIES 10
/* Within this long watchers have what the log has, us. */
#define WATCH_US INT64_C(20000000)

static struct {
	struct str frames[EVENTS_MAX];
	struct str batches[EVENTS_MAX];
	size_t count;
	int64_t logged_at;              /* of the last one */
	int64_t seq_of[OPERATIONS_MAX]; /* of each operation's event; 0: none */
	struct model *model;
	int64_t until;
	bool keys_done, last_done;
	int64_t rest_at; /* ms */
} check;

/* Coming to rest. */

static int64_t log_end(void)
{
	struct store_head head;

	if (store_head(sim.store, &head) != ITN_OK)
		sim_fail("the head can't be read");
	return head.last_seq;
}

static void take_due(void *context, const struct cargo *cargo)
{
	int64_t due = cargo_due(cargo);

	*(bool *)context |= due && due <= sim_now_ms() - SOON_MS;
}

/* An engine that is idle has found it by then. */
static bool any_is_due(void)
{
	bool any = false;

	memory_cargo_each(sim.store, take_due, &any);
	return any;
}

static bool is_at_rest(void)
{
	struct memory_rest rest;

	while (memory_land(sim.store))
		host_note_batch();
	rest = memory_rest(sim.store);
	if (sim.now_us > check.until)
		sim_fail("does not come to rest: %zu entries, %zu jobs, %zu transactions; the log ends at %lld",
			 rest.entries, rest.jobs, rest.transactions, (long long)log_end());
	check.rest_at = sim_now_ms() - SOON_MS;
	return clients_are_done() && auditor_is_done() && !rest.entries && !rest.jobs && !rest.under_way &&
	       !any_is_due();
}

/* Who watches already needs no further write to see the end. */
static bool watchers_are_up_to_date(void)
{
	for (unsigned i = 0; i < sim.gateway_seats; i++)
		if (gateway_last(i) >= 0 && gateway_last(i) != log_end()) {
			if (sim.now_us > check.until)
				sim_fail("gateway-%u stays at %lld, the log ends at %lld", i,
					 (long long)gateway_last(i), (long long)log_end());
			return false;
		}
	return true;
}

static bool all_saw_the_end(void)
{
	for (unsigned i = 0; i < sim.gateway_seats; i++)
		if (gateway_last(i) != log_end())
			return false;
	return true;
}

/* Once all is well a write is done at once, and seen by all who watch. One who has just begun to watch may begin behind
 * it: then another one is written, a second later. */
static void write_last(void *context unused_arg)
{
	struct answer answer;

	for (int tries = 0; tries == 0 || !all_saw_the_end(); tries++) {
		if (tries == LAST_TRIES)
			sim_fail("all is well, and somebody who watches does not see the log's end");
		worker_call(sim.arena, "POST", "/api/trades", "Prefer: wait=10",
			    "{\"buyer\":\"last\",\"buyerEmail\":\"b@example.org\",\"seller\":\"s\",\"sellerEmail\":\"s@"
			    "example.org\","
			    "\"items\":[{\"name\":\"item-a\",\"quantity\":1}],\"destination\":\"Nowhere\"}",
			    &answer);
		if (!answer.answered || (answer.status != 201 && tries > 0))
			sim_fail("all is well, and a write is answered %d: %.*s", answer.status, STR_ARG(answer.body));
		fiber_sleep(1000000);
	}
	check.last_done = true;
}

static void send_again(void *context unused_arg)
{
	keyed_send_all_again();
	check.keys_done = true;
}

static bool keys_are_done(void)
{
	return check.keys_done;
}

static bool last_was_seen(void)
{
	return check.last_done;
}

static bool are_ended(void)
{
	for (size_t i = 0; i < sim.process_count; i++)
		if (sim.processes[i]->running)
			return false;
	return true;
}

static void come_to_rest(void)
{
	check.keys_done = false;
	fiber_start(NULL, "clients", send_again, NULL);
	fibers_run(keys_are_done);
	check.until = sim.now_us + REST_US;
	fibers_run(is_at_rest);
	check.until = sim.now_us + WATCH_US;
	fibers_run(watchers_are_up_to_date);
	check.until = sim.now_us + REST_US;
	check.last_done = false;
	fiber_start(NULL, "last client", write_last, NULL);
	fibers_run(last_was_seen);
	trace("all is at rest");
	for (size_t i = 0; i < sim.process_count; i++)
		sim.processes[i]->stopping = true;
	fibers_run(are_ended);
	fibers_free();
}

/* The log. */

static void take_event(void *context unused_arg, const struct event *event)
{
	if (check.count == EVENTS_MAX)
		sim_fail("more than %d events", EVENTS_MAX);
	if (event->logged_at < check.logged_at)
		sim_fail("seq %lld was logged before the one ahead of it", (long long)event->seq);
	check.logged_at = event->logged_at;
	check.frames[check.count] = event->frame;
	check.batches[check.count++] = event->batch;
}

/* What was outstanding when the log ended here; the first time (right after the batch) or the last. */
static const struct batch_end *end_of(int64_t last_seq, bool last_time)
{
	const struct batch_end *found = NULL;

	for (size_t i = 0; i < sim.batch_count; i++)
		if (sim.batches[i].last_seq == last_seq && (!found || last_time))
			found = &sim.batches[i];
	return found;
}

static void replay(void)
{
	check.model =
		model_new(sim.config.trade_lines_limit, sim.config.cargo_lines_limit, ADMINS, sim_fail, sim.rules);
	for (size_t i = 0; i < check.count; i++) {
		const struct batch_end *end;

		trace("batch %s: %s", check.batches[i].ptr, check.frames[i].ptr);
		model_event(check.model, check.frames[i].ptr);
		if (i + 1 < check.count && str_eq(check.batches[i], check.batches[i + 1]))
			continue;
		end = end_of((int64_t)i + 1, false);
		if (!end)
			sim_fail("a batch ends at seq %zu that nobody committed", i + 1);
		model_time(check.model, end_of((int64_t)i + 1, true)->at_ms);
		model_batch_end(check.model, &end->left);
		end = end_of((int64_t)i + 1, true);
		model_rest(check.model, &end->left);
	}
	if (log_end() != (int64_t)check.count)
		sim_fail("head says %lld, the log has %zu events", (long long)log_end(), check.count);
}

/* What clients were told. */

static void take_cause(void *context unused_arg, int64_t seq, bool delivers, const char *key, const char *tag)
{
	size_t number;
	char end;
	struct operation *operation;

	if (strcmp(tag, "last") == 0)
		return;
	if (sscanf(tag, "op-%zu%c", &number, &end) < 1 || number >= operations.count)
		sim_fail("seq %lld is of nobody: '%s'", (long long)seq, tag);
	operation = operations.at[number];
	if (check.seq_of[number])
		sim_fail("op-%zu is in the log twice, as %lld and %lld", number, (long long)check.seq_of[number],
			 (long long)seq);
	if (str_is_set(operation->key) && !str_eq(operation->key, str_from(key)))
		sim_fail("op-%zu is about %s, in the log about %s", number, operation->key.ptr, key);
	if (delivers && operation->saw_on_the_way)
		sim_fail("op-%zu waited for its delivery, and a trade had not arrived", number);
	check.seq_of[number] = seq;
}

static void check_promises(void)
{
	memset(check.seq_of, 0, sizeof(check.seq_of));
	model_causes(check.model, take_cause, NULL);
	for (size_t i = 0; i < operations.count; i++) {
		const struct operation *operation = operations.at[i];

		if (operation->told_done && !check.seq_of[i])
			sim_fail("%s was answered %d and is not in the log", operation->tag.ptr,
				 operation->answer.status);
		if (operation->told_not_done && check.seq_of[i])
			sim_fail("%s was told that it was not done (%d) and is in the log as %lld", operation->tag.ptr,
				 operation->answer.status, (long long)check.seq_of[i]);
	}
}

static int by_seq(const void *a, const void *b)
{
	int64_t x = check.seq_of[*(const size_t *)a], y = check.seq_of[*(const size_t *)b];

	return (x > y) - (x < y);
}

/* Whoever begins after another was answered comes behind it. */
static void check_real_time(void)
{
	size_t order[OPERATIONS_MAX], count = 0;
	const struct operation *earliest = NULL; /* answered first of those behind in the log */

	for (size_t i = 0; i < operations.count; i++)
		if (check.seq_of[i])
			order[count++] = i;
	qsort(order, count, sizeof(order[0]), by_seq);
	while (count-- > 0) {
		const struct operation *operation = operations.at[order[count]];

		if (earliest && earliest->ended + UNCERTAINTY_US < operation->begun)
			sim_fail("%s began at %lld us, %s was answered at %lld us and comes behind it in the log",
				 operation->tag.ptr, (long long)operation->begun, earliest->tag.ptr,
				 (long long)earliest->ended);
		if (operation->told_done && (!earliest || operation->ended < earliest->ended))
			earliest = operation;
	}
}

/* The state. */

static void check_document(void *context, const struct store_row *row)
{
	bool is_cargo = *(const bool *)context;
	char key[64];
	size_t len = 0;
	const char *told;

	snprintf(key, sizeof(key), "%.*s", STR_ARG(row->key));
	told = model_data(check.model, is_cargo, key, &len);
	if (!told || !str_eq(row->json, (struct str){ told, len }))
		sim_fail("%s is\n%.*s\nthe log told last\n%.*s", key, STR_ARG(row->json), (int)len, told ? told : "");
}

/* An item as an inventory shows it. */
static bool read_item(const char *at, char item[16], struct model_stock *ret)
{
	long long on_hand, reserved, available, incoming, reorder = 0;
	int end = 0;

	if (sscanf(at,
		   "{\"name\":\"%15[^\"]\",\"quantity\":%lld,\"reserved\":%lld,\"available\":%lld,\"incoming\":%lld%n",
		   item, &on_hand, &reserved, &available, &incoming, &end) != 5 ||
	    available != on_hand - reserved)
		return false;
	(void)sscanf(at + end, ",\"reorderLevel\":%lld", &reorder);
	*ret = (struct model_stock){ on_hand, reserved, incoming, reorder };
	return true;
}

static void check_station(void *context unused_arg, const struct store_row *row)
{
	char station[16], item[16];
	struct model_stock shown, told;

	snprintf(station, sizeof(station), "%.*s", STR_ARG(row->key));
	for (const char *at = arena_str(sim.arena, row->json).ptr; (at = strstr(at, "{\"name\":\"")); at++) {
		if (!read_item(at, item, &shown))
			sim_fail("%s has %s", station, at);
		if (!model_stock(check.model, station, item, &told) || memcmp(&shown, &told, sizeof(told)) != 0)
			sim_fail("%s has %lld %s, %lld set aside and %lld on their way, the log told otherwise",
				 station, (long long)shown.on_hand, item, (long long)shown.reserved,
				 (long long)shown.incoming);
	}
}

/* What is not shown, and decides what becomes of a trade. */
static void check_goods(void *context unused_arg, const struct trade *trade, size_t waiting)
{
	static const char *const places[] = {
		[GOODS_NEW] = "new",       [GOODS_NONE] = "waiting", [GOODS_RESERVED] = "reserved",
		[GOODS_LOADED] = "loaded", [GOODS_MOVED] = "loaded", [GOODS_ARRIVED] = "arrived",
	};
	const char *id = arena_str(sim.arena, trade->id).ptr;

	if (waiting || strcmp(places[trade->goods], model_place(check.model, id)) != 0)
		sim_fail("the goods of trade %s are %s for the engine and %s by the log", id, places[trade->goods],
			 model_place(check.model, id));
}

struct counted {
	const char *name;
	int64_t value;
};

static void take_counter(void *context, struct str name, int64_t value)
{
	struct counted *counted = context;

	if (str_eq(name, str_from(counted->name)))
		counted->value = value;
}

static void check_counter(const char *name, int64_t expected)
{
	struct counted counted = { name, 0 };

	if (store_counters(sim.store, STR(""), take_counter, &counted) != ITN_OK || counted.value != expected)
		sim_fail("the counter %s is %lld, the log says %lld", name, (long long)counted.value,
			 (long long)expected);
}

static void check_counters(void)
{
	static const char *const trades[] = { "pending", "delayed", "completed", "canceled" };
	static const char *const cargo[] = { "pending", "in transit", "delayed", "delivered" };
	char name[64];

	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "trades.status.%s", trades[i]);
		check_counter(name, model_count(check.model, false, trades[i]));
		snprintf(name, sizeof(name), "cargo.status.%s", cargo[i]);
		check_counter(name, model_count(check.model, true, cargo[i]));
	}
	check_counter("events.total", (int64_t)check.count);
	check_counter("alerts.status.open", model_alert_count(check.model, "open"));
	check_counter("alerts.status.acknowledged", model_alert_count(check.model, "acknowledged"));
	check_counter("alerts.status.resolved", model_alert_count(check.model, "resolved"));
}

static void check_alert(void *context, const struct store_row *row)
{
	struct arena *arena = arena_new(1024);
	struct alert alert;
	int64_t version = 0;
	size_t len = 0;
	bool acknowledged;
	const char *told = model_alert(check.model, arena_str(arena, row->key).ptr, &version, &acknowledged, &len);

	if (!told || alert_read_json(arena, row->json, &alert) != ITN_OK || alert.version != version ||
	    (*told && !str_eq(row->json, (struct str){ told, len })))
		sim_fail("an alert is\n%.*s\nthe log told last\n%.*s", STR_ARG(row->json), (int)len, told ? told : "");
	++*(int64_t *)context;
	arena_free(arena);
}

static void check_alerts(void)
{
	struct store_list list = { .kind = LIST_ALERTS, .status = -1, .max = 100000 };
	int64_t count = 0;

	if (store_list(sim.store, &list, check_alert, &count) != ITN_OK)
		sim_fail("the alerts can't be read");
	if (count != model_alert_count(check.model, NULL))
		sim_fail("there are %lld alerts, the log raised %lld", (long long)count,
			 (long long)model_alert_count(check.model, NULL));
	model_check_late(check.model, check.rest_at);
	alerts_check(check.model);
}

static void check_state(void)
{
	bool is_cargo = false;
	struct store_list list = { .kind = LIST_TRADES, .status = -1, .max = 100000 };

	if (store_list(sim.store, &list, check_document, &is_cargo) != ITN_OK)
		sim_fail("the trades can't be read");
	list.kind = LIST_CARGO;
	is_cargo = true;
	if (store_list(sim.store, &list, check_document, &is_cargo) != ITN_OK)
		sim_fail("the cargo can't be read");
	list.kind = LIST_INVENTORY;
	if (store_list(sim.store, &list, check_station, NULL) != ITN_OK)
		sim_fail("the stock can't be read");
	memory_trades(sim.store, check_goods, NULL);
	check_counters();
}

/* Each mail that is due was made once, and no other. */
static void check_mail(void *context unused_arg, const struct notification *notification)
{
	if (!model_mail(check.model, arena_str(sim.arena, notification->event).ptr))
		sim_fail("nobody wants the mail %.*s: %.*s", STR_ARG(notification->id), STR_ARG(notification->subject));
}

static void check_mails(void)
{
	if (store_notifications(sim.store, NOTIFICATION_UNSENT, NULL, 100000, check_mail, NULL) != ITN_OK)
		sim_fail("the notifications can't be read");
	if (model_mails(check.model))
		sim_fail("%zu mails were not made", model_mails(check.model));
}

static int64_t version_at(bool is_cargo, const char *key, int64_t seq)
{
	return model_version_at(check.model, is_cargo, key, seq);
}

static const char *data_of(bool is_cargo, const char *key, int64_t version, size_t *ret_len)
{
	return model_data_of(check.model, is_cargo, key, version, ret_len);
}

/* Requests were decided by the engine: their events' ids are those of requests. */
static void count_request(void *context unused_arg, const struct event *event)
{
	struct request_verdict verdict;
	struct arena *arena = arena_new(256);

	if (store_request_verdict(sim.store, arena, event->id, &verdict) == ITN_OK)
		sim.rules[RULE_REQUEST_DECIDED]++;
	arena_free(arena);
}

void check_run(void)
{
	come_to_rest();
	check.count = 0;
	check.logged_at = 0;
	memory_events(sim.store, take_event, NULL);
	replay();
	check_promises();
	check_real_time();
	check_state();
	check_alerts();
	check_mails();
	ledger_check(check.model, (int64_t)check.count);
	auditor_check();
	gateways_check(check.frames, check.count);
	readers_check(check.frames, check.count);
	lists_check(version_at);
	shown_check(data_of);
	memory_events(sim.store, count_request, NULL);
	model_free(check.model);
}
