#include "contract.h"

static struct str trade_text(struct fixture *f, const struct trade *trade)
{
	struct buf buf = { 0 };
	trade_write_json(&buf, trade);
	struct str text = arena_str(f->arena, buf_str(&buf));
	buf_free(&buf);
	return text;
}

static struct str cargo_text(struct fixture *f, const struct cargo *cargo)
{
	struct buf buf = { 0 };
	cargo_write_json(&buf, cargo);
	struct str text = arena_str(f->arena, buf_str(&buf));
	buf_free(&buf);
	return text;
}

static struct trade full_trade(struct fixture *f)
{
	struct trade trade = trade_to(f, "Mars $base.\"1\"");
	struct line *lines = arena_calloc(f->arena, 3, sizeof(*lines));
	lines[0] = (struct line){ STR("$gt"), 1 };
	lines[1] = (struct line){ STR("a.b.c \xf0\x9f\x9a\x80"), QUANTITY_MAX };
	lines[2] = (struct line){ STR("$gt"), 7 };
	trade.items = (struct lines){ lines, 3 };
	trade.station = STR("Ceres/\\'; --");
	trade.status = TRADE_DELAYED;
	trade.holds = HOLD_SIZE | HOLD_MANUAL;
	trade.reason = STR("");
	return trade;
}

static void a_trade_comes_back_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct trade plain = trade_to(f, "Mars"), full = full_trade(f);
	put_trade(f, &plain);
	put_trade(f, &full);
	struct trade stored = stored_trade(f, plain.id);
	check_str("the plain one", trade_text(f, &stored), trade_text(f, &plain));
	stored = stored_trade(f, full.id);
	check_str("the full one", trade_text(f, &stored), trade_text(f, &full));
}

static void a_trade_s_document_is_its_public_json(void **state)
{
	struct fixture *f = *state;
	struct trade trade = full_trade(f);
	put_trade(f, &trade);
	struct buf out = { 0 };
	buf_add_cstr(&out, "before ");
	int64_t version = 0;
	check_status("read", store_trade_json(f->store, trade.id, &out, &version), ITN_OK);
	check_int("its version", version, 1);
	check_str("appended", buf_str(&out), arena_printf(f->arena, "before %.*s", STR_ARG(trade_text(f, &trade))));
	buf_free(&out);
}

static void a_cargo_comes_back_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct cargo cargo = cargo_to(f, "Mars");
	cargo.id = STR("Sh\xc3\xafp-1.$x");
	cargo.origin = STR("Earth");
	cargo.capacity = 1000;
	cargo.status = CARGO_DELAYED;
	cargo.eta = f->now;
	cargo.location = STR("Lagrange 2");
	put_cargo(f, &cargo);
	struct cargo stored = stored_cargo(f, cargo.id);
	check_str("the struct", cargo_text(f, &stored), cargo_text(f, &cargo));
	struct buf out = { 0 };
	int64_t version = 0;
	check_status("read", store_cargo_json(f->store, cargo.id, &out, &version), ITN_OK);
	check_str("the document", buf_str(&out), cargo_text(f, &cargo));
	check_int("its version", version, 1);
	buf_free(&out);
}

static void a_cargo_without_lines_is_kept(void **state)
{
	struct fixture *f = *state;
	struct cargo cargo = cargo_to(f, "Mars");
	cargo.items = cargo.own_items = (struct lines){ 0 };
	put_cargo(f, &cargo);
	struct cargo stored = stored_cargo(f, cargo.id);
	check_str("the struct", cargo_text(f, &stored), cargo_text(f, &cargo));
}

static void what_is_not_there_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct trade trade;
	struct cargo cargo;
	struct request_verdict verdict;
	struct buf out = { 0 };
	int64_t version;
	struct str id = STR("000000000000000000000000");
	check_status("trade", store_trade(f->store, f->arena, id, &trade), ITN_NOT_FOUND);
	check_status("cargo", store_cargo(f->store, f->arena, id, &cargo), ITN_NOT_FOUND);
	check_status("trade's document", store_trade_json(f->store, id, &out, &version), ITN_NOT_FOUND);
	check_status("cargo's document", store_cargo_json(f->store, id, &out, &version), ITN_NOT_FOUND);
	check_status("inventory", store_inventory_json(f->store, id, &out, &version), ITN_NOT_FOUND);
	check_status("verdict", store_request_verdict(f->store, f->arena, id, &verdict), ITN_NOT_FOUND);
	check_int("nothing was written out", (long long)out.len, 0);
	buf_free(&out);
}

