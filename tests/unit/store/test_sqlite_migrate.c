/* A database of an older schema (tests/schema/data), before, while and after the engine brings it on. */
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "contract.h"
#include "store/claims.h"
#include "store/inspect.h"
#include "store/notifications.h"

#define OLDEST 1

static const char *database_of(const struct fixture *f)
{
	return f->uri + strlen("sqlite:");
}

static sqlite3 *database_open(const struct fixture *f)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(database_of(f), &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	return db;
}

static void execute(const struct fixture *f, const char *sql)
{
	sqlite3 *db = database_open(f);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		fail_msg("%.200s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* The first column of all rows, a line each. */
static const char *query(struct fixture *f, const char *sql)
{
	sqlite3 *db = database_open(f);
	sqlite3_stmt *stmt;
	struct buf out = { 0 };
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW)
		buf_printf(&out, "%s\n",
			   sqlite3_column_text(stmt, 0) ? (const char *)sqlite3_column_text(stmt, 0) : "");
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	const char *text = arena_cstr(f->arena, buf_str(&out));
	buf_free(&out);
	return text;
}

static void load(const struct fixture *f)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/tests/schema/data/%d.sql", getenv("top_srcdir"), OLDEST);
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("%s can't be read", path);
	struct buf sql = { 0 };
	for (size_t got; (got = fread(buf_reserve(&sql, 65536), 1, 65536, file)) > 0;)
		sql.len += got;
	fclose(file);
	buf_add_char(&sql, '\0');
	execute(f, "PRAGMA journal_mode = WAL");
	execute(f, sql.ptr);
	buf_free(&sql);
}

/* The database of the fixture becomes an old one. */
static void grow_old(struct fixture *f)
{
	static const char *const files[] = { "", "-wal", "-shm", "-lock" };
	store_close(f->store);
	for (size_t i = 0; i < COUNT_OF(files); i++)
		unlink(arena_printf(f->arena, "%s%s", database_of(f), files[i]).ptr);
	load(f);
	f->store = fixture_open_again(f);
}

static int set_up(void **state)
{
	unsetenv("ITN_TEST_STORE");
	fixture_set_up(state);
	grow_old(*state);
	return 0;
}

static int set_up_new(void **state)
{
	unsetenv("ITN_TEST_STORE");
	return fixture_set_up(state);
}

static void check_schema(struct fixture *f, const char *name, const char *expected)
{
	check_text(name, query(f, "SELECT schema FROM head"), expected);
	check_text(name, query(f, "PRAGMA user_version"), expected);
}

/* This program's schema, as a query shows it. */
static const char *current(struct fixture *f)
{
	return arena_printf(f->arena, "%d\n", STORE_SCHEMA).ptr;
}

static void migrate(struct fixture *f)
{
	int64_t schema = 0;
	check_status("it is brought on", store_migrate(fixture_engine(f), &schema), ITN_OK);
	check_int("to this program's schema", schema, STORE_SCHEMA);
}

static const char *tables(struct fixture *f)
{
	return query(f, "SELECT name || ': ' || sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name");
}

static const char *contents(struct fixture *f)
{
	return query(
		f,
		"SELECT id || doc || goods || coalesce(shipment, '') FROM trade UNION ALL SELECT id || doc || open "
		"FROM cargo"
		" UNION ALL SELECT station || item || on_hand FROM stock UNION ALL SELECT n || id || change FROM outbox"
		" UNION ALL SELECT seq || frame FROM event UNION ALL SELECT seq || key || cursor_key FROM job"
		" UNION ALL SELECT name || value FROM counter UNION ALL SELECT id || state FROM request");
}

static void no_row(void *context, const struct notification *notification unused_arg)
{
	++*(int *)context;
}

static void count_row(void *context, const struct store_row *row unused_arg)
{
	++*(int *)context;
}

static void no_fault(void *context unused_arg, const char *what, const char *remedy unused_arg)
{
	fail_msg("%s", what);
}

