#include "contract.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/memory.h"

/* A program that is about one store says so. */
#ifndef CONTRACT_STORE
#define CONTRACT_STORE getenv("ITN_TEST_STORE")
#endif

void check_status(const char *name, enum itn_status actual, enum itn_status expected)
{
	check_text(name, itn_status_name(actual), itn_status_name(expected));
}

static void place_make(struct fixture *f)
{
	const char *given = CONTRACT_STORE;
	char token[9];
	id_random_hex(token, 8);
	snprintf(f->network, sizeof(f->network), "itn_test_%s", token);
	if (given && *given) {
		snprintf(f->uri, sizeof(f->uri), "%s", given);
		return;
	}
	snprintf(f->folder, sizeof(f->folder), "/tmp/itn-contract-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->uri, sizeof(f->uri), "sqlite:%s/itn.db", f->folder);
}

static void place_remove(const struct fixture *f)
{
	DIR *dir = f->folder[0] ? opendir(f->folder) : NULL;
	if (!dir)
		return;
	for (struct dirent *file; (file = readdir(dir));)
		if (file->d_name[0] != '.')
			unlinkat(dirfd(dir), file->d_name, 0);
	closedir(dir);
	rmdir(f->folder);
}

int fixture_set_up(void **state)
{
	struct fixture *f = memory_calloc(1, sizeof(*f));
	place_make(f);
	config_defaults(&f->config);
	f->config.store = f->uri;
	f->config.network = f->network;
	f->config.threads = 8;
	f->config.store_timeout_ms = 5000;
	f->arena = arena_new(65536);
	f->now = clock_now_ms();
	f->store = fixture_open_again(f);
	*state = f;
	return 0;
}

int fixture_tear_down(void **state)
{
	struct fixture *f = *state;
	store_engine_close(f->engine);
	store_close(f->store);
	arena_free(f->arena);
	place_remove(f);
	free(f);
	return 0;
}

struct store *fixture_open_again(struct fixture *f)
{
	struct store *store = NULL;
	struct error error = { "" };
	if (store_open(&f->config, &store, &error))
		fail_msg("the store %s can't be opened: %s", f->uri, error.text);
	return store;
}

struct store_engine *fixture_other_engine(struct fixture *f unused_arg, struct store *store, const char *holder)
{
	struct store_engine *engine;
	struct store_lease lease;
	check_status("an engine opens", store_engine_open(store, holder, &engine, NULL), ITN_OK);
	check_status("the lease is read", store_lease_read(engine, &lease), ITN_OK);
	check_status("the lease is taken", store_lease_take(engine, &lease), ITN_OK);
	return engine;
}

struct store_engine *fixture_engine(struct fixture *f)
{
	if (!f->engine)
		f->engine = fixture_other_engine(f, f->store, "engine-of-the-test");
	return f->engine;
}

static struct str new_id(struct fixture *f)
{
	char id[ID_LEN + 1];
	id_new(id);
	return arena_str(f->arena, str_from(id));
}

static struct lines one_line(struct fixture *f)
{
	struct line *line = arena_calloc(f->arena, 1, sizeof(*line));
	*line = (struct line){ STR("ore"), 5 };
	return (struct lines){ line, 1 };
}

struct trade trade_to(struct fixture *f, const char *destination)
{
	int64_t now = f->now++;
	return (struct trade){
		.id = new_id(f),
		.buyer = STR("Buyer"),
		.buyer_email = STR("buyer@example.org"),
		.seller = STR("Seller"),
		.seller_email = STR("seller@example.org"),
		.destination = str_from(destination),
		.items = one_line(f),
		.version = 1,
		.created_at = now,
		.updated_at = now,
	};
}

struct cargo cargo_to(struct fixture *f, const char *destination)
{
	int64_t now = f->now++;
	return (struct cargo){
		.id = new_id(f),
		.email = STR("cargo@example.org"),
		.destination = str_from(destination),
		.items = one_line(f),
		.own_items = one_line(f),
		.version = 1,
		.created_at = now,
		.updated_at = now,
	};
}

static struct str take_text(struct fixture *f, struct buf *buf)
{
	struct str text = arena_str(f->arena, buf_str(buf));
	buf_free(buf);
	return text;
}

struct entry trade_entry(struct fixture *f, const struct trade *trade, enum entry_kind kind)
{
	struct buf change = { 0 };
	trade_write_change(&change, trade, trade->status);
	return (struct entry){
		.id = new_id(f),
		.kind = kind,
		.entity = ENTITY_TRADE,
		.key = trade->id,
		.version = trade->version,
		.time = trade->updated_at,
		.change = take_text(f, &change),
	};
}

struct entry cargo_entry(struct fixture *f, const struct cargo *cargo, enum entry_kind kind)
{
	struct buf change = { 0 };
	cargo_write_change(&change, cargo, cargo->status);
	return (struct entry){
		.id = new_id(f),
		.kind = kind,
		.entity = ENTITY_CARGO,
		.key = cargo->id,
		.version = cargo->version,
		.time = cargo->updated_at,
		.change = take_text(f, &change),
	};
}

struct entry request_entry(struct fixture *f, const struct trade *trade)
{
	return (struct entry){
		.id = new_id(f),
		.kind = ENTRY_REQUEST,
		.entity = ENTITY_TRADE,
		.key = trade->id,
		.time = f->now++,
		.change = STR("{\"status\":\"canceled\"}"),
	};
}

struct str put_trade(struct fixture *f, const struct trade *trade)
{
	struct entry entry = trade_entry(f, trade, ENTRY_CREATE);
	check_status("a trade is created", store_trade_create(f->store, trade, &entry), ITN_OK);
	return entry.id;
}

struct str put_cargo(struct fixture *f, const struct cargo *cargo)
{
	struct entry entry = cargo_entry(f, cargo, ENTRY_CREATE);
	check_status("a cargo is created", store_cargo_create(f->store, cargo, &entry), ITN_OK);
	return entry.id;
}

enum itn_status change_trade(struct fixture *f, struct trade *trade, enum trade_status status)
{
	struct trade changed = *trade;
	changed.status = status;
	changed.holds = status == TRADE_DELAYED ? HOLD_MANUAL : 0;
	changed.version++;
	changed.updated_at = f->now++;
	struct entry entry = trade_entry(f, &changed, ENTRY_CHANGE);
	enum itn_status result = store_trade_change(f->store, &changed, trade->version, &entry);
	if (!result)
		*trade = changed;
	return result;
}

enum itn_status change_cargo(struct fixture *f, struct cargo *cargo, enum cargo_status status)
{
	struct cargo changed = *cargo;
	changed.status = status;
	changed.version++;
	changed.updated_at = f->now++;
	struct entry entry = cargo_entry(f, &changed, ENTRY_CHANGE);
	enum itn_status result = store_cargo_change(f->store, &changed, cargo->version, &entry);
	if (!result)
		*cargo = changed;
	return result;
}

struct trade stored_trade(struct fixture *f, struct str id)
{
	struct trade trade;
	check_status("the trade is there", store_trade(f->store, f->arena, id, &trade), ITN_OK);
	return trade;
}

struct cargo stored_cargo(struct fixture *f, struct str id)
{
	struct cargo cargo;
	check_status("the cargo is there", store_cargo(f->store, f->arena, id, &cargo), ITN_OK);
	return cargo;
}