static void a_creation_sent_twice_has_one_effect(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	struct cargo cargo = cargo_to(f, "Mars");
	struct entry of_trade = trade_entry(f, &trade, ENTRY_CREATE), of_cargo = cargo_entry(f, &cargo, ENTRY_CREATE);
	for (int i = 0; i < 2; i++) {
		check_status("the trade", store_trade_create(f->store, &trade, &of_trade), ITN_OK);
		check_status("the cargo", store_cargo_create(f->store, &cargo, &of_cargo), ITN_OK);
	}
	check_int("entries that wait", (long long)drain(f), 2);
	check_status("the trade, once logged", store_trade_create(f->store, &trade, &of_trade), ITN_OK);
	check_status("the cargo, once logged", store_cargo_create(f->store, &cargo, &of_cargo), ITN_OK);
	check_int("no further entry", (long long)drain(f), 0);
}

static void a_shipment_id_is_given_once(void **state)
{
	struct fixture *f = *state;
	struct cargo first = cargo_to(f, "Mars"), second = cargo_to(f, "Venus");
	put_cargo(f, &first);
	second.id = first.id;
	struct entry entry = cargo_entry(f, &second, ENTRY_CREATE);
	check_status("waiting", store_cargo_create(f->store, &second, &entry), ITN_EXISTS);
	check_int("one entry", (long long)drain(f), 1);
	check_status("logged", store_cargo_create(f->store, &second, &entry), ITN_EXISTS);
	check_str("the first stays", stored_cargo(f, first.id).destination, STR("Mars"));
	check_int("no entry of the second", (long long)drain(f), 0);
}

static void a_change_needs_the_version_that_was_read(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars"), stale = trade;
	put_trade(f, &trade);
	check_status("first", change_trade(f, &trade, TRADE_DELAYED), ITN_OK);
	check_status("stale", change_trade(f, &stale, TRADE_CANCELED), ITN_CONFLICT);
	struct trade stored = stored_trade(f, trade.id);
	check_int("status", stored.status, TRADE_DELAYED);
	check_int("holds", stored.holds, HOLD_MANUAL);
	check_int("version", stored.version, 2);
	struct cargo cargo = cargo_to(f, "Mars"), old = cargo;
	put_cargo(f, &cargo);
	check_status("first of cargo", change_cargo(f, &cargo, CARGO_IN_TRANSIT), ITN_OK);
	check_status("stale cargo", change_cargo(f, &old, CARGO_DELAYED), ITN_CONFLICT);
	check_int("cargo's status", stored_cargo(f, cargo.id).status, CARGO_IN_TRANSIT);
	check_int("entries", (long long)drain(f), 4);
}

static void a_change_of_nothing_is_a_conflict(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	struct cargo cargo = cargo_to(f, "Mars");
	check_status("trade", change_trade(f, &trade, TRADE_DELAYED), ITN_CONFLICT);
	check_status("cargo", change_cargo(f, &cargo, CARGO_DELAYED), ITN_CONFLICT);
	check_int("entries", (long long)drain(f), 0);
}

static void a_change_sent_twice_has_one_effect(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	trade.status = TRADE_CANCELED;
	trade.version = 2;
	struct entry entry = trade_entry(f, &trade, ENTRY_CHANGE);
	check_status("once", store_trade_change(f->store, &trade, 1, &entry), ITN_OK);
	check_status("twice", store_trade_change(f->store, &trade, 1, &entry), ITN_OK);
	check_int("entries", (long long)drain(f), 2);
	check_status("once logged", store_trade_change(f->store, &trade, 1, &entry), ITN_OK);
	check_int("no further entry", (long long)drain(f), 0);
}

static void sixty_four_entries_wait_and_no_more(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars"), other = trade_to(f, "Mars");
	put_trade(f, &trade);
	for (int i = 1; i < ENTRIES_MAX; i++)
		check_status("a change", change_trade(f, &trade, i % 2 ? TRADE_DELAYED : TRADE_PENDING), ITN_OK);
	check_status("one too many", change_trade(f, &trade, TRADE_DELAYED), ITN_FULL);
	check_int("nothing was done", stored_trade(f, trade.id).version, ENTRIES_MAX);
	put_trade(f, &other);
	check_int("entries", (long long)drain(f), ENTRIES_MAX + 1);
	check_status("room again", change_trade(f, &trade, TRADE_DELAYED), ITN_OK);

	struct cargo cargo = cargo_to(f, "Mars");
	put_cargo(f, &cargo);
	for (int i = 1; i < ENTRIES_MAX; i++)
		check_status("a change of cargo", change_cargo(f, &cargo, CARGO_DELAYED), ITN_OK);
	check_status("one too many of cargo", change_cargo(f, &cargo, CARGO_DELAYED), ITN_FULL);
}