/* Where there are none yet, a client that needs one is told to come again. */
static void check_claims(struct fixture *f, struct store *store)
{
	struct claim claim = { .key = trade_to(f, "Mars").id, .print = STR("p"), .document = STR("d"), .event = STR("e") };
	bool old = atoi(query(f, "SELECT schema FROM head")) < STORE_CLAIMS_SCHEMA;
	check_status("a claim", store_claim_add(store, &claim), old ? ITN_UNAVAILABLE : ITN_OK);
}

/* An engine that does not know them is not asked to decide them. */
static void check_stock_takes(struct fixture *f, struct store *store)
{
	struct trade source = trade_to(f, "Mars");
	struct entry stock_take = { .id = source.id, .kind = ENTRY_REQUEST, .entity = ENTITY_INVENTORY, .key = STR("Mars"),
				    .time = f->now, .change = STR("{\"items\":[{\"name\":\"tea\",\"quantity\":1}]}") };
	bool old = atoi(query(f, "SELECT schema FROM head")) < STORE_STOCK_SCHEMA;
	const char *waiting = query(f, "SELECT count(*) FROM outbox WHERE entity = 2");
	check_status("a stock-take", store_request_add(store, &stock_take), old ? ITN_UNAVAILABLE : ITN_OK);
	check_int("waits", atoi(query(f, "SELECT count(*) FROM outbox WHERE entity = 2")), atoi(waiting) + !old);
}

/* What any process may ask of an old database. */
static void check_usable(struct fixture *f, struct store *store)
{
	struct error error = { "" };
	struct notification notification;
	int rows = 0;
	struct trade trade = trade_to(f, "Mars"), read;
	struct entry entry = trade_entry(f, &trade, ENTRY_CREATE);
	check_status("ready", store_check(store, &error), ITN_OK);
	check_status("writes", store_trade_create(store, &trade, &entry), ITN_OK);
	check_status("reads", store_trade(store, f->arena, trade.id, &read), ITN_OK);
	check_status("no notifications", store_notifications(store, NOTIFICATION_DEAD, NULL, 10, no_row, &rows),
		     ITN_OK);
	check_int("no notifications", rows, 0);
	check_status("none", store_notification(store, f->arena, STR("a-1"), &notification), ITN_NOT_FOUND);
	check_status("none", store_notification_resend(store, STR("a-1"), 1), ITN_NOT_FOUND);
	struct store_list movements = { .kind = LIST_MOVEMENTS, .station = STR("Mars"), .max = 10 };
	struct lines lines;
	check_status("movements", store_list(store, &movements, count_row, &rows), ITN_OK);
	check_status("no stock of then", store_stock_at(store, f->arena, STR("nowhere"), -1, 1, &lines), ITN_NOT_FOUND);
	check_claims(f, store);
	check_stock_takes(f, store);
	check_status("its layout is right", store_layout(store, no_fault, NULL, &error), ITN_OK);
}

static void an_old_database_is_worked_on(void **state)
{
	struct fixture *f = *state;
	check_usable(f, f->store);
	check_schema(f, "nothing is brought on", "1\n");
}

static void the_engine_brings_it_on(void **state)
{
	struct fixture *f = *state;
	const char *before = contents(f);
	struct store *opened_before = fixture_open_again(f);
	check_usable(f, opened_before);
	before = contents(f);
	migrate(f);
	check_schema(f, "brought on", current(f));
	check_text("nothing is lost", contents(f), before);
	check_usable(f, opened_before);
	check_usable(f, f->store);
	struct notification made = {
		.id = STR("a-1"), .event = STR("a"), .to = STR("a@b"), .subject = STR("s"), .body = STR("")
	};
	notification_made(&made, false, 1);
	int rows = 0;
	check_status("made", commit_alone(f, (struct store_writes){ .notifications = &made, .notification_count = 1 }),
		     ITN_OK);
	check_status("seen", store_notifications(opened_before, NOTIFICATION_UNSENT, NULL, 10, no_row, &rows), ITN_OK);
	check_int("by who was there before", rows, 1);
	migrate(f);
	store_close(opened_before);
}

