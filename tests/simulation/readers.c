#include "clients.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_in.h"

#define PAGE       7
#define READ_MAX   4096
#define LISTED_MAX 8192
#define SHOWN_MAX  8192
/* At once. */
#define LISTINGS (CLIENTS * 2)

static struct {
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
	struct shown_text {
		bool is_cargo;
		struct str key, text;
		int64_t version;
	} shown[SHOWN_MAX];
	size_t shown_count;
} readers;

/* The document's text in an answer: all of it, or its last member. */
static void note_shown(bool is_cargo, struct str key, int64_t version, struct str body)
{
	static const char *const members[] = { ",\"trade\":", ",\"cargo\":" };
	const char *member = memmem(body.ptr, body.len, members[is_cargo], strlen(members[is_cargo]));

	if (member) {
		body.len -= (size_t)(member - body.ptr) + strlen(members[is_cargo]) + 1;
		body.ptr = member + strlen(members[is_cargo]);
	}
	if (readers.shown_count < SHOWN_MAX)
		readers.shown[readers.shown_count++] =
			(struct shown_text){ is_cargo, key, arena_str(sim.arena, body), version };
}

bool show(struct str body, bool is_cargo, enum wish wish, struct shown *ret)
{
	static const char *const tags[] = { "buyer", "emailId", "reason", "location", "" };
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
		note_shown(is_cargo, ret->key, ret->version, body);
	}
	json_in_free(doc);
	arena_free(arena);
	return well;
}

void show_document(void)
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
	struct str ids[DOCUMENTS_MAX];
	size_t count;
};

/* A list is no older than the position that it names. */
static void note_listed(bool is_cargo, struct str key, int64_t version, int64_t seq)
{
	if (readers.listed_count < LISTED_MAX)
		readers.listed[readers.listed_count++] = (struct listed){ is_cargo, key, version, seq };
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
		if (listing->count == DOCUMENTS_MAX)
			sim_fail("a list is longer than %d", DOCUMENTS_MAX);
		listing->ids[listing->count] = arena_str(sim.arena, id);
		json_in_integer(json_in_member(json_in_at(root, i), "version"), &version);
		note_listed(is_cargo, listing->ids[listing->count++], version, seq);
	}
	json_in_free(doc);
	arena_free(arena);
}

void list_documents(void)
{
	static struct listing listings[LISTINGS];
	static size_t next;
	struct listing *listing = &listings[next++ % (LISTINGS)];
	bool is_cargo = sim_once_in(3);
	struct arena *arena = arena_new(4096);
	size_t before = documents.count;
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

		if (documents.at[i]->is_cargo != is_cargo)
			continue;
		while (n < listing->count && !str_eq(listing->ids[n], documents.at[i]->key))
			n++;
		if (n == listing->count)
			sim_fail("a list in pages leaves out %s", documents.at[i]->key.ptr);
	}
	arena_free(arena);
}

void read_rest(void)
{
	static const char *const uris[] = { "/api/stats",          "/api/inventory",
					    "/api/inventory/Vega", "/api/inventory/Deneb/movements",
					    "/api/getalltrades",   "/api/cargo?status=pending" };
	struct arena *arena = arena_new(4096);
	struct answer answer;

	sim.operations++;
	worker_call(arena, "GET", uris[sim_pick(6)], NULL, NULL, &answer);
	if (answer.answered && answer.status != 200 && answer.status != 503 && answer.status != 404)
		sim_fail("a read is answered %d: %.*s", answer.status, STR_ARG(answer.body));
	arena_free(arena);
}

void read_events(void)
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
		if (readers.read_count < READ_MAX)
			readers.read[readers.read_count++] = (struct read_event){ next, frame };
	}
	if (answer.answered && answer.status == 200 && next <= after + 50 && next <= answer.seq)
		sim_fail("a reader after %lld got up to %lld, the log ends at %lld", (long long)after,
			 (long long)next - 1, (long long)answer.seq);
	arena_free(arena);
}

void readers_check(const struct str *frames, size_t count)
{
	for (size_t i = 0; i < readers.read_count; i++) {
		const struct read_event *one = &readers.read[i];

		if (one->seq > (int64_t)count || !str_eq(one->frame, frames[one->seq - 1]))
			sim_fail("a reader was given as seq %lld\n%.*s\nthe log has another", (long long)one->seq,
				 STR_ARG(one->frame));
	}
}

void shown_check(readers_version_fn *version)
{
	for (size_t i = 0; i < readers.shown_count; i++) {
		const struct shown_text *one = &readers.shown[i];
		size_t len = 0;
		const char *told = version(one->is_cargo, one->key.ptr, one->version, &len);

		if (!told || !str_eq(one->text, (struct str){ told, len }))
			sim_fail("version %lld of %s was shown as\n%.*s\nthe log has\n%.*s", (long long)one->version,
				 one->key.ptr, STR_ARG(one->text), (int)len, told ? told : "");
	}
}

void lists_check(int64_t (*version_at)(bool is_cargo, const char *key, int64_t seq))
{
	for (size_t i = 0; i < readers.listed_count; i++) {
		const struct listed *one = &readers.listed[i];
		int64_t told = version_at(one->is_cargo, one->key.ptr, one->seq);

		if (one->version < told)
			sim_fail("a list of position %lld shows version %lld of %s, which had version %lld then",
				 (long long)one->seq, (long long)one->version, one->key.ptr, (long long)told);
	}
}

void readers_reset(void)
{
	memset(&readers, 0, sizeof(readers));
}
