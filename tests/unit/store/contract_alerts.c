#include "contract.h"

#include "store/alerts.h"

/* Three kinds of things to be alerted about. */
static const struct alert_about of_trade = { ENTITY_TRADE, STR("t1"), { NULL, 0 } },
				of_cargo = { ENTITY_CARGO, STR("S “1”"), { NULL, 0 } },
				of_item = { ENTITY_INVENTORY, STR("Vega"), STR("$ore.x") };

static struct alert raised(const char *id, enum alert_kind kind, struct alert_about about, int64_t at)
{
	return (struct alert){
		.id = str_from(id),
		.kind = kind,
		.about = about,
		.message = STR("Look at “$x.y”!"),
		.raised_at = at,
		.version = 1,
	};
}

static enum itn_status write_alerts(struct fixture *f, const struct alert_write *alerts, size_t count)
{
	fixture_engine(f);
	return commit_alone(f, (struct store_writes){ .alerts = alerts, .alert_count = count });
}

static void make(struct fixture *f, const struct alert *alert)
{
	struct alert_write write = { alert, 0 };
	check_status("it is raised", write_alerts(f, &write, 1), ITN_OK);
}

static void change(struct fixture *f, const struct alert *alert, int64_t from_version)
{
	struct alert_write write = { alert, from_version };
	check_status("it is changed", write_alerts(f, &write, 1), ITN_OK);
}

static void check_same(const char *name, const struct alert *actual, const struct alert *expected)
{
	check_str(name, actual->id, expected->id);
	check_int(name, actual->kind, expected->kind);
	check_int(name, actual->about.entity, expected->about.entity);
	check_str(name, actual->about.key, expected->about.key);
	check_bool(name, str_is_set(actual->about.item), str_is_set(expected->about.item));
	if (str_is_set(expected->about.item))
		check_str(name, actual->about.item, expected->about.item);
	check_str(name, actual->message, expected->message);
	check_int(name, actual->raised_at, expected->raised_at);
	check_int(name, actual->acknowledged_at, expected->acknowledged_at);
	check_int(name, actual->resolved_at, expected->resolved_at);
	check_int(name, actual->version, expected->version);
}

static void an_alert_is_read_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct alert alerts[] = { raised("a.1", ALERT_OVERSIZE, of_trade, 1000), raised("b.2", ALERT_LATENESS, of_cargo, 2000),
				  raised("c.3", ALERT_LOW_STOCK, of_item, 3000) };
	for (size_t i = 0; i < COUNT_OF(alerts); i++)
		make(f, &alerts[i]);
	for (size_t i = 0; i < COUNT_OF(alerts); i++) {
		struct alert found;
		check_status("it is there", store_alert(f->store, f->arena, alerts[i].id, &found), ITN_OK);
		check_same(alerts[i].id.ptr, &found, &alerts[i]);
	}
	struct alert found;
	check_status("another", store_alert(f->store, f->arena, STR("a"), &found), ITN_NOT_FOUND);
	struct buf json = { 0 };
	int64_t version = 0;
	check_status("as JSON", store_alert_json(f->store, STR("c.3"), &json, &version), ITN_OK);
	check_int("its version", version, 1);
	check_str("all of it", buf_str(&json),
		  STR("{\"_id\":\"c.3\",\"id\":\"c.3\",\"kind\":\"lowStock\",\"entity\":\"inventory\",\"stationId\":\"Vega\","
		      "\"item\":\"$ore.x\",\"message\":\"Look at “$x.y”!\",\"status\":\"open\","
		      "\"raisedAt\":\"1970-01-01T00:00:03.000Z\",\"version\":1}"));
	buf_free(&json);
}

static void check_unresolved(struct fixture *f, const char *name, enum alert_kind kind, struct alert_about about,
			     const char *expected)
{
	struct alert found = { .id = STR_NONE };
	begin(f, 1);
	enum itn_status status = store_batch_unresolved(f->engine, f->arena, kind, &about, &found);
	check_status(name, status, expected ? ITN_OK : ITN_NOT_FOUND);
	if (expected)
		check_str(name, found.id, str_from(expected));
	store_batch_abort(f->engine);
}

