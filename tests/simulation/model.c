#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/json_in.h"
#include "core/memory.h"

#define LINES      32
#define TRADES_MAX 1024
#define CARGO_MAX  512
#define STOCK_MAX  128
#define LANES_MAX  8
#define EVENTS_MAX 16384

struct lines {
	struct {
		char name[16];
		int64_t quantity;
	} at[LINES];
	size_t count;
};

/* `told_*`: as the log shows it. The others: as it must be. */
struct trade {
	char id[32], destination[16], status[16], shipment[48], created_at[32];
	struct lines lines;
	int64_t version;
	bool applied; /* its creation's effects are done */
	bool arrived;
	char told_status[16], told_shipment[48];
	const char *data;
	size_t data_len;
};

struct cargo {
	char id[48], destination[16], status[16], created_at[32];
	struct lines own, items;
	int64_t capacity, version;
	bool open; /* takes trades */
	bool departed, delivered;
	char told_status[16];
	struct lines told_items;
	int64_t told_trades;
	const char *data;
	size_t data_len;
};

struct stock {
	char station[16], item[16];
	int64_t on_hand, incoming;
	int64_t told_on_hand, told_incoming, version;
};

struct cause {
	int64_t seq;
	bool is_cargo, created;
	size_t place; /* of its document */
	char status[16], from[16];
	char tag[64];
};

struct model {
	size_t trade_limit, cargo_limit;
	unsigned admins;
	void (*fail)(const char *fmt, ...);
	uint64_t *rules;
	struct trade trades[TRADES_MAX];
	struct cargo cargo[CARGO_MAX];
	struct stock stock[STOCK_MAX];
	size_t trade_count, cargo_count, stock_count;
	char lanes[LANES_MAX][16];
	bool rests[LANES_MAX]; /* had no effects outstanding when the batch began */
	size_t lane_count;
	struct cause causes[EVENTS_MAX];
	size_t cause_count, batch_first; /* of the batch's causes */
	size_t warnings[LANES_MAX];      /* criticalEvents of this batch */
	char ids[EVENTS_MAX][36];
	unsigned mails[EVENTS_MAX]; /* due about this event */
	struct {
		const void *of; /* trade or cargo; NULL: another's */
		int64_t version;
	} versions[EVENTS_MAX]; /* told by this event */
	int64_t seq;
};

struct model *model_new(size_t trade_lines_limit, size_t cargo_lines_limit, unsigned admins,
			void (*fail)(const char *fmt, ...), uint64_t *rules)
{
	struct model *model = memory_calloc(1, sizeof(*model));

	model->trade_limit = trade_lines_limit;
	model->cargo_limit = cargo_lines_limit;
	model->admins = admins;
	model->fail = fail;
	model->rules = rules;
	return model;
}

void model_free(struct model *model)
{
	free(model);
}

/* Lines of goods. */

static int64_t quantity_of(const struct lines *lines, const char *name)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->at[i].name, name) == 0)
			return lines->at[i].quantity;
	return 0;
}

static void add_line(struct lines *lines, const char *name, int64_t quantity)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->at[i].name, name) == 0) {
			lines->at[i].quantity += quantity;
			return;
		}
	snprintf(lines->at[lines->count].name, sizeof(lines->at[0].name), "%s", name);
	lines->at[lines->count++].quantity = quantity;
}

static void add_lines(struct lines *lines, const struct lines *more)
{
	for (size_t i = 0; i < more->count; i++)
		add_line(lines, more->at[i].name, more->at[i].quantity);
}

static int64_t total(const struct lines *lines)
{
	int64_t sum = 0;

	for (size_t i = 0; i < lines->count; i++)
		sum += lines->at[i].quantity;
	return sum;
}

static bool same_goods(const struct lines *a, const struct lines *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (quantity_of(b, a->at[i].name) != a->at[i].quantity)
			return false;
	return true;
}

/* Finding things. */

static struct trade *trade_of(struct model *model, const char *id)
{
	for (size_t i = 0; i < model->trade_count; i++)
		if (strcmp(model->trades[i].id, id) == 0)
			return &model->trades[i];
	return NULL;
}

static struct cargo *cargo_of(struct model *model, const char *id)
{
	for (size_t i = 0; i < model->cargo_count; i++)
		if (strcmp(model->cargo[i].id, id) == 0)
			return &model->cargo[i];
	return NULL;
}

static struct stock *stock_of(struct model *model, const char *station, const char *item)
{
	struct stock *stock;