static void it_becomes_as_a_new_one(void **state)
{
	struct fixture *f = *state;
	struct fixture *fresh;
	migrate(f);
	fixture_set_up((void **)&fresh);
	check_text("the same tables and indexes", tables(f), tables(fresh));
	fixture_tear_down((void **)&fresh);
}

static void who_has_lost_the_lease_changes_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t schema = 0;
	struct store *elsewhere = fixture_open_again(f);
	fixture_engine(f);
	struct store_engine *heir = fixture_other_engine(f, elsewhere, "heir");
	check_status("lost", store_migrate(f->engine, &schema), ITN_LOST_LEASE);
	check_schema(f, "as it was", "1\n");
	check_status("the heir does it", store_migrate(heir, &schema), ITN_OK);
	check_schema(f, "brought on", current(f));
	store_engine_close(heir);
	store_close(elsewhere);
}

static void a_step_that_fails_leaves_no_trace(void **state)
{
	struct fixture *f = *state;
	int64_t schema = 0;
	execute(f, "CREATE TABLE notification_due (x)");
	const char *before = tables(f);
	check_status("in the way", store_migrate(fixture_engine(f), &schema), ITN_FAILED);
	check_has("why", store_engine_error(f->engine), "notification_due");
	check_schema(f, "as it was", "1\n");
	check_text("as it was", tables(f), before);
	execute(f, "DROP TABLE notification_due");
	migrate(f);
}

static void a_newer_one_is_told_and_left_alone(void **state)
{
	struct fixture *f = *state;
	int64_t schema = 0;
	fixture_engine(f);
	int64_t newer = STORE_SCHEMA + 1;
	execute(f, arena_printf(f->arena, "UPDATE head SET schema = %lld; PRAGMA user_version = %lld", (long long)newer,
				(long long)newer).ptr);
	check_status("nothing to do", store_migrate(f->engine, &schema), ITN_OK);
	check_int("theirs", schema, newer);
	check_schema(f, "as it was", arena_printf(f->arena, "%lld\n", (long long)newer).ptr);
}

/* What the engine makes of it. */
static void engine_writes(struct fixture *f, struct trade *trade)
{
	int64_t from = stored_trade(f, trade->id).version;
	struct trade_write write = { trade, from };
	trade->version = from + 1;
	check_status("written", commit_alone(f, (struct store_writes){ .trades = &write, .trade_count = 1 }), ITN_OK);
}

/* A change as a worker of schema 4 makes it: it writes the whole document, as far as it knows it. */
static void older_worker_writes(struct fixture *f, struct str id)
{
	execute(f, arena_printf(f->arena, "UPDATE trade SET version = version + 1, status = 3, holds = 4, doc = json_set("
					  "json_remove(doc, '$.reservedLines'), '$.status', 'delayed', '$.version', version + 1)"
					  " WHERE id = '%.*s'", STR_ARG(id)).ptr);
}

static struct str kept(struct fixture *f, struct buf *json)
{
	struct str text = arena_str(f->arena, buf_str(json));
	buf_free(json);
	return text;
}

static struct str public_json(struct fixture *f, struct str id)
{
	struct buf json = { 0 };
	int64_t version;
	check_status("read", store_trade_json(f->store, id, &json, &version), ITN_OK);
	return kept(f, &json);
}

static struct str as_engine_writes(struct fixture *f, const struct trade *trade)
{
	struct buf json = { 0 };
	trade_write_json(&json, trade);
	return kept(f, &json);
}