static void a_change_leaves_the_engine_s_members(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	struct cargo cargo = cargo_to(f, "Mars");
	put_trade(f, &trade);
	put_cargo(f, &cargo);
	drain(f);
	check_status("trade", change_trade(f, &trade, TRADE_DELAYED), ITN_OK);
	check_status("cargo", change_cargo(f, &cargo, CARGO_DELAYED), ITN_OK);
	struct trade read;
	struct cargo read_cargo;
	begin(f, 10);
	check_status("read", store_batch_trade(f->engine, f->arena, trade.id, &read), ITN_OK);
	check_status("read", store_batch_cargo(f->engine, f->arena, cargo.id, &read_cargo), ITN_OK);
	store_batch_abort(f->engine);
	check_int("goods", read.goods, GOODS_NONE);
	check_bool("open", read_cargo.open, true);
	check_int("entries beyond the log", read.unsequenced, 1);
}

static void a_request_waits_for_its_verdict(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	struct entry request = request_entry(f, &trade);
	for (int i = 0; i < 2; i++)
		check_status("added", store_request_add(f->store, &request), ITN_OK);
	struct request_verdict verdict;
	check_status("known", store_request_verdict(f->store, f->arena, request.id, &verdict), ITN_OK);
	check_int("waits", verdict.state, REQUEST_WAITING);
	check_int("the trade is as it was", stored_trade(f, trade.id).version, 1);
	struct store_batch batch = begin(f, 10);
	check_int("entries", (long long)batch.count, 2);
	const struct entry *entry = &batch.entries[1];
	check_int("kind", entry->kind, ENTRY_REQUEST);
	check_int("entity", entry->entity, ENTITY_TRADE);
	check_str("key", entry->key, trade.id);
	check_str("id", entry->id, request.id);
	check_str("wish", entry->change, request.change);
}

static void a_store_answers_its_head(void **state)
{
	struct fixture *f = *state;
	struct store_head head, again;
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("the log's name", (long long)strlen(head.log), STORE_LOG_ID_LEN);
	check_int("schema", head.schema, STORE_SCHEMA);
	check_int("nothing logged", head.last_seq, 0);
	check_int("never", head.logged_at, 0);
	struct store *second = fixture_open_again(f);
	check_status("head", store_head(second, &again), ITN_OK);
	check_text("the same log", again.log, head.log);
	store_close(second);
	struct error error = { "" };
	check_status("healthy", store_check(f->store, &error), ITN_OK);
	check_text("no complaint", error.text, "");
}

static void a_store_of_no_kind_is_refused(unused_arg void **state)
{
	static const char *const uris[] = { "redis://host", "sqlite", "SQLITE:x", "/tmp/x.db", "" };
	for (size_t i = 0; i < COUNT_OF(uris); i++) {
		struct config config;
		struct store *store;
		struct error error = { "" };
		config_defaults(&config);
		config.store = uris[i];
		check_status(uris[i], store_open(&config, &store, &error), ITN_INVALID);
		check_has(uris[i], error.text, "sqlite:PATH");
	}
}

static const struct CMUnitTest tests[] = {
	CONTRACT(a_trade_comes_back_as_it_was_written),
	CONTRACT(a_trade_s_document_is_its_public_json),
	CONTRACT(a_cargo_comes_back_as_it_was_written),
	CONTRACT(a_cargo_without_lines_is_kept),
	CONTRACT(what_is_not_there_is_not_found),
	CONTRACT(a_creation_sent_twice_has_one_effect),
	CONTRACT(a_shipment_id_is_given_once),
	CONTRACT(a_change_needs_the_version_that_was_read),
	CONTRACT(a_change_of_nothing_is_a_conflict),
	CONTRACT(a_change_sent_twice_has_one_effect),
	CONTRACT(sixty_four_entries_wait_and_no_more),
	CONTRACT(a_change_leaves_the_engine_s_members),
	CONTRACT(a_request_waits_for_its_verdict),
	CONTRACT(a_store_answers_its_head),
	cmocka_unit_test(a_store_of_no_kind_is_refused),
};

const struct contract_group contract_write = { "writing", tests, COUNT_OF(tests) };