static void of_one_kind_about_one_thing_one_is_unresolved(void **state)
{
	struct fixture *f = *state;
	struct alert first = raised("a.1", ALERT_LOW_STOCK, of_item, 1000), second = raised("b.1", ALERT_LOW_STOCK, of_item, 2000);
	struct alert_about other_item = { ENTITY_INVENTORY, STR("Vega"), STR("$ore.y") };
	struct alert_about no_item = { ENTITY_INVENTORY, STR("Vega"), { NULL, 0 } };
	struct alert_write write = { &second, 0 };
	make(f, &first);
	check_unresolved(f, "it is found", ALERT_LOW_STOCK, of_item, "a.1");
	check_unresolved(f, "another kind", ALERT_STOCK_SHORTAGE, of_item, NULL);
	check_unresolved(f, "another item", ALERT_LOW_STOCK, other_item, NULL);
	check_unresolved(f, "no item", ALERT_LOW_STOCK, no_item, NULL);
	check_unresolved(f, "another thing", ALERT_LOW_STOCK, of_cargo, NULL);
	check_status("a second one", write_alerts(f, &write, 1), ITN_EXISTS);
	first.acknowledged_at = 3000;
	first.version = 2;
	change(f, &first, 1);
	check_unresolved(f, "it still is", ALERT_LOW_STOCK, of_item, "a.1");
	check_status("a second one", write_alerts(f, &write, 1), ITN_EXISTS);
	first.resolved_at = 4000;
	first.version = 3;
	change(f, &first, 2);
	check_unresolved(f, "none is", ALERT_LOW_STOCK, of_item, NULL);
	make(f, &second);
	check_unresolved(f, "the next one", ALERT_LOW_STOCK, of_item, "b.1");
}

static void one_is_resolved_and_the_next_raised_in_one_batch(void **state)
{
	struct fixture *f = *state;
	struct alert first = raised("a.1", ALERT_LATENESS, of_cargo, 1000), next = raised("b.1", ALERT_LATENESS, of_cargo, 2000),
		     found;
	struct alert_write writes[] = { { &first, 1 }, { &next, 0 } };
	make(f, &first);
	first.resolved_at = 2000;
	first.version = 2;
	check_status("both", write_alerts(f, writes, 2), ITN_OK);
	check_status("the first", store_alert(f->store, f->arena, first.id, &found), ITN_OK);
	check_same("the first", &found, &first);
	check_unresolved(f, "the next", ALERT_LATENESS, of_cargo, "b.1");
}

static void a_change_is_guarded_by_the_version(void **state)
{
	struct fixture *f = *state;
	struct alert alert = raised("a.1", ALERT_LATENESS, of_cargo, 1000), found;
	struct alert_write stale = { &alert, 1 };
	make(f, &alert);
	alert.acknowledged_at = 2000;
	alert.version = 2;
	change(f, &alert, 1);
	alert.resolved_at = 3000;
	alert.version = 3;
	check_status("from a version that is gone", write_alerts(f, &stale, 1), ITN_CONFLICT);
	check_status("it is there", store_alert(f->store, f->arena, alert.id, &found), ITN_OK);
	check_int("as it was", found.resolved_at, 0);
	struct alert_write same = { &(struct alert){ .id = STR("a.1"), .kind = ALERT_OVERSIZE, .about = of_trade,
						     .message = STR("m"), .version = 1 }, 0 };
	check_status("another one of this id", write_alerts(f, &same, 1), ITN_EXISTS);
	begin(f, 1);
	check_status("a batch reads it", store_batch_alert(f->engine, f->arena, alert.id, &found), ITN_OK);
	check_int("its version", found.version, 2);
	check_status("another", store_batch_alert(f->engine, f->arena, STR("x"), &found), ITN_NOT_FOUND);
	store_batch_abort(f->engine);
}

/* Lists */

struct ids {
	char text[512];
	int64_t time;
	char last[16];
	size_t count;
};