	for (size_t i = 0; i < model->stock_count; i++)
		if (!strcmp(model->stock[i].station, station) && !strcmp(model->stock[i].item, item))
			return &model->stock[i];
	if (model->stock_count == STOCK_MAX)
		model->fail("the model has no room for more stock");
	stock = &model->stock[model->stock_count++];
	snprintf(stock->station, sizeof(stock->station), "%s", station);
	snprintf(stock->item, sizeof(stock->item), "%s", item);
	return stock;
}

static size_t lane_of(struct model *model, const char *name)
{
	for (size_t i = 0; i < model->lane_count; i++)
		if (strcmp(model->lanes[i], name) == 0)
			return i;
	if (model->lane_count == LANES_MAX)
		model->fail("the model has no room for lane %s", name);
	snprintf(model->lanes[model->lane_count], sizeof(model->lanes[0]), "%s", name);
	model->rests[model->lane_count] = true;
	return model->lane_count++;
}

/* Reading a frame. */

static void text(const json_value *object, const char *name, char *ret, size_t size)
{
	const json_value *value = json_in_member(object, name);
	struct str s = value && json_in_type(value) == JSON_STRING ? json_in_str(value) : (struct str){ "", 0 };

	snprintf(ret, size, "%.*s", STR_ARG(s));
}

static int64_t number(const json_value *object, const char *name)
{
	int64_t value = 0;
	const json_value *member = json_in_member(object, name);

	return member && json_in_integer(member, &value) ? value : 0;
}

static void lines_read(struct model *model, const json_value *object, const char *name, struct lines *ret)
{
	const json_value *array = json_in_member(object, name);

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < json_in_count(array); i++) {
		if (ret->count == LINES)
			model->fail("the model has no room for more than %d lines", LINES);
		text(json_in_at(array, i), "name", ret->at[ret->count].name, sizeof(ret->at[0].name));
		ret->at[ret->count++].quantity = number(json_in_at(array, i), "quantity");
	}
}

/* Which status may follow which for a client. */

static bool may_follow(bool is_cargo, const char *from, const char *to)
{
	static const char *const trade[] = { "pending completed",
					     "pending canceled",
					     "pending delayed",
					     "delayed pending",
					     "delayed completed",
					     "delayed canceled",
					     NULL };
	static const char *const cargo[] = { "pending in transit",   "pending delayed",
					     "pending delivered",    "in transit delayed",
					     "in transit delivered", "delayed in transit",
					     "delayed delivered",    NULL };
	char step[40];

	snprintf(step, sizeof(step), "%s %s", from, to);
	for (const char *const *at = is_cargo ? cargo : trade; *at; at++)
		if (strcmp(*at, step) == 0)
			return true;
	return false;
}

static bool is_open(const char *status)
{
	return strcmp(status, "pending") == 0 || strcmp(status, "delayed") == 0;
}

/* Taking an event in. */

struct told {
	int64_t seq;
	char event[24], id[36];
	bool derived;
	const json_value *data;
	const char *raw;
	size_t raw_len;
};

static void note_id(struct model *model, const struct told *told)
{
	const char *dot = strchr(told->id, '.');
	size_t len = dot ? (size_t)(dot - told->id) : 0;
	bool cause_known = !dot;

	if (told->seq != model->seq + 1)
		model->fail("seq %lld comes after %lld", (long long)told->seq, (long long)model->seq);
	for (int64_t i = 1; i <= model->seq; i++) {
		if (strcmp(model->ids[i], told->id) == 0)
			model->fail("event %s is in the log twice, as %lld and %lld", told->id, (long long)i,
				    (long long)told->seq);
		cause_known |= dot && strncmp(model->ids[i], told->id, len) == 0 && !model->ids[i][len];
	}
	if (!cause_known)
		model->fail("event %s comes before its cause", told->id);
	model->seq = told->seq;
	snprintf(model->ids[told->seq], sizeof(model->ids[0]), "%s", told->id);
}

static struct cause *add_cause(struct model *model, const struct told *told, bool is_cargo, bool created, size_t place,
			       const char *from, const char *status)
{
	static const char *const members[2][2] = { { "reason", "buyer" }, { "location", "emailId" } };
	struct cause *cause = &model->causes[model->cause_count++];

	*cause = (struct cause){ .seq = told->seq, .is_cargo = is_cargo, .created = created, .place = place };
	snprintf(cause->status, sizeof(cause->status), "%s", status);
	snprintf(cause->from, sizeof(cause->from), "%s", from);
	text(told->data, members[is_cargo][created], cause->tag, sizeof(cause->tag));
	return cause;
}

static void check_version(struct model *model, const struct told *told, const char *key, int64_t before)
{
	if (number(told->data, "version") != before + 1)
		model->fail("seq %lld tells version %lld of %s after %lld", (long long)told->seq,
			    (long long)number(told->data, "version"), key, (long long)before);
}

