#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/id.h"
#include "core/json_in.h"
#include "domain/stock_take.h"
#include "store/notifications.h"

static void open_engine(struct world *world)
{
	struct error error = { "" };

	if (store_engine_open(world->store, "test", &world->engine, &error) != ITN_OK)
		fail_msg("store_engine_open: %s", error.text);
	assert_int_equal(store_lease_read(world->engine, &world->lease), ITN_OK);
	assert_int_equal(store_lease_take(world->engine, &world->lease), ITN_OK);
	world->sequencer = sequencer_new(&world->config, world->engine);
}

static void close_engine(struct world *world)
{
	sequencer_free(world->sequencer);
	store_engine_close(world->engine);
}

struct world *world_new(void)
{
	struct world *world = calloc(1, sizeof(*world));
	struct buf problems = { 0 };
	char *argv[] = { (char *)"test", NULL };
	struct error error = { "" };
	const char *given = getenv("ITN_TEST_STORE");
	char random[13];

	assert_non_null(world);
	if (config_load(&world->config, CONFIG_ALL, 1, argv, &problems) != ITN_OK)
		fail_msg("config: %.*s", (int)problems.len, problems.ptr);
	buf_free(&problems);
	/* In memory where that is possible: no test here loses its power supply. */
	snprintf(world->folder, sizeof(world->folder), "%s/itn-world-XXXXXX",
		 access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(world->folder));
	snprintf(world->uri, sizeof(world->uri), "sqlite:%s/itn.db", world->folder);
	id_random_hex(random, 12);
	snprintf(world->network, sizeof(world->network), "test-%s", random);
	world->config.network = world->network;
	world->config.store = given ? given : world->uri;
	world->config.batch_ms = 10000;
	world->config.mail_admins = "eve@example.org,kim@example.org";
	world->clock = INT64_C(1764000000000);
	world->arena = arena_new(0);
	if (store_open(&world->config, &world->store, &error) != ITN_OK)
		fail_msg("store_open: %s", error.text);
	open_engine(world);
	return world;
}

void world_free(struct world *world)
{
	static const char *const files[] = { "itn.db", "itn.db-wal", "itn.db-shm", "itn.db.lock", "itn.db-lock" };

	close_engine(world);
	store_close(world->store);
	arena_free(world->arena);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", world->folder, files[i]);
		unlink(path);
	}
	rmdir(world->folder);
	free(world);
}

void world_restart_engine(struct world *world)
{
	close_engine(world);
	open_engine(world);
}

void world_reconfigure(struct world *world)
{
	sequencer_free(world->sequencer);
	world->sequencer = sequencer_new(&world->config, world->engine);
}

struct lines world_lines(struct world *world, const char *text)
{
	struct lines lines = { arena_calloc(world->arena, LINES_MAX, sizeof(struct line)), 0 };
	char *copy = arena_cstr(world->arena, str_from(text)), *state = NULL;

	for (char *part = strtok_r(copy, ",", &state); part; part = strtok_r(NULL, ",", &state)) {
		char name[64];
		long long quantity;

		assert_int_equal(sscanf(part, " %63s %lld", name, &quantity), 2);
		lines.at[lines.count++] =
			(struct line){ arena_str(world->arena, str_from(name)), (int64_t)quantity };
	}
	return lines;
}

static struct entry entry_of(struct world *world, enum entry_kind kind, enum entity_kind entity, struct str key,
			     int64_t version, const struct buf *change)
{
	char id[ID_LEN + 1];

	id_new(id);
	return (struct entry){
		.id = arena_str(world->arena, str_from(id)),
		.kind = kind,
		.entity = entity,
		.key = key,
		.version = version,
		.time = world->clock,
		.change = arena_str(world->arena, buf_str(change)),
	};
}

struct str world_trade(struct world *world, const char *destination, const char *lines)
{
	return world_trade_from(world, NULL, destination, lines);
}