static void an_older_worker_s_change_leaves_what_is_set_aside(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		enum trade_goods goods, released;
		struct str shipment, reason;
	} cases[] = {
		{ "reserved", GOODS_RESERVED, GOODS_NONE, { 0 }, { 0 } },
		{ "loaded", GOODS_LOADED, GOODS_LOADED, { "S],1", 4 }, { 0 } },
		{ "with a reason", GOODS_RESERVED, GOODS_NONE, { 0 }, { "],\"version\":", 12 } },
		{ "with both", GOODS_LOADED, GOODS_LOADED, { "S1", 2 }, { "],\"shipmentId\":", 15 } },
	};
	struct line lines[] = { { STR("\"reservedLines\":["), 7 }, { STR("\xc3\xa9\\}],"), SUM_MAX }, { STR("],\"reason\":"), 1 } };
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct trade trade = trade_to(f, "Mars"), read;
		trade.station = STR("Vega");
		put_trade(f, &trade);
		drain(f);
		older_worker_writes(f, trade.id);
		check_int("nothing is there yet", (long long)stored_trade(f, trade.id).reserved.count, 0);
		trade.goods = cases[i].goods;
		trade.shipment = cases[i].shipment;
		trade.reason = cases[i].reason;
		trade.reserved = (struct lines){ lines, COUNT_OF(lines) };
		engine_writes(f, &trade);
		older_worker_writes(f, trade.id);
		older_worker_writes(f, trade.id);
		read = stored_trade(f, trade.id);
		check_int("its change is there", read.status, TRADE_DELAYED);
		check_str(cases[i].name, read.shipment, trade.shipment);
		check_str(cases[i].name, read.reason, trade.reason);
		check_str("all else is as it was", public_json(f, trade.id), as_engine_writes(f, &read));
		check_int(cases[i].name, (long long)read.reserved.count, COUNT_OF(lines));
		for (size_t n = 0; n < COUNT_OF(lines); n++) {
			check_str(cases[i].name, read.reserved.at[n].name, lines[n].name);
			check_int(cases[i].name, read.reserved.at[n].quantity, lines[n].quantity);
		}
		trade.goods = GOODS_MOVED;
		engine_writes(f, &trade);
		older_worker_writes(f, trade.id);
		check_int("once departed too", (long long)stored_trade(f, trade.id).reserved.count, COUNT_OF(lines));
		trade.goods = cases[i].goods;
		engine_writes(f, &trade);
		trade_release(&trade);
		engine_writes(f, &trade);
		check_int("the engine takes them away", (long long)stored_trade(f, trade.id).reserved.count, 0);
		check_int("and the goods", stored_trade(f, trade.id).goods, cases[i].released);
	}
}

#define OPENED "SELECT count(*) FROM sqlite_schema WHERE name = 'posting_shipment'"

static void the_ledger_opens_with_what_is_on_hand(void **state)
{
	struct fixture *f = *state;
	execute(f, "DELETE FROM stock; INSERT INTO stock VALUES"
		   " ('A', 'tea', 5, 0, 2, 0, 1, 1, 1), ('B', 'tea', 7, 0, 0, 0, 1, 1, 1), ('B', 'ore', 0, 0, 3, 0, 0, 1, 1),"
		   " ('A', 'sand', 9007199254740990, 0, -4, 0, 1, 1, 1), ('B', 'sand', 9223372036854775807, 0,"
		   " 9223372036854775807, 0, 1, 1, 1), ('C', 'sand', 9223372036854775807, 0, 0, 0, 1, 1, 1)");
	migrate(f);
	check_text("postings of one seq", query(f, "SELECT (n >> 24 = last_seq) || '|' || (n & 16777215) || '|' || station || '|'"
						   " || item || '|' || quantity || '|' || source || '|' || target || '|'"
						   " || (at = logged_at) || '|' || source_balance || '|' || target_balance"
						   " FROM posting, head ORDER BY n"),
		   "1|0|A|sand|9007199254740990|0|1|1|-9007199254740990|9007199254740990\n"
		   "1|1|A|tea|5|0|1|1|-5|5\n"
		   "1|2|B|sand|1|0|1|1|-9007199254740991|1\n"
		   "1|3|B|tea|7|0|1|1|-12|7\n");
	check_text("what outside gave", query(f, "SELECT account || '|' || item || '|' || quantity FROM balance ORDER BY item"),
		   "external|sand|-9007199254740991\nexternal|tea|-12\n");
	check_text("within bounds", query(f, "SELECT station || '|' || item || '|' || on_hand || '|' || incoming FROM stock"
						     " ORDER BY station, item"),
		   "A|sand|9007199254740990|0\nA|tea|5|2\nB|ore|0|3\nB|sand|1|9007199254740991\nB|tea|7|0\nC|sand|0|0\n");
}