static void take_new_trade(struct model *model, const struct told *told, const char *id)
{
	struct trade *trade = &model->trades[model->trade_count];

	if (model->trade_count == TRADES_MAX || told->derived || strcmp(told->event, "tradeCreate") != 0)
		model->fail("seq %lld: a new trade by %s", (long long)told->seq, told->event);
	snprintf(trade->id, sizeof(trade->id), "%s", id);
	text(told->data, "destination", trade->destination, sizeof(trade->destination));
	text(told->data, "createdAt", trade->created_at, sizeof(trade->created_at));
	text(told->data, "status", trade->status, sizeof(trade->status));
	lines_read(model, told->data, "items", &trade->lines);
	if (strcmp(trade->status, trade->lines.count > model->trade_limit ? "delayed" : "pending") != 0)
		model->fail("seq %lld: a new trade with %zu lines is %s", (long long)told->seq, trade->lines.count,
			    trade->status);
	memcpy(trade->told_status, trade->status, sizeof(trade->told_status));
	if (json_in_member(told->data, "shipment"))
		model->fail("seq %lld: a new trade is on a shipment", (long long)told->seq);
	add_cause(model, told, false, true, model->trade_count++, "", trade->status);
}

/* A client changes a trade's status and nothing that is the engine's. */
static void take_trade_change(struct model *model, const struct told *told, struct trade *trade, const char *status,
			      const char *shipment)
{
	if (strcmp(shipment, trade->told_shipment) != 0)
		model->fail("seq %lld: a client's change moves trade %s from '%s' to '%s'", (long long)told->seq,
			    trade->id, trade->told_shipment, shipment);
	if (!may_follow(false, trade->told_status, status))
		model->fail("seq %lld: trade %s goes from %s to %s", (long long)told->seq, trade->id,
			    trade->told_status, status);
	add_cause(model, told, false, false, (size_t)(trade - model->trades), trade->told_status, status);
	snprintf(trade->status, sizeof(trade->status), "%s", status);
}

static void take_trade_effect(struct model *model, const struct told *told, struct trade *trade, const char *status,
			      const char *shipment)
{
	const struct cargo *cargo = cargo_of(model, shipment);

	if (strcmp(shipment, trade->told_shipment) != 0) {
		if (*shipment && (!cargo || strcmp(cargo->destination, trade->destination) != 0))
			model->fail("seq %lld: trade %s to %s is loaded onto '%s'", (long long)told->seq, trade->id,
				    trade->destination, shipment);
		if (*trade->told_shipment && cargo_of(model, trade->told_shipment) && is_open(status))
			model->fail("seq %lld: trade %s is %s and leaves %s", (long long)told->seq, trade->id, status,
				    trade->told_shipment);
	}
	if (strcmp(status, trade->told_status) == 0)
		return;
	if (strcmp(status, "completed") != 0 || !is_open(trade->told_status) || !cargo ||
	    strcmp(cargo->told_status, "delivered") != 0)
		model->fail("seq %lld: trade %s goes from %s to %s by itself", (long long)told->seq, trade->id,
			    trade->told_status, status);
}

static void take_trade(struct model *model, const struct told *told)
{
	char id[32], status[16], shipment[48];
	struct trade *trade;

	text(told->data, "transactionId", id, sizeof(id));
	text(told->data, "status", status, sizeof(status));
	text(told->data, "shipmentId", shipment, sizeof(shipment));
	trade = trade_of(model, id);
	check_version(model, told, id, trade ? trade->version : 0);
	if (!trade) {
		take_new_trade(model, told, id);
		trade = trade_of(model, id);
	} else if (told->derived) {
		take_trade_effect(model, told, trade, status, shipment);
	} else {
		take_trade_change(model, told, trade, status, shipment);
	}
	model->mails[told->seq] = strcmp(trade->told_status, status) != 0; /* rule 10 */
	snprintf(trade->told_status, sizeof(trade->told_status), "%s", status);
	snprintf(trade->told_shipment, sizeof(trade->told_shipment), "%s", shipment);
	trade->version = number(told->data, "version");
	model->versions[told->seq].of = trade;
	model->versions[told->seq].version = trade->version;
	trade->data = told->raw;
	trade->data_len = told->raw_len;
}

