/* Data of an older schema, and indexes that are missing. */
#include "mongo_faults.h"
#include "store/inspect.h"

static void grow_old(struct fixture *f)
{
	database_command(f, "{\"drop\": \"notifications\"}");
	database_command(f, "{\"drop\": \"claims\"}");
	database_command(f, "{\"update\": \"head\", \"updates\": [{\"q\": {}, \"u\": {\"$set\": {\"schema\": 1}}}]}");
}

static void fault_is_there(void *context, const char *what, const char *remedy unused_arg)
{
	print_error("%s: %s\n", (const char *)context, what);
	fail();
}

/* Each of a migration's commands does not arrive, or its answer does not. */
static void a_migration_is_gone_on_with(void **state)
{
	struct fixture *f = *state;
	static const char *const commands[] = { "findAndModify", "create", "createIndexes" };
	static const enum proxy_fault faults[] = { CUT_BEFORE, CUT_AFTER };
	fixture_engine(f);
	for (size_t i = 0; i < COUNT_OF(commands) * COUNT_OF(faults); i++) {
		const char *command = commands[i / 2];
		int64_t schema = 0;
		struct error error = { "" };
		grow_old(f);
		proxy_spoil(proxy, command, faults[i % 2], 1);
		check_status(command, store_migrate(f->engine, &schema), ITN_UNAVAILABLE);
		check_int(command, proxy_spoiled(proxy), 1);
		wait_for_recovery(f);
		check_status(command, store_migrate(f->engine, &schema), ITN_OK);
		check_int(command, schema, STORE_SCHEMA);
		check_status(command, store_layout(f->store, fault_is_there, (void *)(uintptr_t)command, &error),
			     ITN_OK);
	}
}

static void who_has_lost_the_lease_does_not_note_a_migration(void **state)
{
	struct fixture *f = *state;
	struct store_head head;
	int64_t schema = 0;
	fixture_engine(f);
	grow_old(f);
	struct store_engine *heir = fixture_other_engine(f, f->store, "heir");
	check_status("lost", store_migrate(f->engine, &schema), ITN_LOST_LEASE);
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("as it was", head.schema, 1);
	check_status("the heir does it", store_migrate(heir, &schema), ITN_OK);
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("brought on", head.schema, STORE_SCHEMA);
	store_engine_close(heir);
}

static void drop_indexes(struct fixture *f)
{
	static const char *const collections[] = { "trades", "cargo",         "requests", "events",
						   "jobs",   "notifications", "postings", "claims" };
	for (size_t i = 0; i < COUNT_OF(collections); i++)
		database_command(
			f, arena_printf(f->arena, "{\"dropIndexes\": \"%s\", \"index\": \"*\"}", collections[i]).ptr);
}

static void count_fault(void *context, const char *what unused_arg, const char *remedy unused_arg)
{
	++*(int *)context;
}

/* Somebody dropped them, or a restore left them out; one that somebody made otherwise is his. */
static void missing_indexes_are_made_again(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	int64_t schema = 0;
	int faults = 0;
	fixture_engine(f);
	drop_indexes(f);
	check_status("they are missed", store_layout(f->store, count_fault, &faults, &error), ITN_OK);
	check_bool("all of them", faults > 20, true);
	check_status("made", store_migrate(f->engine, &schema), ITN_OK);
	check_status("none is missing", store_layout(f->store, fault_is_there, "made again", &error), ITN_OK);
	static const enum proxy_fault cuts[] = { CUT_BEFORE, CUT_AFTER };
	for (size_t i = 0; i < COUNT_OF(cuts); i++) {
		drop_indexes(f);
		proxy_spoil(proxy, "createIndexes", cuts[i], 1);
		check_status("cut", store_migrate(f->engine, &schema), ITN_UNAVAILABLE);
		wait_for_recovery(f);
		check_status("gone on with", store_migrate(f->engine, &schema), ITN_OK);
		check_status("none is missing", store_layout(f->store, fault_is_there, "gone on with", &error), ITN_OK);
	}
	drop_indexes(f);
	database_command(f,
			 "{\"createIndexes\": \"events\", \"indexes\": [{\"key\": {\"id\": 1}, \"name\": \"id_1\"}]}");
	check_status("another's is left alone", store_migrate(f->engine, &schema), ITN_OK);
	faults = 0;
	check_status("and told", store_layout(f->store, count_fault, &faults, &error), ITN_OK);
	check_int("that one", faults, 1);
}

static const struct CMUnitTest tests[] = {
	FAULTS(a_migration_is_gone_on_with),
	FAULTS(who_has_lost_the_lease_does_not_note_a_migration),
	FAULTS(missing_indexes_are_made_again),
};

int main(void)
{
	return faults_possible() ? cmocka_run_group_tests_name("the layout", tests, NULL, NULL) : 0;
}