struct str world_trade_from(struct world *world, const char *station, const char *destination, const char *lines)
{
	struct trade trade = {
		.station = station ? str_from(station) : STR_NONE,
		.buyer = STR("Ada"),
		.buyer_email = STR("ada@example.org"),
		.seller = STR("Bob"),
		.seller_email = STR("bob@example.org"),
		.destination = str_from(destination),
		.items = world_lines(world, lines),
	};
	char id[ID_LEN + 1];
	struct buf change = { 0 };
	struct entry entry;

	id_new(id);
	trade_created(&trade, arena_str(world->arena, str_from(id)), ++world->clock, world->config.trade_lines_limit);
	trade_write_change(&change, &trade, trade.status);
	entry = entry_of(world, ENTRY_CREATE, ENTITY_TRADE, trade.id, trade.version, &change);
	assert_int_equal(store_trade_create(world->store, &trade, &entry), ITN_OK);
	buf_free(&change);
	return trade.id;
}

void world_cargo(struct world *world, const char *id, const char *destination, const char *own_lines, int64_t capacity)
{
	struct cargo cargo = {
		.id = str_from(id),
		.email = STR("dock@example.org"),
		.destination = str_from(destination),
		.own_items = world_lines(world, own_lines),
		.capacity = capacity,
	};
	struct buf change = { 0 };
	struct entry entry;

	cargo.items = world_lines(world, own_lines);
	cargo_created(&cargo, ++world->clock, world->config.cargo_lines_limit);
	cargo_write_change(&change, &cargo, cargo.status);
	entry = entry_of(world, ENTRY_CREATE, ENTITY_CARGO, cargo.id, cargo.version, &change);
	assert_int_equal(store_cargo_create(world->store, &cargo, &entry), ITN_OK);
	buf_free(&change);
}

void world_set_trade(struct world *world, struct str id, enum trade_status status)
{
	struct trade trade = world_get_trade(world, id);
	struct trade_change wish = { .status = status };
	enum trade_status from = trade.status;
	int64_t version = trade.version;
	struct buf change = { 0 };
	struct error why = { "" };
	struct entry entry;

	assert_int_equal(trade_change(&trade, &wish, ++world->clock, &why), VERDICT_CHANGED);
	trade_write_change(&change, &trade, from);
	entry = entry_of(world, ENTRY_CHANGE, ENTITY_TRADE, id, trade.version, &change);
	assert_int_equal(store_trade_change(world->store, &trade, version, &entry), ITN_OK);
	buf_free(&change);
}

void world_set_cargo(struct world *world, const char *id, enum cargo_status status)
{
	world_change_cargo(world, id, &(struct cargo_change){ .status = status });
}

void world_change_cargo(struct world *world, const char *id, const struct cargo_change *wish)
{
	struct cargo cargo = world_get_cargo(world, id);
	enum cargo_status from = cargo.status;
	int64_t version = cargo.version;
	struct buf change = { 0 };
	struct error why = { "" };
	struct entry entry;

	assert_int_equal(cargo_change(&cargo, wish, ++world->clock, &why), VERDICT_CHANGED);
	cargo_write_change(&change, &cargo, from);
	entry = entry_of(world, ENTRY_CHANGE, ENTITY_CARGO, str_from(id), cargo.version, &change);
	assert_int_equal(store_cargo_change(world->store, &cargo, version, &entry), ITN_OK);
	buf_free(&change);
}

struct str world_request(struct world *world, enum entity_kind entity, struct str key, const char *body)
{
	struct buf change = { 0 };
	struct entry entry;

	buf_add_cstr(&change, body);
	entry = entry_of(world, ENTRY_REQUEST, entity, key, 0, &change);
	assert_int_equal(store_request_add(world->store, &entry), ITN_OK);
	buf_free(&change);
	return entry.id;
}

struct str world_count_stock(struct world *world, const char *station, const char *counted)
{
	struct lines lines = world_lines(world, counted);
	struct stock_take take = { .at = arena_calloc(world->arena, lines.count, sizeof(*take.at)) };
	struct buf body = { 0 };
	struct str request;