static void add_id(void *context, const struct store_row *row)
{
	struct ids *ids = context;
	size_t len = strlen(ids->text);
	snprintf(ids->text + len, sizeof(ids->text) - len, "%s%.*s", len ? " " : "", STR_ARG(row->key));
	snprintf(ids->last, sizeof(ids->last), "%.*s", STR_ARG(row->key));
	ids->time = row->time;
	ids->count++;
}

/* In slices of two. */
static void check_list(struct fixture *f, const char *name, struct store_list list, const char *expected)
{
	struct ids ids = { .count = 0 };
	size_t before;
	list.kind = LIST_ALERTS;
	list.max = 2;
	do {
		char last[16];
		before = ids.count;
		snprintf(last, sizeof(last), "%s", ids.last);
		if (before)
			list.after = (struct store_cursor){ ids.time, str_from(last) };
		check_status(name, store_list(f->store, &list, add_id, &ids), ITN_OK);
	} while (ids.count == before + 2);
	check_text(name, ids.text, expected);
}

static void lists_are_by_time_and_id_and_by_each_filter(void **state)
{
	struct fixture *f = *state;
	struct alert_about other = { ENTITY_CARGO, STR("S2"), { NULL, 0 } }, namesake = { ENTITY_TRADE, STR("S2"), { NULL, 0 } };
	struct alert alerts[] = {
		raised("a.10", ALERT_OVERSIZE, of_trade, 2000), raised("a.2", ALERT_LATENESS, other, 2000),
		raised("z.1", ALERT_LATENESS, of_cargo, 1000),	raised("b.1", ALERT_OVERSIZE, of_cargo, 3000),
		raised("c.1", ALERT_LOW_STOCK, of_item, 4000),	raised("d.1", ALERT_OVERSIZE, namesake, 5000),
	};
	for (size_t i = 0; i < COUNT_OF(alerts); i++)
		make(f, &alerts[i]);
	alerts[0].acknowledged_at = 6000;
	alerts[0].version = 2;
	change(f, &alerts[0], 1);
	alerts[1].resolved_at = 7000;
	alerts[1].version = 2;
	change(f, &alerts[1], 1);
	struct store_list all = { .status = -1 };
	check_list(f, "all", all, "z.1 a.10 a.2 b.1 c.1 d.1");
	check_list(f, "open", (struct store_list){ .status = ALERT_OPEN }, "z.1 b.1 c.1 d.1");
	check_list(f, "acknowledged", (struct store_list){ .status = ALERT_ACKNOWLEDGED }, "a.10");
	check_list(f, "resolved", (struct store_list){ .status = ALERT_RESOLVED }, "a.2");
	check_list(f, "of a kind", (struct store_list){ .status = -1, .alert = ALERT_OVERSIZE }, "a.10 b.1 d.1");
	check_list(f, "of a cargo", (struct store_list){ .status = -1, .shipment = of_cargo.key }, "z.1 b.1");
	check_list(f, "of a trade", (struct store_list){ .status = -1, .trade = STR("S2") }, "d.1");
	check_list(f, "of a station", (struct store_list){ .status = -1, .station = STR("Vega") }, "c.1");
	check_list(f, "two filters",
		   (struct store_list){ .status = ALERT_OPEN, .alert = ALERT_OVERSIZE, .shipment = of_cargo.key }, "b.1");
	check_list(f, "since", (struct store_list){ .status = -1, .since = 2000 }, "a.10 a.2 b.1 c.1 d.1");
	check_list(f, "until", (struct store_list){ .status = -1, .until = 2000 }, "z.1");
	check_list(f, "between", (struct store_list){ .status = -1, .since = 2000, .until = 4000 }, "a.10 a.2 b.1");
	check_list(f, "nothing", (struct store_list){ .status = -1, .since = 4000, .until = 4000 }, "");
}

/* Cargo that is late */

static struct cargo due_cargo(struct fixture *f, const char *id, int64_t eta)
{
	struct cargo cargo = cargo_to(f, "Mars");
	cargo.id = str_from(id);
	cargo.eta = eta;
	put_cargo(f, &cargo);
	return cargo;
}

