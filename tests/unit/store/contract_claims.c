#include "contract.h"

#include <pthread.h>

#include "store/claims.h"

#define HOUR_MS INT64_C(3600000)

static struct claim new_claim(struct fixture *f, const char *key)
{
	char document[ID_LEN + 1], event[ID_LEN + 1];
	int64_t now = clock_now_ms();
	id_new(document);
	id_new(event);
	return (struct claim){
		.key = arena_str(f->arena, str_from(key)),
		.print = STR("0123456789abcdef"),
		.document = arena_str(f->arena, str_from(document)),
		.event = arena_str(f->arena, str_from(event)),
		.at = now,
		.expires_at = now + HOUR_MS,
		.version = 1,
		.busy_until = now + 2000,
	};
}

static struct claim put_claim(struct fixture *f, const char *key)
{
	struct claim claim = new_claim(f, key);
	check_status("a claim is stored", store_claim_add(f->store, &claim), ITN_OK);
	return claim;
}

static void check_claim(struct fixture *f, const char *name, const struct claim *expected)
{
	struct claim actual;
	check_status(name, store_claim(f->store, f->arena, expected->key, &actual), ITN_OK);
	check_str(name, actual.key, expected->key);
	check_str(name, actual.print, expected->print);
	check_str(name, actual.document, expected->document);
	check_str(name, actual.event, expected->event);
	check_int(name, actual.at, expected->at);
	check_int(name, actual.expires_at, expected->expires_at);
	check_int(name, actual.version, expected->version);
	check_int(name, actual.busy_until, expected->busy_until);
	check_bool(name, actual.asked, expected->asked);
	check_int(name, actual.status, expected->status);
	check_str(name, actual.lines, expected->lines);
	check_str(name, actual.body, expected->body);
}

static void a_claim_comes_back_as_it_was_stored(void **state)
{
	struct fixture *f = *state;
	static const char *const keys[] = { "a", "$gt", "a.b.c", "'; DROP TABLE claim; --", "~!@#%^&*()" };
	struct claim claim;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		claim = put_claim(f, keys[i]);
		check_claim(f, keys[i], &claim);
	}
	check_status("another key", store_claim(f->store, f->arena, STR("b"), &claim), ITN_NOT_FOUND);
	check_status("another case", store_claim(f->store, f->arena, STR("A"), &claim), ITN_NOT_FOUND);
}

static void a_key_is_claimed_once(void **state)
{
	struct fixture *f = *state;
	struct claim first = put_claim(f, "key"), second = new_claim(f, "key");
	check_status("the same once more", store_claim_add(f->store, &first), ITN_OK);
	check_status("another's", store_claim_add(f->store, &second), ITN_EXISTS);
	check_claim(f, "the first stays", &first);
}

static void an_answer_is_kept(void **state)
{
	struct fixture *f = *state;
	struct claim claim = put_claim(f, "key");
	claim.version = 2;
	claim.busy_until = 0;
	claim.status = 201;
	claim.lines = STR("Content-Type: application/json\r\nETag: \"1\"\r\n");
	claim.body = STR("{\"name\":\"\xe2\x98\x83 $x.y 'z'\"}");
	check_status("answered", store_claim_change(f->store, &claim, 1), ITN_OK);
	check_claim(f, "answered", &claim);
	struct claim again = claim;
	again.status = 409;
	check_status("not again", store_claim_change(f->store, &again, 1), ITN_CONFLICT);
	check_claim(f, "the first stays", &claim);
}

static void a_change_needs_the_version_that_was_read(void **state)
{
	struct fixture *f = *state;
	struct claim claim = put_claim(f, "key"), nobody = new_claim(f, "other");
	claim.version = 2;
	claim.asked = true;
	check_status("first", store_claim_change(f->store, &claim, 1), ITN_OK);
	struct claim stale = claim;
	stale.asked = false;
	check_status("stale", store_claim_change(f->store, &stale, 1), ITN_CONFLICT);
	check_claim(f, "as the first left it", &claim);
	claim.version = 3;
	claim.busy_until = 0;
	check_status("next", store_claim_change(f->store, &claim, 2), ITN_OK);
	check_claim(f, "busy no more", &claim);
	check_status("of nothing", store_claim_change(f->store, &nobody, 1), ITN_CONFLICT);
}