	for (; take.count < lines.count; take.count++)
		take.at[take.count] =
			(struct count){ lines.at[take.count].name, lines.at[take.count].quantity, -1 };
	stock_take_write_body(&body, &take);
	request = world_request(world, ENTITY_INVENTORY, str_from(station), arena_cstr(world->arena, buf_str(&body)));
	buf_free(&body);
	return request;
}

enum itn_status world_step(struct world *world, struct sequencer_result *ret_result)
{
	return sequencer_run(world->sequencer, world->due_until, ret_result);
}

int world_settle(struct world *world)
{
	struct sequencer_result result;
	int batches = 0;
	bool any;

	for (;; batches++) {
		enum itn_status status;

		assert_int_equal(store_backlog(world->engine, world->due_until, &any), ITN_OK);
		if (!any)
			return batches;
		status = sequencer_run(world->sequencer, world->due_until, &result);
		if (status != ITN_OK && status != ITN_CONFLICT)
			fail_msg("sequencer_run: %s: %s (%s)", itn_status_name(status),
				 sequencer_stuck(world->sequencer), store_engine_error(world->engine));
		assert_true(batches < 10000);
	}
}

struct trade world_get_trade(struct world *world, struct str id)
{
	struct trade trade;

	assert_int_equal(store_trade(world->store, world->arena, id, &trade), ITN_OK);
	return trade;
}

struct cargo world_get_cargo(struct world *world, const char *id)
{
	struct cargo cargo;

	assert_int_equal(store_cargo(world->store, world->arena, str_from(id), &cargo), ITN_OK);
	return cargo;
}

static struct json_in *parse(struct world *world, struct str text)
{
	struct faults faults;
	struct json_in *doc;

	faults_init(&faults, world->arena);
	if (json_in_parse(world->arena, text, &faults, &doc) != ITN_OK)
		fail_msg("no JSON: %.*s", STR_ARG(text));
	return doc;
}

int64_t world_on_hand(struct world *world, const char *station, const char *item)
{
	return world_item(world, station, item, "quantity");
}

int64_t world_item(struct world *world, const char *station, const char *item, const char *member)
{
	struct buf json = { 0 };
	int64_t version, quantity = -1;
	enum itn_status status = store_inventory_json(world->store, str_from(station), &json, &version);
	struct json_in *doc;
	const json_value *items;

	if (status == ITN_NOT_FOUND)
		return -1;
	assert_int_equal(status, ITN_OK);
	doc = parse(world, buf_str(&json));
	items = json_in_member(json_in_root(doc), "items");
	for (size_t i = 0; i < json_in_count(items); i++) {
		const json_value *one = json_in_at(items, i);

		if (str_eq(json_in_str(json_in_member(one, "name")), str_from(item)))
			assert_true(json_in_integer(json_in_member(one, member), &quantity));
	}
	json_in_free(doc);
	buf_free(&json);
	return quantity;
}

struct reading {
	struct world *world;
	struct buf text;
	int64_t seq;
};

static void read_event(void *context, const struct store_event_row *row)
{
	static const char *const keys[] = { "transactionId", "shipmentId", "stationId" };
	struct reading *reading = context;
	struct json_in *doc = parse(reading->world, row->frame);
	const json_value *root = json_in_root(doc), *data = json_in_member(root, "data"), *value = NULL;
	int64_t seq = 0;

	assert_int_equal(row->seq, ++reading->seq);
	assert_true(json_in_integer(json_in_member(root, "seq"), &seq));
	assert_int_equal(seq, row->seq);
	buf_printf(&reading->text, "%lld %.*s", (long long)seq, STR_ARG(json_in_str(json_in_member(root, "event"))));
	for (size_t i = 0; i < 3 && !value; i++)
		value = json_in_member(data, keys[i]);
	assert_non_null(value);
	buf_printf(&reading->text, " %.*s", STR_ARG(json_in_str(value)));
	value = json_in_member(data, "status");
	if (value)
		buf_printf(&reading->text, " %.*s", STR_ARG(json_in_str(value)));
	value = json_in_member(root, "message");
	if (value)
		buf_printf(&reading->text, " [%.*s]", STR_ARG(json_in_str(value)));
	buf_add_char(&reading->text, '\n');
	json_in_free(doc);
}