static void take_new_cargo(struct model *model, const struct told *told, const char *id)
{
	struct cargo *cargo = &model->cargo[model->cargo_count];

	if (model->cargo_count == CARGO_MAX || told->derived)
		model->fail("seq %lld: new cargo by %s", (long long)told->seq, told->id);
	snprintf(cargo->id, sizeof(cargo->id), "%s", id);
	text(told->data, "destination", cargo->destination, sizeof(cargo->destination));
	text(told->data, "createdAt", cargo->created_at, sizeof(cargo->created_at));
	text(told->data, "status", cargo->status, sizeof(cargo->status));
	cargo->capacity = number(told->data, "capacity");
	lines_read(model, told->data, "ownItems", &cargo->own);
	cargo->items = cargo->own;
	if (strcmp(cargo->status, cargo->own.count > model->cargo_limit ? "delayed" : "pending") != 0)
		model->fail("seq %lld: new cargo with %zu lines is %s", (long long)told->seq, cargo->own.count,
			    cargo->status);
	add_cause(model, told, true, true, model->cargo_count++, "", cargo->status);
}

static void take_cargo_change(struct model *model, const struct told *told, struct cargo *cargo, const char *status,
			      const struct lines *items)
{
	if (!same_goods(items, &cargo->told_items))
		model->fail("seq %lld: a client's change changes the manifest of %s", (long long)told->seq, cargo->id);
	if (strcmp(status, cargo->told_status) != 0 && !may_follow(true, cargo->told_status, status))
		model->fail("seq %lld: cargo %s goes from %s to %s", (long long)told->seq, cargo->id,
			    cargo->told_status, status);
	add_cause(model, told, true, false, (size_t)(cargo - model->cargo), cargo->told_status, status);
	snprintf(cargo->status, sizeof(cargo->status), "%s", status);
}

static void take_cargo(struct model *model, const struct told *told)
{
	char id[48], status[16];
	struct cargo *cargo;
	struct lines items;

	text(told->data, "shipmentId", id, sizeof(id));
	text(told->data, "status", status, sizeof(status));
	lines_read(model, told->data, "items", &items);
	cargo = cargo_of(model, id);
	check_version(model, told, id, cargo ? cargo->version : 0);
	if (!cargo) {
		take_new_cargo(model, told, id);
		cargo = cargo_of(model, id);
	} else if (!told->derived) {
		take_cargo_change(model, told, cargo, status, &items);
	} else if (strcmp(status, cargo->told_status) != 0) {
		model->fail("seq %lld: cargo %s goes to %s by itself", (long long)told->seq, id, status);
	}
	model->mails[told->seq] = strcmp(status, "delivered") == 0 && strcmp(cargo->told_status, status) != 0;
	snprintf(cargo->told_status, sizeof(cargo->told_status), "%s", status);
	cargo->departed = json_in_member(told->data, "departedAt") != NULL;
	cargo->delivered = json_in_member(told->data, "deliveredAt") != NULL;
	if (cargo->delivered != (strcmp(status, "delivered") == 0) || (cargo->delivered && !cargo->departed) ||
	    (strcmp(status, "in transit") == 0 && !cargo->departed))
		model->fail("seq %lld: cargo %s is %s but its times say otherwise", (long long)told->seq, id, status);
	cargo->told_items = items;
	cargo->told_trades = number(told->data, "tradeCount");
	cargo->version = number(told->data, "version");
	model->versions[told->seq].of = cargo;
	model->versions[told->seq].version = cargo->version;
	cargo->data = told->raw;
	cargo->data_len = told->raw_len;
}

static void take_inventory(struct model *model, const struct told *told)
{
	char station[16], item[16];
	const json_value *items = json_in_member(told->data, "items");

	text(told->data, "stationId", station, sizeof(station));
	lane_of(model, station);
	for (size_t i = 0; i < json_in_count(items); i++) {
		const json_value *one = json_in_at(items, i);
		struct stock *stock;

		text(one, "name", item, sizeof(item));
		stock = stock_of(model, station, item);
		if (number(one, "version") != stock->version + 1)
			model->fail("seq %lld tells version %lld of %s at %s after %lld", (long long)told->seq,
				    (long long)number(one, "version"), item, station, (long long)stock->version);
		stock->version++;
		stock->told_on_hand = number(one, "quantity");
		stock->told_incoming = number(one, "incoming");
		if (stock->told_on_hand < 0 || stock->told_incoming < 0)
			model->fail("seq %lld: less than nothing of %s at %s", (long long)told->seq, item, station);
	}
}

/* A delay after creation is told to the admins, all else to one. */
static unsigned mails_of_warning(const struct model *model, const char *id, bool is_cargo)
{
	size_t len = (size_t)(strchr(id, '.') - id);

	for (size_t i = 0; is_cargo && i < model->cause_count; i++) {
		const char *cause = model->ids[model->causes[i].seq];

		if (strlen(cause) == len && strncmp(cause, id, len) == 0)
			return model->causes[i].created ? 1 : model->admins;
	}
	return 1;
}