/* Killed at some instant from before the step to behind it. */
static void whoever_is_killed_is_gone_on_from(void **state)
{
	struct fixture *f = *state;
	int left_old = 0, left_new = 0;
	for (int i = 0; i < 24; i++) {
		char line[64];
		struct child child = child_start(f, "migrate");
		check_bool("it begins", child_line(&child, line, sizeof(line)), true);
		for (int64_t until = clock_monotonic_us() + i * 250; clock_monotonic_us() < until;)
			continue;
		child_signal(&child, SIGKILL);
		close(child.from);
		const char *schema = query(f, "SELECT schema FROM head");
		bool is_new = !strcmp(schema, current(f));
		check_schema(f, "in both places", schema);
		check_bool("a step is whole", strstr(tables(f), "notification_due") != NULL, atoi(schema) >= 2);
		check_bool("the ledger's too", atoi(query(f, OPENED)) > 0, atoi(schema) >= 3);
		check_bool("claims too", strstr(tables(f), "claim_expires") != NULL, atoi(schema) >= STORE_CLAIMS_SCHEMA);
		check_bool("reservations too", strstr(tables(f), "trade_short") != NULL, atoi(schema) >= STORE_STOCK_SCHEMA);
		check_bool("the last one too", strstr(tables(f), "cargo_due") != NULL, is_new);
		*(is_new ? &left_new : &left_old) += 1;
		migrate(f);
		store_engine_close(f->engine);
		f->engine = NULL;
		grow_old(f);
	}
	print_message("# killed before it was done %d times, after it %d times\n", left_old, left_new);
}

#define MIGRATION(test) cmocka_unit_test_setup_teardown(test, set_up, fixture_tear_down)

/* Somebody dropped them, and the triggers, or a restore left them out. */
static void missing_indexes_are_made_again(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	migrate(f);
	const char *before = tables(f);
	const char *drops = query(f, "SELECT 'DROP ' || type || ' ' || name || ';' FROM sqlite_schema WHERE type IN ('index', "
				     "'trigger') AND sql IS NOT NULL");
	execute(f, drops);
	check_bool("they are gone", strcmp(tables(f), before) != 0, true);
	migrate(f);
	check_text("all of them are back", tables(f), before);
	check_status("nothing is missing", store_layout(f->store, no_fault, NULL, &error), ITN_OK);
	struct store_engine *heir = fixture_other_engine(f, f->store, "heir");
	execute(f, "DROP INDEX trade_waiting");
	int64_t schema;
	check_status("without the lease nothing is made", store_migrate(f->engine, &schema), ITN_LOST_LEASE);
	check_bool("it is still gone", strcmp(tables(f), before) != 0, true);
	check_status("the heir makes it", store_migrate(heir, &schema), ITN_OK);
	check_text("it is back", tables(f), before);
	store_engine_close(heir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		MIGRATION(an_old_database_is_worked_on),      MIGRATION(the_engine_brings_it_on),
		MIGRATION(it_becomes_as_a_new_one),           MIGRATION(who_has_lost_the_lease_changes_nothing),
		MIGRATION(a_step_that_fails_leaves_no_trace), MIGRATION(a_newer_one_is_told_and_left_alone),
		MIGRATION(the_ledger_opens_with_what_is_on_hand),
		cmocka_unit_test_setup_teardown(an_older_worker_s_change_leaves_what_is_set_aside, set_up_new, fixture_tear_down),
		MIGRATION(whoever_is_killed_is_gone_on_from),
		MIGRATION(missing_indexes_are_made_again),
	};
	if (argc > 1)
		return child_main(argc, argv);
	return cmocka_run_group_tests_name("an older database", tests, NULL, NULL);
}