const char *world_log(struct world *world)
{
	struct reading reading = { .world = world };
	int64_t before;
	const char *text;

	do {
		before = reading.seq;
		assert_int_equal(store_events(world->store, before, 1000, read_event, &reading), ITN_OK);
	} while (reading.seq > before);
	text = arena_cstr(world->arena, buf_str(&reading.text));
	buf_free(&reading.text);
	return text;
}

struct movements {
	struct world *world;
	struct buf text;
	struct store_cursor last;
	size_t count;
};

static int64_t number_of(const json_value *object, const char *member)
{
	int64_t number = 0;

	assert_true(json_in_integer(json_in_member(object, member), &number));
	return number;
}

static void read_movement(void *context, const struct store_row *row)
{
	struct movements *movements = context;
	struct json_in *doc = parse(movements->world, row->json);
	const json_value *root = json_in_root(doc), *trade = json_in_member(root, "transactionId");

	buf_printf(&movements->text, "%lld %lld %.*s %.*s %lld > %.*s %lld", (long long)number_of(root, "seq"),
		   (long long)number_of(root, "quantity"), STR_ARG(json_in_str(json_in_member(root, "item"))),
		   STR_ARG(json_in_str(json_in_member(root, "from"))), (long long)number_of(root, "fromBalance"),
		   STR_ARG(json_in_str(json_in_member(root, "to"))), (long long)number_of(root, "toBalance"));
	if (trade)
		buf_printf(&movements->text, " %.*s", STR_ARG(json_in_str(trade)));
	buf_add_char(&movements->text, '\n');
	movements->last = (struct store_cursor){ row->time, arena_str(movements->world->arena, row->key) };
	movements->count++;
	json_in_free(doc);
}

const char *world_movements(struct world *world, const char *station)
{
	struct store_list list = { .kind = LIST_MOVEMENTS, .station = str_from(station), .max = 1000 };
	struct movements movements = { .world = world };
	const char *text;

	do {
		movements.count = 0;
		list.after = movements.last;
		assert_int_equal(store_list(world->store, &list, read_movement, &movements), ITN_OK);
	} while (movements.count == list.max);
	text = arena_cstr(world->arena, buf_str(&movements.text));
	buf_free(&movements.text);
	return text;
}

struct mails {
	struct world *world;
	struct buf text;
	size_t count;
};

static void read_mail(void *context, const struct notification *mail)
{
	struct mails *mails = context;
	enum store_progress progress;

	assert_int_equal(store_progress(mails->world->store, &mail->event, 1, &progress), ITN_OK);
	assert_int_not_equal(progress, PROGRESS_ACCEPTED);
	assert_int_equal(strncmp(mail->id.ptr, mail->event.ptr, mail->event.len), 0);
	assert_true(mail->body.len > 0 && mail->body.ptr[mail->body.len - 1] == '\n');
	buf_printf(&mails->text, "%s %.*s: %.*s\n", notification_status_name(mail->status), STR_ARG(mail->to),
		   STR_ARG(mail->subject));
	mails->count++;
}

const char *world_mails(struct world *world)
{
	struct mails mails = { .world = world };
	const char *text;

	for (unsigned status = 0; status < NOTIFICATION_STATUSES; status++)
		assert_int_equal(store_notifications(world->store, (enum notification_status)status, NULL, 1000, read_mail,
						     &mails),
				 ITN_OK);
	text = arena_cstr(world->arena, buf_str(&mails.text));
	buf_free(&mails.text);
	return text;
}

int world_count(struct world *world, const char *part)
{
	char *log = arena_cstr(world->arena, str_from(world_log(world))), *state = NULL;
	int count = 0;

	for (char *line = strtok_r(log, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
		count += strstr(line, part) != NULL;
	return count;
}