/* It shows what was told last. */
static void take_warning(struct model *model, const struct told *told)
{
	char id[48];
	size_t len = 0;
	bool is_cargo = !json_in_member(told->data, "transactionId");
	const char *data;

	text(told->data, "_id", id, sizeof(id));
	data = model_data(model, is_cargo, id, &len);
	if (!told->derived || !data || len != told->raw_len || memcmp(data, told->raw, len) != 0)
		model->fail("seq %lld warns of another state of %s than was told", (long long)told->seq, id);
	model->mails[told->seq] = mails_of_warning(model, told->id, is_cargo);
	model->warnings[lane_of(model,
				is_cargo ? cargo_of(model, id)->destination : trade_of(model, id)->destination)]++;
}

void model_event(struct model *model, const char *frame)
{
	struct arena *arena = arena_new(8192);
	struct faults faults;
	struct json_in *doc;
	struct told told = { 0 };
	const char *data = strstr(frame, ",\"data\":");

	faults_init(&faults, arena);
	if (!data || json_in_parse(arena, str_from(frame), &faults, &doc) != ITN_OK)
		model->fail("no frame: %s", frame);
	told.raw = data + 8;
	told.raw_len = strlen(told.raw) - 1;
	told.seq = number(json_in_root(doc), "seq");
	told.data = json_in_member(json_in_root(doc), "data");
	text(json_in_root(doc), "event", told.event, sizeof(told.event));
	text(json_in_root(doc), "id", told.id, sizeof(told.id));
	told.derived = strchr(told.id, '.') != NULL;
	if (told.seq >= EVENTS_MAX)
		model->fail("the model has no room for seq %lld", (long long)told.seq);
	note_id(model, &told);
	if (strcmp(told.event, "criticalEvent") == 0)
		take_warning(model, &told);
	else if (strcmp(told.event, "inventoryUpdated") == 0)
		take_inventory(model, &told);
	else if (json_in_member(told.data, "transactionId"))
		take_trade(model, &told);
	else
		take_cargo(model, &told);
	json_in_free(doc);
	arena_free(arena);
}

/* What follows from what, on one lane: the rules. */

static bool fits(const struct cargo *cargo, const struct trade *trade)
{
	return !cargo->capacity || total(&cargo->items) + total(&trade->lines) <= cargo->capacity;
}

static bool is_before(const char *time_a, const char *id_a, const char *time_b, const char *id_b)
{
	int times = strcmp(time_a, time_b);

	return times ? times < 0 : strcmp(id_a, id_b) < 0;
}

static void load(struct cargo *cargo, struct trade *trade)
{
	add_lines(&cargo->items, &trade->lines);
	snprintf(trade->shipment, sizeof(trade->shipment), "%s", cargo->id);
}

/* Rule 2. */
static void load_trade(struct model *model, struct trade *trade)
{
	struct cargo *oldest = NULL;
	bool passed = false;

	for (size_t i = 0; i < model->cargo_count; i++) {
		struct cargo *cargo = &model->cargo[i];

		if (!cargo->open || strcmp(cargo->destination, trade->destination) != 0)
			continue;
		if (!fits(cargo, trade))
			passed = true;
		else if (!oldest || is_before(cargo->created_at, cargo->id, oldest->created_at, oldest->id))
			oldest = cargo;
	}
	model->rules[oldest ? RULE_TRADE_LOADED : RULE_TRADE_WAITS]++;
	model->rules[RULE_TRADE_PASSED_CARGO] += passed && oldest;
	if (oldest)
		load(oldest, trade);
}

static struct trade *next_waiting(struct model *model, const struct cargo *cargo, const struct trade *after)
{
	struct trade *first = NULL;

	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];

		if (!trade->applied || *trade->shipment || !is_open(trade->status) ||
		    strcmp(trade->destination, cargo->destination) != 0)
			continue;
		if (after && !is_before(after->created_at, after->id, trade->created_at, trade->id))
			continue;
		if (!first || is_before(trade->created_at, trade->id, first->created_at, first->id))
			first = trade;
	}
	return first;
}

/* Rule 3. */
static void fill(struct model *model, struct cargo *cargo, enum rule rule)
{
	struct trade *trade = NULL;
	bool passed = false;

	while (cargo->open && (trade = next_waiting(model, cargo, trade))) {
		if (fits(cargo, trade)) {
			load(cargo, trade);
			model->rules[rule]++;
			model->rules[RULE_CARGO_PASSED_TRADE] += passed;
		} else {
			passed = true;
		}
	}
}

static void recount_items(struct model *model, struct cargo *cargo)
{
	cargo->items = cargo->own;
	for (size_t i = 0; i < model->trade_count; i++)
		if (strcmp(model->trades[i].shipment, cargo->id) == 0)
			add_lines(&cargo->items, &model->trades[i].lines);
}