struct racer {
	pthread_t thread;
	struct store *store;
	struct claim claim;
	enum itn_status status;
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	racer->status = store_claim_add(racer->store, &racer->claim);
	return NULL;
}

static void of_many_at_once_one_has_it(void **state)
{
	struct fixture *f = *state;
	struct racer racers[16] = { 0 };
	struct claim stored;
	size_t won = 0;
	for (size_t i = 0; i < COUNT_OF(racers); i++) {
		racers[i].store = f->store;
		racers[i].claim = new_claim(f, "key");
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < COUNT_OF(racers); i++)
		pthread_join(racers[i].thread, NULL);
	check_status("it is there", store_claim(f->store, f->arena, STR("key"), &stored), ITN_OK);
	for (size_t i = 0; i < COUNT_OF(racers); i++) {
		bool mine = str_eq(stored.event, racers[i].claim.event);
		check_status("each knows", racers[i].status, mine ? ITN_OK : ITN_EXISTS);
		won += mine;
	}
	check_int("one of them", (long long)won, 1);
}

static bool known(struct fixture *f, enum entity_kind entity, struct str key, struct str id)
{
	bool is_known = false;
	check_status("asked", store_entry_known(f->store, entity, key, id, &is_known), ITN_OK);
	return is_known;
}

static void a_write_is_known_by_its_entry(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	struct cargo cargo = cargo_to(f, "Venus");
	struct str id = STR("0123456789abcdef01234567");
	check_bool("nothing is there", known(f, ENTITY_TRADE, trade.id, id), false);
	struct str of_trade = put_trade(f, &trade), of_cargo = put_cargo(f, &cargo);
	for (int i = 0; i < 2; i++) {
		check_bool("the trade's", known(f, ENTITY_TRADE, trade.id, of_trade), true);
		check_bool("the cargo's", known(f, ENTITY_CARGO, cargo.id, of_cargo), true);
		check_bool("nobody's", known(f, ENTITY_TRADE, trade.id, id), false);
		drain(f);
	}
}

static void a_request_is_known_once_it_is_in_the_log(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	drain(f);
	struct entry request = request_entry(f, &trade);
	check_status("asked", store_request_add(f->store, &request), ITN_OK);
	check_bool("it waits", known(f, ENTITY_TRADE, trade.id, request.id), false);
}

static void a_stale_change_is_not_taken_for_a_request(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars"), stale;
	put_trade(f, &trade);
	stale = trade;
	check_status("another is faster", change_trade(f, &trade, TRADE_DELAYED), ITN_OK);
	struct entry request = request_entry(f, &trade);
	check_status("asked", store_request_add(f->store, &request), ITN_OK);
	stale.status = TRADE_CANCELED;
	stale.version = 2;
	struct entry entry = trade_entry(f, &stale, ENTRY_CHANGE);
	entry.id = request.id;
	check_status("too late", store_trade_change(f->store, &stale, 1, &entry), ITN_CONFLICT);
}

static void a_batch_knows_the_log(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars"), other = trade_to(f, "Mars");
	struct str logged = put_trade(f, &trade);
	drain(f);
	struct str waiting = put_trade(f, &other);
	bool is_logged = false;
	begin(f, 10);
	check_status("looked up", store_batch_logged(f->engine, logged, &is_logged), ITN_OK);
	check_bool("in the log", is_logged, true);
	check_status("looked up", store_batch_logged(f->engine, waiting, &is_logged), ITN_OK);
	check_bool("waiting", is_logged, false);
	store_batch_abort(f->engine);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(a_claim_comes_back_as_it_was_stored),
	CONTRACT(a_key_is_claimed_once),
	CONTRACT(an_answer_is_kept),
	CONTRACT(a_change_needs_the_version_that_was_read),
	CONTRACT(of_many_at_once_one_has_it),
	CONTRACT(a_write_is_known_by_its_entry),
	CONTRACT(a_request_is_known_once_it_is_in_the_log),
	CONTRACT(a_stale_change_is_not_taken_for_a_request),
	CONTRACT(a_batch_knows_the_log),
};

const struct contract_group contract_claims = { "claims", tests, COUNT_OF(tests) };
