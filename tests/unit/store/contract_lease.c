#include "contract.h"

static struct store_lease lease_of(struct store_engine *engine)
{
	struct store_lease lease;
	check_status("the lease is read", store_lease_read(engine, &lease), ITN_OK);
	return lease;
}

static void a_lease_goes_to_who_asks_first(void **state)
{
	struct fixture *f = *state;
	struct store *other = fixture_open_again(f);
	struct store_engine *a, *b;
	check_status("a opens", store_engine_open(f->store, "a", &a, NULL), ITN_OK);
	check_status("b opens", store_engine_open(other, "b", &b, NULL), ITN_OK);
	struct store_lease seen = lease_of(b);
	check_text("nobody's", seen.holder, "");
	check_status("a takes it", store_lease_take(a, &seen), ITN_OK);
	check_status("b is late", store_lease_take(b, &seen), ITN_LOST_LEASE);
	struct store_lease held = lease_of(b);
	check_text("a's", held.holder, "a");
	check_int("a new epoch", held.epoch, seen.epoch + 1);
	check_status("b sees and takes over", store_lease_take(b, &held), ITN_OK);
	check_int("another epoch", lease_of(a).epoch, seen.epoch + 2);
	check_status("a has lost it", store_lease_renew(a), ITN_LOST_LEASE);
	store_engine_close(a);
	store_engine_close(b);
	store_close(other);
}

static void each_renewal_shows(void **state)
{
	struct fixture *f = *state;
	fixture_engine(f);
	struct store_lease seen = lease_of(f->engine);
	check_status("renewed", store_lease_renew(f->engine), ITN_OK);
	struct store_lease after = lease_of(f->engine);
	if (after.beat <= seen.beat)
		fail_msg("the beat stays at %lld", (long long)after.beat);
	check_int("the same epoch", after.epoch, seen.epoch);
	struct store_engine *other;
	check_status("another engine", store_engine_open(f->store, "other", &other, NULL), ITN_OK);
	check_status("a renewed lease is not taken", store_lease_take(other, &seen), ITN_LOST_LEASE);
	store_engine_close(other);
}

static void each_batch_renews(void **state)
{
	struct fixture *f = *state;
	fixture_engine(f);
	struct store_lease seen = lease_of(f->engine);
	check_status("a batch", commit_alone(f, (struct store_writes){ 0 }), ITN_OK);
	if (lease_of(f->engine).beat <= seen.beat)
		fail_msg("the beat stays at %lld", (long long)seen.beat);
}

static void a_released_lease_is_nobody_s(void **state)
{
	struct fixture *f = *state;
	fixture_engine(f);
	struct store_lease seen = lease_of(f->engine);
	store_lease_release(f->engine);
	struct store_lease after = lease_of(f->engine);
	check_text("nobody's", after.holder, "");
	if (after.beat == seen.beat && after.epoch == seen.epoch)
		fail_msg("the release can't be seen");
	check_status("it is gone", store_lease_renew(f->engine), ITN_LOST_LEASE);
	struct store_batch batch;
	check_status("no batch", store_batch_begin(f->engine, f->arena, 1, 1, &batch), ITN_LOST_LEASE);
	check_status("taken again", store_lease_take(f->engine, &after), ITN_OK);
	check_status("and held", store_lease_renew(f->engine), ITN_OK);
}

static void without_a_lease_nothing_begins(void **state)
{
	struct fixture *f = *state;
	struct store_engine *engine;
	struct store_batch batch;
	check_status("opened", store_engine_open(f->store, "standby", &engine, NULL), ITN_OK);
	check_status("no renewal", store_lease_renew(engine), ITN_LOST_LEASE);
	check_status("no batch", store_batch_begin(engine, f->arena, 1, 1, &batch), ITN_LOST_LEASE);
	store_engine_close(engine);
}

static void an_engine_that_was_taken_over_steps_down(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	fixture_engine(f);
	struct store *other = fixture_open_again(f);
	struct store_engine *heir = fixture_other_engine(f, other, "heir");
	struct store_batch batch;
	check_status("the former one", store_batch_begin(f->engine, f->arena, 10, 1, &batch), ITN_LOST_LEASE);
	check_status("the heir", store_batch_begin(heir, f->arena, 10, 1, &batch), ITN_OK);
	check_int("finds the work", (long long)batch.count, 1);
	struct store_writes writes = number_entries(f, heir, &batch);
	check_status("and does it", store_batch_commit(heir, &writes), ITN_OK);
	check_status("the former one, still", store_batch_begin(f->engine, f->arena, 10, 1, &batch), ITN_LOST_LEASE);
	struct store_head head;
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("one event", head.last_seq, 1);
	store_engine_close(heir);
	store_close(other);
}

static void an_heir_goes_on_where_the_log_ends(void **state)
{
	struct fixture *f = *state;
	struct trade trades[3];
	for (int i = 0; i < 2; i++) {
		trades[i] = trade_to(f, "Mars");
		put_trade(f, &trades[i]);
	}
	drain(f);
	store_engine_close(f->engine);
	f->engine = NULL;
	trades[2] = trade_to(f, "Mars");
	put_trade(f, &trades[2]);
	struct store_batch batch = begin(f, 10);
	check_int("head", batch.head.last_seq, 2);
	check_int("the rest", (long long)batch.count, 1);
	check_str("the new one", batch.entries[0].key, trades[2].id);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(a_lease_goes_to_who_asks_first),
	CONTRACT(each_renewal_shows),
	CONTRACT(each_batch_renews),
	CONTRACT(a_released_lease_is_nobody_s),
	CONTRACT(without_a_lease_nothing_begins),
	CONTRACT(an_engine_that_was_taken_over_steps_down),
	CONTRACT(an_heir_goes_on_where_the_log_ends),
};

const struct contract_group contract_lease = { "the lease", tests, COUNT_OF(tests) };
