#include "clients.h"

#include <stdarg.h>
#include <stdio.h>

#include <stdlib.h>
#include <string.h>

#include "core/json_in.h"
#include "core/map.h"

#define CLIENTS    8
#define PER_CLIENT 30
#define ITEM_NAMES 12
#define PAGE       7
#define DOCUMENTS  1024
#define READ_MAX   4096
#define LISTED_MAX 8192

struct operations operations;

static struct {
	size_t running;
	struct known *documents[DOCUMENTS];
	size_t count;
	struct known *hot; /* whom all go for */
	struct read_event {
		int64_t seq;
		struct str frame;
	} read[READ_MAX];
	size_t read_count;
	struct listed {
		bool is_cargo;
		struct str key;
		int64_t version, seq;
	} listed[LISTED_MAX];
	size_t listed_count;
} clients;

static const char *const stations[] = { "Vega", "Vega", "Vega", "Rigel" };

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

/* What is known. */

static struct known *known_of(struct str key, bool is_cargo)
{
	struct known *known;

	for (size_t i = 0; i < clients.count; i++)
		if (clients.documents[i]->is_cargo == is_cargo && str_eq(clients.documents[i]->key, key))
			return clients.documents[i];
	if (clients.count == DOCUMENTS)
		sim_fail("more than %d documents", DOCUMENTS);
	known = arena_calloc(sim.arena, 1, sizeof(*known));
	known->key = arena_str(sim.arena, key);
	known->is_cargo = is_cargo;
	return clients.documents[clients.count++] = known;
}

/* Mostly one of the latest, and often the one that others go for too. */
static struct known *some_document(bool is_cargo)
{
	struct known *found[DOCUMENTS];
	size_t count = 0;

	if (clients.hot && clients.hot->is_cargo == is_cargo && sim_pick(3))
		return clients.hot;
	for (size_t i = 0; i < clients.count; i++)
		if (clients.documents[i]->is_cargo == is_cargo)
			found[count++] = clients.documents[i];
	if (!count)
		return NULL;
	return found[count > 6 && sim_pick(2) ? count - 1 - sim_pick(6) : sim_pick((unsigned)count)];
}

static struct known *latest_document(bool is_cargo)
{
	for (size_t i = clients.count; i-- > 0;)
		if (clients.documents[i]->is_cargo == is_cargo)
			return clients.documents[i];
	return NULL;
}

/* Bodies. */

static struct str some_lines(unsigned count, bool distinct)
{
	struct buf text = { 0 };
	struct str lines;