static void check_late(struct fixture *f, const char *name, int64_t until, const char *expected)
{
	struct store_cursor cursor = { 0 };
	char text[256] = "";
	size_t count;
	bool any = false;
	fixture_engine(f);
	check_status(name, store_backlog(f->engine, until, &any), ITN_OK);
	check_bool(name, any, *expected != '\0');
	begin(f, 1);
	do {
		struct cargo *cargo;
		check_status(name, store_batch_late(f->engine, f->arena, until, &cursor, 2, &cargo, &count), ITN_OK);
		for (size_t i = 0; i < count; i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.*s", *text ? " " : "",
				 STR_ARG(cargo[i].id));
	} while (count == 2);
	check_text(name, text, expected);
	store_batch_abort(f->engine);
}

static void write_cargo(struct fixture *f, const struct cargo *cargo)
{
	struct cargo_write write = { cargo, cargo->version };
	check_status("it is written", commit_alone(f, (struct store_writes){ .cargo = &write, .cargo_count = 1 }), ITN_OK);
}

static void cargo_is_late_once_its_eta_has_passed(void **state)
{
	struct fixture *f = *state;
	due_cargo(f, "never", 0);
	due_cargo(f, "c", 2000);
	due_cargo(f, "b", 2000);
	due_cargo(f, "a", 3000);
	due_cargo(f, "early", 1000);
	due_cargo(f, "old", -5);
	drain(f);
	check_late(f, "time rules pause", 0, "");
	check_late(f, "at the epoch", 1, "old");
	check_late(f, "nothing else yet", 999, "old");
	check_late(f, "one", 1000, "old early");
	check_late(f, "by eta, then id", 2999, "old early b c");
	check_late(f, "all", 3000, "old early b c a");
}

static void lateness_is_told_once_for_an_eta(void **state)
{
	struct fixture *f = *state;
	due_cargo(f, "a", 1000);
	due_cargo(f, "b", 1000);
	drain(f);
	struct cargo a = stored_cargo(f, STR("a")), read;
	a.late_eta = a.eta;
	write_cargo(f, &a);
	check_late(f, "the other", 5000, "b");
	begin(f, 1);
	check_status("a batch reads it", store_batch_cargo(f->engine, f->arena, a.id, &read), ITN_OK);
	check_int("what was told", read.late_eta, 1000);
	store_batch_abort(f->engine);
	struct entry entry;
	a.eta = 2000;
	a.version++;
	entry = cargo_entry(f, &a, ENTRY_CHANGE);
	check_status("a client sets another", store_cargo_change(f->store, &a, a.version - 1, &entry), ITN_OK);
	drain(f);
	check_late(f, "not yet", 1999, "b");
	check_late(f, "again", 2000, "b a");
	struct cargo b = stored_cargo(f, STR("b"));
	check_status("it is delivered", change_cargo(f, &b, CARGO_DELIVERED), ITN_OK);
	drain(f);
	check_late(f, "not any more", 5000, "a");
}

static void the_clock_is_about_ours(void **state)
{
	struct fixture *f = *state;
	int64_t now = 0;
	check_status("it is known", store_clock(f->store, &now), ITN_OK);
	check_bool("within a minute", now > clock_now_ms() - 60000 && now < clock_now_ms() + 60000, true);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(an_alert_is_read_as_it_was_written),
	CONTRACT(of_one_kind_about_one_thing_one_is_unresolved),
	CONTRACT(one_is_resolved_and_the_next_raised_in_one_batch),
	CONTRACT(a_change_is_guarded_by_the_version),
	CONTRACT(lists_are_by_time_and_id_and_by_each_filter),
	CONTRACT(cargo_is_late_once_its_eta_has_passed),
	CONTRACT(lateness_is_told_once_for_an_eta),
	CONTRACT(the_clock_is_about_ours),
};

const struct contract_group contract_alerts = { "alerts", tests, COUNT_OF(tests) };