/* Rules 5 and 8. */
static void close_trade(struct model *model, struct trade *trade)
{
	bool canceled = strcmp(trade->status, "canceled") == 0;
	struct cargo *cargo = *trade->shipment ? cargo_of(model, trade->shipment) : NULL;

	if (!cargo)
		return;
	if (!cargo->open) {
		model->rules[RULE_TRADE_TRAVELS_ON] += canceled;
		return;
	}
	trade->shipment[0] = '\0';
	recount_items(model, cargo);
	model->rules[canceled ? RULE_TRADE_CANCELED : RULE_TRADE_COMPLETED]++;
	fill(model, cargo, RULE_ROOM_GAINED);
}

static void move(struct model *model, const char *station, const struct lines *lines, int incoming, int on_hand)
{
	for (size_t i = 0; i < lines->count; i++) {
		struct stock *stock = stock_of(model, station, lines->at[i].name);

		stock->incoming += incoming * lines->at[i].quantity;
		stock->on_hand += on_hand * lines->at[i].quantity;
	}
}

/* Rule 6. */
static void depart(struct model *model, struct cargo *cargo)
{
	cargo->open = false;
	move(model, cargo->destination, &cargo->items, 1, 0);
	model->rules[RULE_CARGO_DEPARTED]++;
}

/* Rule 7. */
static void deliver(struct model *model, struct cargo *cargo)
{
	if (cargo->open) {
		depart(model, cargo);
		model->rules[RULE_DELIVERED_AT_ONCE]++;
	}
	move(model, cargo->destination, &cargo->items, -1, 1);
	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];

		if (strcmp(trade->shipment, cargo->id) != 0)
			continue;
		trade->arrived = true;
		if (is_open(trade->status))
			snprintf(trade->status, sizeof(trade->status), "completed");
	}
	model->rules[RULE_CARGO_DELIVERED]++;
}

/* Returns how many warnings are due. */
static size_t cascade_trade(struct model *model, const struct cause *cause)
{
	struct trade *trade = &model->trades[cause->place];

	if (!cause->created) {
		if (!is_open(cause->status))
			close_trade(model, trade);
		return 0;
	}
	trade->applied = true;
	if (is_open(trade->status) && !*trade->shipment)
		load_trade(model, trade);
	model->rules[RULE_TRADE_OVERSIZE] += trade->lines.count > model->trade_limit;
	return trade->lines.count > model->trade_limit;
}

static size_t cascade_cargo(struct model *model, const struct cause *cause)
{
	struct cargo *cargo = &model->cargo[cause->place];

	if (cause->created) {
		cargo->open = true;
		fill(model, cargo, RULE_CARGO_FILLED);
		model->rules[RULE_CARGO_OVERSIZE] += cargo->own.count > model->cargo_limit;
		return cargo->own.count > model->cargo_limit;
	}
	if (strcmp(cause->status, cause->from) == 0)
		return 0;
	if (strcmp(cause->status, "in transit") == 0 && cargo->open)
		depart(model, cargo);
	if (strcmp(cause->status, "delivered") == 0)
		deliver(model, cargo);
	model->rules[RULE_CARGO_DELAYED] += strcmp(cause->status, "delayed") == 0;
	return strcmp(cause->status, "delayed") == 0;
}

static const char *lane_name(const struct model *model, const struct cause *cause)
{
	return cause->is_cargo ? model->cargo[cause->place].destination : model->trades[cause->place].destination;
}

static void cascade(struct model *model, size_t lane)
{
	size_t warnings = 0;

	for (size_t i = model->batch_first; i < model->cause_count; i++) {
		const struct cause *cause = &model->causes[i];

		if (strcmp(lane_name(model, cause), model->lanes[lane]) == 0)
			warnings += (cause->is_cargo ? cascade_cargo : cascade_trade)(model, cause);
	}
	if (warnings != model->warnings[lane])
		model->fail("up to seq %lld: %zu warnings are due at %s, %zu were told", (long long)model->seq,
			    warnings, model->lanes[lane], model->warnings[lane]);
}

/* Comparing. */

static void compare_trade(struct model *model, const struct trade *trade)
{
	if (strcmp(trade->shipment, trade->told_shipment) != 0)
		model->fail("at seq %lld trade %s must be on '%s', the log has it on '%s'", (long long)model->seq,
			    trade->id, trade->shipment, trade->told_shipment);
	if (strcmp(trade->status, trade->told_status) != 0)
		model->fail("at seq %lld trade %s must be %s, the log says %s", (long long)model->seq, trade->id,
			    trade->status, trade->told_status);
}