	for (unsigned i = 0; i < count; i++)
		buf_printf(&text, "%s{\"name\":\"item-%c\",\"quantity\":%u}", i ? "," : "",
			   'a' + (char)(distinct ? i : sim_pick(ITEM_NAMES)), 1 + sim_pick(9));
	lines = arena_str(sim.arena, buf_str(&text));
	buf_free(&text);
	return lines;
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

/* What an answer says of the document that it shows. */

struct shown {
	struct str key, tag;
	int64_t version;
};

static bool show(struct str body, bool is_cargo, enum wish wish, struct shown *ret)
{
	static const char *const tags[] = { "buyer", "emailId", "reason", "location" };
	struct arena *arena = arena_new(4096);
	struct faults faults;
	struct json_in *doc;
	const json_value *root, *value;
	bool well;

	faults_init(&faults, arena);
	if (json_in_parse(arena, body, &faults, &doc) != ITN_OK) {
		arena_free(arena);
		return false;
	}
	root = json_in_root(doc);
	value = json_in_member(root, is_cargo ? "cargo" : "trade");
	root = value ? value : root;
	value = json_in_member(root, "_id");
	well = value && json_in_integer(json_in_member(root, "version"), &ret->version);
	if (well) {
		ret->key = arena_str(sim.arena, json_in_str(value));
		value = wish < WISHES ? json_in_member(root, tags[wish]) : NULL;
		ret->tag = value ? arena_str(sim.arena, json_in_str(value)) : STR_NONE;
	}
	json_in_free(doc);
	arena_free(arena);
	return well;
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

/* Judges an answer: what its client may rely on from now on. */
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
		if (answer->status != 503 && answer->status != 409 && answer->status != 404 && answer->status != 412)
			sim_fail("%.*s was answered %d: %.*s", STR_ARG(operation->tag), answer->status,
				 STR_ARG(answer->body));
		operation->told_not_done = answer->status != 503 || has(answer->body, "\"not-done\"");
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

static void perform(struct operation *operation, const char *method, struct str uri, struct str body)
{
	const char *headers[] = { NULL, NULL, NULL, NULL, "Prefer: wait=2" };

	operation->begun = sim.now_us;
	sim.operations++;
	worker_call(sim.arena, method, uri.ptr, headers[sim_pick(5)], body.ptr, &operation->answer);
	judge(operation);
}

static void create_trade(void)
{
	struct operation *operation = operation_new(WISH_CREATE_TRADE);
	unsigned lines = sim_pick(6) ? 1 + sim_pick(3) : 6;

	perform(operation, "POST", STR("/api/trades"),
		print("{\"buyer\":\"%s\",\"buyerEmail\":\"b@example.org\",\"seller\":\"s\",\"sellerEmail\":\"s@example."
		      "org\","
		      "\"items\":[%s],\"destination\":\"%s\"}",
		      operation->tag.ptr, some_lines(lines, false).ptr, stations[sim_pick(4)]));
}

/* Some take an id that is taken, some send again what was not answered. */
static void create_cargo(void)
{
	struct operation *operation = operation_new(WISH_CREATE_CARGO);
	struct known *taken = some_document(true);
	unsigned lines = sim_pick(5) ? sim_pick(3) : 11;
	struct str capacity =
		sim_pick(6) == 0 ? STR("") : print(",\"capacity\":%u", (lines > 2 ? 100 : 20) + sim_pick(60));

	operation->key = taken && sim_pick(10) == 0 ? taken->key : print("S-%.*s", STR_ARG(operation->tag));
	perform(operation, "POST", STR("/api/cargo"),
		print("{\"shipmentId\":\"%s\",\"emailId\":\"%s@example.org\",\"items\":[%s],\"destination\":\"%s\"%s}",
		      operation->key.ptr, operation->tag.ptr, some_lines(lines, true).ptr, stations[sim_pick(4)],
		      capacity.ptr));
}

static void change_trade(void)
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

static void change_cargo(void)
{
	static const char *const wishes[] = { "pending", "delayed", "in transit", "in transit", "delivered" };
	struct known *known = some_document(true);
	struct operation *operation;
	bool again = known && known == clients.hot && sim_pick(8); /* a place anew: always a change, all race */

	if (!known) {
		create_cargo();
		return;
	}
	operation = operation_new(WISH_CHANGE_CARGO);
	operation->key = known->key;
	perform(operation, "PUT", print("/api/cargo/%s/status", known->key.ptr),
		print("{\"status\":\"%s\",\"location\":\"%s\"}", again ? "delayed" : wishes[sim_pick(5)],
		      operation->tag.ptr));
}

/* Readers: what was told once is never taken back. */

static void show_document(void)
{
	bool is_cargo = sim_once_in(2);
	struct known *known = some_document(is_cargo);
	struct arena *arena = arena_new(4096);
	struct answer answer;
	struct shown shown;
	int64_t version = known ? known->version : 0;

	sim.operations++;
	if (known) {
		worker_call(arena, "GET",
			    arena_printf(arena, "/api/%s/%s", is_cargo ? "cargo" : "trades", known->key.ptr).ptr, NULL,
			    NULL, &answer);
		if (answer.answered && answer.status != 200 && answer.status != 503)
			sim_fail("%s, which was created, is answered %d", known->key.ptr, answer.status);
		if (answer.answered && answer.status == 200) {
			if (!show(answer.body, is_cargo, WISHES, &shown))
				sim_fail("%s is shown as %.*s", known->key.ptr, STR_ARG(answer.body));
			if (shown.version < version)
				sim_fail("%s is shown as version %lld after version %lld was", known->key.ptr,
					 (long long)shown.version, (long long)version);
			if (shown.version > known->version)
				known->version = shown.version;
		}
	}
	arena_free(arena);
}

struct listing {
	struct str ids[DOCUMENTS];
	size_t count;
};

/* A list is no older than the position that it names. */
static void note_listed(bool is_cargo, struct str key, int64_t version, int64_t seq)
{
	if (clients.listed_count < LISTED_MAX)
		clients.listed[clients.listed_count++] = (struct listed){ is_cargo, key, version, seq };
}

static void take_page(struct listing *listing, bool is_cargo, struct str body, int64_t seq)
{
	struct arena *arena = arena_new(4096);
	struct faults faults;
	struct json_in *doc;
	const json_value *root;

	faults_init(&faults, arena);
	if (json_in_parse(arena, body, &faults, &doc) != ITN_OK)
		sim_fail("a list is %.*s", STR_ARG(body));
	root = json_in_root(doc);
	for (size_t i = 0; i < json_in_count(root); i++) {
		struct str id = json_in_str(json_in_member(json_in_at(root, i), "_id"));
		int64_t version = 0;

		for (size_t n = 0; n < listing->count; n++)
			if (str_eq(listing->ids[n], id))
				sim_fail("a list in pages has %.*s twice", STR_ARG(id));
		if (listing->count == DOCUMENTS)
			sim_fail("a list is longer than %d", DOCUMENTS);
		listing->ids[listing->count] = arena_str(sim.arena, id);
		json_in_integer(json_in_member(json_in_at(root, i), "version"), &version);
		note_listed(is_cargo, listing->ids[listing->count++], version, seq);
	}
	json_in_free(doc);
	arena_free(arena);
}

/* In pages: never one twice, none left out that was there at the start. */
static void list_documents(void)
{
	static struct listing listings[CLIENTS * 2];
	static size_t next;
	struct listing *listing = &listings[next++ % (CLIENTS * 2)];
	bool is_cargo = sim_once_in(3);
	struct arena *arena = arena_new(4096);
	size_t before = clients.count;
	struct answer answer;
	struct str uri = arena_printf(arena, "/api/%s?limit=%d", is_cargo ? "cargo" : "trades", PAGE);

	sim.operations++;
	listing->count = 0;
	do {
		worker_call(arena, "GET", uri.ptr, NULL, NULL, &answer);
		if (!answer.answered || answer.status != 200) {
			arena_free(arena);
			return;
		}
		take_page(listing, is_cargo, answer.body, answer.seq);
		uri = answer.link;
	} while (str_is_set(uri));
	for (size_t i = 0; i < before; i++) {
		size_t n = 0;

		if (clients.documents[i]->is_cargo != is_cargo)
			continue;
		while (n < listing->count && !str_eq(listing->ids[n], clients.documents[i]->key))
			n++;
		if (n == listing->count)
			sim_fail("a list in pages leaves out %s", clients.documents[i]->key.ptr);
	}
	arena_free(arena);
}

static void read_rest(void)
{
	static const char *const uris[] = { "/api/stats", "/api/inventory", "/api/inventory/Vega", "/api/getalltrades",
					    "/api/cargo?status=pending" };
	struct arena *arena = arena_new(4096);
	struct answer answer;

	sim.operations++;
	worker_call(arena, "GET", uris[sim_pick(5)], NULL, NULL, &answer);
	if (answer.answered && answer.status != 200 && answer.status != 503 && answer.status != 404)
		sim_fail("a read is answered %d: %.*s", answer.status, STR_ARG(answer.body));
	arena_free(arena);
}

/* From a position on: without gaps, up to the end that the answer names. */
static void read_events(void)
{
	struct arena *arena = arena_new(4096);
	struct answer answer;
	int64_t after = sim_pick(30), next;
	const char *at;

	sim.operations++;
	worker_call(arena, "GET", arena_printf(arena, "/api/events?after=%lld&limit=50", (long long)after).ptr,
		    "Accept: application/x-ndjson", NULL, &answer);
	next = after + 1;
	at = answer.answered && answer.status == 200 ? answer.body.ptr : "";
	for (const char *end; (end = strchr(at, '\n')); at = end + 1, next++) {
		struct str frame = arena_str(sim.arena, (struct str){ at, (size_t)(end - at) });
		const char *seq = strstr(frame.ptr, ",\"seq\":");

		if (!seq || strtoll(seq + 7, NULL, 10) != next)
			sim_fail("a reader after %lld is given in place of seq %lld\n%s", (long long)after,
				 (long long)next, frame.ptr);
		if (clients.read_count < READ_MAX)
			clients.read[clients.read_count++] = (struct read_event){ next, frame };
	}
	if (answer.answered && answer.status == 200 && next <= after + 50 && next <= answer.seq)
		sim_fail("a reader after %lld got up to %lld, the log ends at %lld", (long long)after,
			 (long long)next - 1, (long long)answer.seq);
	arena_free(arena);
}

void readers_check(const struct str *frames, size_t count)
{
	for (size_t i = 0; i < clients.read_count; i++) {
		const struct read_event *one = &clients.read[i];

		if (one->seq > (int64_t)count || !str_eq(one->frame, frames[one->seq - 1]))
			sim_fail("a reader was given as seq %lld\n%.*s\nthe log has another", (long long)one->seq,
				 STR_ARG(one->frame));
	}
}

void lists_check(int64_t (*version_at)(bool is_cargo, const char *key, int64_t seq))
{
	for (size_t i = 0; i < clients.listed_count; i++) {
		const struct listed *one = &clients.listed[i];
		int64_t told = version_at(one->is_cargo, one->key.ptr, one->seq);

		if (one->version < told)
			sim_fail("a list of position %lld shows version %lld of %s, which had version %lld then",
				 (long long)one->seq, (long long)one->version, one->key.ptr, (long long)told);
	}
}

static void choose_hot(void)
{
	bool is_cargo = sim_once_in(2);

	sim.crowded = !clients.hot && clients.count;
	clients.hot = sim.crowded ? latest_document(is_cargo) : NULL;
}

static void act(void)
{
	static void (*const acts[])(void) = {
		create_trade, create_trade, create_trade,  create_trade,  create_trade,   create_trade, create_cargo,
		create_cargo, change_trade, change_trade,  change_trade,  change_trade,   change_trade, change_cargo,
		change_cargo, change_cargo, show_document, show_document, list_documents, read_rest,    read_events,
	};

	if (sim_pick(20) == 0)
		choose_hot();
	if (clients.hot && sim_pick(4)) {
		(clients.hot->is_cargo ? change_cargo : change_trade)();
		return;
	}
	acts[sim_pick(sizeof(acts) / sizeof(acts[0]))]();
}

static void client(void *context unused_arg)
{
	for (int i = 0; i < PER_CLIENT || sim_faults() < FAULTS_LEAST; i++) {
		if (!clients.hot && sim_pick(3))
			fiber_sleep(100 + sim_pick(sim_pick(4) ? 5000 : 200000));
		act();
	}
	clients.running--;
}

void clients_start(void)
{
	clients.running = CLIENTS;
	for (int i = 0; i < CLIENTS; i++)
		fiber_start(NULL, "client", client, NULL);
}

bool clients_are_done(void)
{
	return clients.running == 0;
}

void clients_reset(void)
{
	memset(&clients, 0, sizeof(clients));
	operations.count = 0;
}
