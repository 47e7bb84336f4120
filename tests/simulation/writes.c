#include "clients.h"
#include "engine/effects.h"

#include "core/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ITEM_NAMES 12
/* Of which stations have some: few, so that trades are after the same. */
#define STOCK_NAMES 4

struct operations operations;

static const char *const stations[] = { "Vega", "Vega", "Vega", "Rigel" };
/* Where goods are set aside: how many of them is a matter of the seed, none or a few. */
static const char *const sources[] = { "Deneb", "Vega", "Rigel" };

static struct str print(const char *fmt, ...) printf_like(1, 2);
static struct str print(const char *fmt, ...)
{
	char text[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return arena_str(sim.arena, str_from(text));
}

static struct str some_lines(unsigned count, bool distinct, unsigned names)
{
	struct buf text = { 0 };
	struct str lines;

	for (unsigned i = 0; i < count; i++)
		buf_printf(&text, "%s{\"name\":\"item-%c\",\"quantity\":%u}", i ? "," : "",
			   'a' + (char)(distinct ? i : sim_pick(names)), 1 + sim_pick(9));
	lines = arena_str(sim.arena, buf_str(&text));
	buf_free(&text);
	return lines;
}

/* Mostly soon, sometimes over. */
static struct str some_eta(void)
{
	char text[TIME_LEN + 1];

	if (sim_pick(3))
		return STR("");
	time_format(clock_now_ms() + (int64_t)sim_pick(2500) - 300, text);
	return print(",\"eta\":\"%s\"", text);
}

static struct operation *operation_new(enum wish wish)
{
	struct operation *operation = arena_calloc(sim.arena, 1, sizeof(*operation));