static void compare_lane(struct model *model, size_t lane)
{
	const char *name = model->lanes[lane];

	for (size_t i = 0; i < model->trade_count; i++)
		if (strcmp(model->trades[i].destination, name) == 0)
			compare_trade(model, &model->trades[i]);
	for (size_t i = 0; i < model->cargo_count; i++)
		if (!strcmp(model->cargo[i].destination, name) &&
		    !same_goods(&model->cargo[i].items, &model->cargo[i].told_items))
			model->fail("at seq %lld cargo %s must have other goods than the log says",
				    (long long)model->seq, model->cargo[i].id);
	for (size_t i = 0; i < model->stock_count; i++) {
		const struct stock *stock = &model->stock[i];

		if (!strcmp(stock->station, name) &&
		    (stock->on_hand != stock->told_on_hand || stock->incoming != stock->told_incoming))
			model->fail("at seq %lld there must be %lld %s at %s and %lld on their way, the log says %lld "
				    "and %lld",
				    (long long)model->seq, (long long)stock->on_hand, stock->item, name,
				    (long long)stock->incoming, (long long)stock->told_on_hand,
				    (long long)stock->told_incoming);
	}
}

/* What the log says of a lane, taken for granted: its effects are not all done. */
static void adopt_lane(struct model *model, size_t lane)
{
	const char *name = model->lanes[lane];

	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];

		if (strcmp(trade->destination, name) != 0)
			continue;
		memcpy(trade->shipment, trade->told_shipment, sizeof(trade->shipment));
		memcpy(trade->status, trade->told_status, sizeof(trade->status));
	}
	for (size_t i = 0; i < model->cargo_count; i++)
		if (strcmp(model->cargo[i].destination, name) == 0)
			model->cargo[i].items = model->cargo[i].told_items;
}

/* Everything is done on this lane: what then must hold, from the documents alone. */
static void settle_lane(struct model *model, size_t lane)
{
	const char *name = model->lanes[lane];

	adopt_lane(model, lane);
	for (size_t i = 0; i < model->stock_count; i++)
		if (strcmp(model->stock[i].station, name) == 0)
			model->stock[i].on_hand = model->stock[i].incoming = 0;
	for (size_t i = 0; i < model->cargo_count; i++) {
		struct cargo *cargo = &model->cargo[i];

		if (strcmp(cargo->destination, name) != 0)
			continue;
		cargo->open = !cargo->departed;
		if (cargo->delivered)
			move(model, name, &cargo->items, 0, 1);
		else if (cargo->departed)
			move(model, name, &cargo->items, 1, 0);
	}
	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];
		const struct cargo *cargo = *trade->shipment ? cargo_of(model, trade->shipment) : NULL;

		if (strcmp(trade->destination, name) != 0)
			continue;
		trade->applied = true;
		if (cargo && is_open(trade->status) == cargo->delivered && (cargo->delivered || cargo->open))
			model->fail("at seq %lld trade %s is %s on cargo %s, which is %s", (long long)model->seq,
				    trade->id, trade->status, cargo->id, cargo->status);
		for (size_t n = 0; !cargo && is_open(trade->status) && n < model->cargo_count; n++)
			if (model->cargo[n].open && !strcmp(model->cargo[n].destination, name) &&
			    fits(&model->cargo[n], trade))
				model->fail("at seq %lld trade %s waits although %s has room", (long long)model->seq,
					    trade->id, model->cargo[n].id);
	}
	compare_lane(model, lane);
}

/* At the end of each batch, whatever is outstanding: goods on a manifest are those of the trades that are on it. */
static void check_manifests(struct model *model)
{
	for (size_t i = 0; i < model->cargo_count; i++) {
		const struct cargo *cargo = &model->cargo[i];
		struct lines goods = cargo->own;
		int64_t trades = 0;

		for (size_t n = 0; n < model->trade_count; n++)
			if (strcmp(model->trades[n].told_shipment, cargo->id) == 0) {
				add_lines(&goods, &model->trades[n].lines);
				trades++;
			}
		if (!same_goods(&goods, &cargo->told_items) || trades != cargo->told_trades)
			model->fail("at seq %lld the manifest of %s is not that of its %lld trades",
				    (long long)model->seq, cargo->id, (long long)trades);
		if (cargo->capacity && total(&goods) > cargo->capacity)
			model->fail("at seq %lld cargo %s is overloaded", (long long)model->seq, cargo->id);
	}
}

static bool is_busy(const char *lane, const char (*busy)[16], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(busy[i], lane) == 0)
			return true;
	return false;
}