	if (operations.count == OPERATIONS_MAX)
		sim_fail("more than %d operations", OPERATIONS_MAX);
	operation->wish = wish;
	operation->tag = print("op-%zu", operations.count);
	operations.at[operations.count++] = operation;
	return operation;
}

static bool has(struct str text, const char *part)
{
	return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static bool is_cargo_wish(enum wish wish)
{
	return wish == WISH_CREATE_CARGO || wish == WISH_CHANGE_CARGO;
}

/* Whoever waited for all effects finds them done; of a change of cargo only the log tells whether it was the delivery.
 */
static void check_waited(void *context, const struct trade *trade, size_t waiting unused_arg)
{
	struct operation *operation = context;

	if (operation->wish == WISH_CREATE_TRADE && str_eq(trade->id, operation->key) && trade->goods == GOODS_NEW)
		sim_fail("%s waited, and its trade has not been looked at", operation->tag.ptr);
	if (operation->wish == WISH_CHANGE_CARGO && str_is_set(trade->shipment) &&
	    str_eq(trade->shipment, operation->key) && trade->goods != GOODS_ARRIVED)
		operation->saw_on_the_way = true;
}

/* The answer 200 says that all is counted. */
static void check_counted(void *context, const struct job *job)
{
	const struct operation *operation = context;

	if (job->kind == JOB_STOCK_TAKE &&
	    has(job->key, print("\"tag\",\"quantity\":%s}", operation->tag.ptr + strlen("op-")).ptr))
		sim_fail("%s was answered 200, and is not counted", operation->tag.ptr);
}

static void judge_counted(struct operation *operation)
{
	const struct answer *answer = &operation->answer;

	if (answer->status == 200 && !has(answer->body, print("\"_id\":\"%s\"", operation->key.ptr).ptr))
		sim_fail("%s was answered %d with another station: %.*s", operation->tag.ptr, answer->status,
			 STR_ARG(answer->body));
	if (answer->status == 200)
		memory_jobs(sim.store, check_counted, operation);
	operation->told_done = true;
}

static bool may_be_refused_with(const struct operation *operation, int status)
{
	return status == 503 || status == 507 || status == 409 || status == 404 || status == 412 ||
	       (status == 422 && str_is_set(operation->idempotency_key));
}

static void judge(struct operation *operation)
{
	const struct answer *answer = &operation->answer;
	bool is_cargo = is_cargo_wish(operation->wish);
	struct str tag = operation->wish == WISH_CREATE_CARGO ? print("%.*s@example.org", STR_ARG(operation->tag))
							      : operation->tag;
	struct shown shown = { .tag = STR_NONE };
	struct known *known;

	if (!answer->sent)
		operation->told_not_done = true;
	if (!answer->answered)
		return;
	operation->ended = sim.now_us;
	if (answer->status >= 400) {
		if (!may_be_refused_with(operation, answer->status))
			sim_fail("%.*s was answered %d: %.*s", STR_ARG(operation->tag), answer->status,
				 STR_ARG(answer->body));
		operation->told_not_done = answer->status != 503 || has(answer->body, "\"not-done\"");
		return;
	}
	if (operation->wish == WISH_COUNT_STOCK) {
		judge_counted(operation);
		return;
	}
	if (!show(answer->body, is_cargo, operation->wish, &shown))
		sim_fail("%.*s was answered %d without a document: %.*s", STR_ARG(operation->tag), answer->status,
			 STR_ARG(answer->body));
	operation->key = shown.key;
	known = known_of(shown.key, is_cargo);
	if (shown.version > known->version)
		known->version = shown.version;
	if (answer->waited) {
		sim.rules[RULE_WAITED]++;
		memory_trades(sim.store, check_waited, operation);
	}
	operation->told_done = answer->status == 202 || answer->status == 201 || str_eq(shown.tag, tag);
	/* A status that it had already is answered 200, too; another's change may have come after ours, then it is ours
	 * all the same: only a member that we set is proof, its absence is none. */
}

static bool is_same(const struct answer *a, const struct answer *b)
{
	return a->status == b->status &&
	       (a->status == 422 || (a->waited == b->waited && str_eq(a->body, b->body) && str_eq(a->etag, b->etag) &&
				     str_eq(a->location, b->location)));
}

/* Each final answer to a keyed request is the first one; that a key is another's is said anew each time. */
static void judge_keyed(struct operation *operation, const struct answer *answer)
{
	if (!answer_is_final(answer)) {
		sim.rules[RULE_KEY_PENDING] += answer->answered && answer->status == 409;
	} else if (!answer_is_final(&operation->answer)) {
		operation->answer = *answer;
		judge(operation);
		sim.rules[RULE_KEY_REFUSED] += answer->status == 422;
	} else if (is_same(answer, &operation->answer)) {
		sim.rules[RULE_ANSWERED_AGAIN]++;
	} else {
		sim_fail("%s was answered %d %.*s\nand then %d %.*s", operation->tag.ptr, operation->answer.status,
			 STR_ARG(operation->answer.body), answer->status, STR_ARG(answer->body));
	}
}

void operation_try(struct operation *operation)
{
	struct str key = str_is_set(operation->idempotency_key)
				 ? print("Idempotency-Key: \"%s\"", operation->idempotency_key.ptr)
				 : STR("");
	const char *wait = sim_once_in(5) ? "Prefer: wait=2" : "";
	struct answer answer;

	sim.operations++;
	worker_call(sim.arena, operation->method.ptr, operation->uri.ptr,
		    print("%s%s%s", key.ptr, key.len && *wait ? "\n" : "", wait).ptr, operation->body.ptr, &answer);
	if (key.len) {
		judge_keyed(operation, &answer);
	} else {
		operation->answer = answer;
		judge(operation);
	}
}

static void perform(struct operation *operation, const char *method, struct str uri, struct str body)
{
	operation->method = str_from(method);
	operation->uri = uri;
	operation->body = body;
	operation->begun = sim.now_us;
	if (sim_pick(3)) {
		operation_try(operation);
		return;
	}
	operation->idempotency_key = keyed_choose();
	keyed_send(operation);
}

void create_trade(void)
{
	struct operation *operation = operation_new(WISH_CREATE_TRADE);
	unsigned lines = sim_pick(6) ? 1 + sim_pick(3) : 6, source = sim_pick(4);
	bool from_station = source < sim.sources;

	perform(operation, "POST", STR("/api/trades"),
		print("{\"buyer\":\"%s\",\"buyerEmail\":\"b@example.org\",\"seller\":\"s\",\"sellerEmail\":\"s@example."
		      "org\","
		      "\"items\":[%s],\"destination\":\"%s\"%s}",
		      operation->tag.ptr,
		      some_lines(lines, false, from_station ? STOCK_NAMES + sim_pick(2) : ITEM_NAMES).ptr,
		      stations[sim_pick(4)], from_station ? print(",\"stationId\":\"%s\"", sources[source]).ptr : ""));
}

/* Of some items much or little, often less than is set aside. Who it was says the quantity of the last one. */
void count_stock(void)
{
	struct operation *operation;
	struct buf items = { 0 };

	if (!sim.sources) {
		create_trade();
		return;
	}
	operation = operation_new(WISH_COUNT_STOCK);
	operation->key = str_from(sources[sim_pick(sim.sources)]);
	for (char name = 'a'; name < 'a' + STOCK_NAMES; name++) {
		if (sim_once_in(2))
			continue;
		buf_printf(&items, "{\"name\":\"item-%c\",\"quantity\":%u", name, sim_pick(sim_pick(2) ? 40 : 10));
		if (sim_once_in(3))
			buf_printf(&items, ",\"reorderLevel\":%u", sim_pick(3) * 5);
		buf_add_str(&items, STR("},"));
	}
	perform(operation, "PUT", print("/api/inventory/%s", operation->key.ptr),
		print("{\"items\":[%.*s{\"name\":\"tag\",\"quantity\":%s}]}", STR_ARG(buf_str(&items)),
		      operation->tag.ptr + strlen("op-")));
	buf_free(&items);
}

void create_cargo(void)
{
	struct operation *operation = operation_new(WISH_CREATE_CARGO);
	struct known *taken = some_document(true);
	unsigned lines = sim_pick(5) ? sim_pick(3) : 11;
	struct str capacity =
		sim_pick(6) == 0 ? STR("") : print(",\"capacity\":%u", (lines > 2 ? 100 : 20) + sim_pick(60));

	operation->key = taken && sim_pick(10) == 0 ? taken->key : print("S-%.*s", STR_ARG(operation->tag));
	perform(operation, "POST", STR("/api/cargo"),
		print("{\"shipmentId\":\"%s\",\"emailId\":\"%s@example.org\",\"items\":[%s],\"destination\":\"%s\"%s%"
		      "s}",
		      operation->key.ptr, operation->tag.ptr, some_lines(lines, true, 0).ptr, stations[sim_pick(4)],
		      capacity.ptr, some_eta().ptr));
}

void change_trade(void)
{
	static const char *const wishes[] = { "pending", "delayed", "delayed",  "pending",
					      "delayed", "pending", "canceled", "completed" };
	struct known *known = some_document(false);
	struct operation *operation;

	if (!known) {
		create_trade();
		return;
	}
	operation = operation_new(WISH_CHANGE_TRADE);
	operation->key = known->key;
	perform(operation, sim_pick(2) ? "PUT" : "PATCH", print("/api/trades/%s/status", known->key.ptr),
		print("{\"status\":\"%s\",\"reason\":\"%s\"}", wishes[sim_pick(8)], operation->tag.ptr));
}

void change_cargo(void)
{
	static const char *const wishes[] = { "pending", "delayed", "in transit", "in transit", "delivered" };
	struct known *known = some_document(true);
	struct operation *operation;
	bool again = known && known == documents.hot && sim_pick(8); /* a place anew: always a change, all race */

	if (!known) {
		create_cargo();
		return;
	}
	operation = operation_new(WISH_CHANGE_CARGO);
	operation->key = known->key;
	perform(operation, "PUT", print("/api/cargo/%s/status", known->key.ptr),
		print("{\"status\":\"%s\",\"location\":\"%s\"%s}", again ? "delayed" : wishes[sim_pick(5)],
		      operation->tag.ptr, some_eta().ptr));
}