void model_batch_end(struct model *model, const char (*busy)[16], size_t busy_count)
{
	for (size_t i = model->batch_first; i < model->cause_count; i++)
		lane_of(model, lane_name(model, &model->causes[i]));
	check_manifests(model);
	for (size_t lane = 0; lane < model->lane_count; lane++) {
		bool rests = !is_busy(model->lanes[lane], busy, busy_count);

		if (model->rests[lane] && rests) {
			cascade(model, lane);
			compare_lane(model, lane);
			model->rules[RULE_LANE_PREDICTED] += model->cause_count > model->batch_first;
		} else if (rests) {
			settle_lane(model, lane);
		} else {
			adopt_lane(model, lane);
		}
		model->rests[lane] = rests;
		model->warnings[lane] = 0;
	}
	model->batch_first = model->cause_count;
}

void model_rest(struct model *model, const char (*busy)[16], size_t busy_count)
{
	for (size_t lane = 0; lane < model->lane_count; lane++) {
		bool rests = !is_busy(model->lanes[lane], busy, busy_count);

		if (rests && !model->rests[lane])
			settle_lane(model, lane);
		model->rests[lane] = rests;
	}
}

const char *model_data(const struct model *model, bool is_cargo, const char *key, size_t *ret_len)
{
	const struct trade *trade = is_cargo ? NULL : trade_of((struct model *)model, key);
	const struct cargo *cargo = is_cargo ? cargo_of((struct model *)model, key) : NULL;

	*ret_len = trade ? trade->data_len : cargo ? cargo->data_len : 0;
	return trade ? trade->data : cargo ? cargo->data : NULL;
}

int64_t model_version_at(const struct model *model, bool is_cargo, const char *key, int64_t seq)
{
	const void *of = is_cargo ? (const void *)cargo_of((struct model *)model, key)
				  : (const void *)trade_of((struct model *)model, key);

	for (; of && seq > 0; seq--)
		if (model->versions[seq].of == of)
			return model->versions[seq].version;
	return 0;
}

int64_t model_on_way(const struct model *model, const char *shipment, const char *item)
{
	int64_t sum = 0;

	for (size_t i = 0; i < model->cargo_count; i++) {
		const struct cargo *cargo = &model->cargo[i];

		if (!cargo->departed || cargo->delivered)
			continue;
		if (!shipment)
			sum += total(&cargo->told_items);
		else if (strcmp(cargo->id, shipment) == 0)
			sum += quantity_of(&cargo->told_items, item);
	}
	return sum;
}

const char *model_place(const struct model *model, const char *id)
{
	const struct trade *trade = trade_of((struct model *)model, id);
	const struct cargo *cargo =
		trade && *trade->told_shipment ? cargo_of((struct model *)model, trade->told_shipment) : NULL;

	return !cargo ? "waiting" : cargo->delivered ? "arrived" : "loaded";
}

int64_t model_count(const struct model *model, bool is_cargo, const char *status)
{
	int64_t count = 0;

	for (size_t i = 0; is_cargo && i < model->cargo_count; i++)
		count += strcmp(model->cargo[i].told_status, status) == 0;
	for (size_t i = 0; !is_cargo && i < model->trade_count; i++)
		count += strcmp(model->trades[i].told_status, status) == 0;
	return count;
}

bool model_stock(const struct model *model, const char *station, const char *item, int64_t *ret_on_hand,
		 int64_t *ret_incoming)
{
	for (size_t i = 0; i < model->stock_count; i++) {
		const struct stock *stock = &model->stock[i];

		if (strcmp(stock->station, station) != 0 || strcmp(stock->item, item) != 0)
			continue;
		*ret_on_hand = stock->told_on_hand;
		*ret_incoming = stock->told_incoming;
		return true;
	}
	return false;
}

bool model_mail(struct model *model, const char *event)
{
	for (int64_t seq = 1; seq <= model->seq; seq++)
		if (strcmp(model->ids[seq], event) == 0 && model->mails[seq]) {
			model->mails[seq]--;
			model->rules[RULE_MAIL]++;
			return true;
		}
	return false;
}

size_t model_mails(const struct model *model)
{
	size_t left = 0;

	for (int64_t seq = 1; seq <= model->seq; seq++)
		left += model->mails[seq];
	return left;
}

void model_causes(const struct model *model, model_cause_fn *row, void *context)
{
	for (size_t i = 0; i < model->cause_count; i++) {
		const struct cause *cause = &model->causes[i];

		row(context, cause->seq,
		    cause->is_cargo && !strcmp(cause->status, "delivered") && strcmp(cause->from, "delivered") != 0,
		    cause->is_cargo ? model->cargo[cause->place].id : model->trades[cause->place].id, cause->tag);
	}
}
