/** What the parts of the reference model share; of nobody else's concern. */
#ifndef ITN_SIMULATION_MODEL_PARTS_H
#define ITN_SIMULATION_MODEL_PARTS_H

#include "core/json_in.h"
#include "model.h"

#define LINES      32
#define TRADES_MAX 1024
#define CARGO_MAX  512
#define STOCK_MAX  128
#define LANES_MAX  8
#define EVENTS_MAX 16384
#define ALERTS_MAX 4096
#define WATCHES_MAX 4096
#define LATE_MAX 64 /* of one batch */

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
	char eta[32], location[64]; /* as told last; "": none */
	char late[32];              /* the eta whose passing was told; "": none */
	char told_status[16];
	struct lines told_items;
	int64_t told_trades;
	const char *data;
	size_t data_len;
};

/* What alerts of one kind are about: a trade or cargo. */
struct watch {
	bool is_cargo;
	char key[48], kind[16];
	unsigned raised, open; /* alerts that there were, and that are not resolved: as it must be */
	unsigned told_raised, told_open;
};

struct alert {
	char id[36];
	struct watch *watch;
	bool acknowledged, resolved;
	int64_t version;
	const char *data; /* as told last; NULL: since it was raised nothing was */
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
	struct alert alerts[ALERTS_MAX];
	struct watch watches[WATCHES_MAX];
	size_t alert_count, watch_count;
	bool is_late[EVENTS_MAX]; /* events that the time has caused */
	struct cargo *late[LATE_MAX]; /* of this batch */
	size_t late_count;
	int64_t last_eta; /* of them, ms */
	int64_t seq;
};

/** An event as it was told. */
struct told {
	int64_t seq;
	char event[24], id[36], kind[16], time[32];
	bool derived;
	const json_value *data;
	const char *raw; /* the data's text */
	size_t raw_len;
};

/* model_goods.c: lines of goods, one per name. */
int64_t goods_of(const struct lines *lines, const char *name);
void goods_add_line(struct lines *lines, const char *name, int64_t quantity);
void goods_add(struct lines *lines, const struct lines *more);
int64_t goods_total(const struct lines *lines);
bool goods_equal(const struct lines *a, const struct lines *b);

/* model_status.c */
/** Which status may follow which for a client. */
bool status_may_follow(bool is_cargo, const char *from, const char *to);
bool status_is_open(const char *status);

/* model_frames.c: what a frame says. */
void told_text(const json_value *object, const char *name, char *ret, size_t size);
/** 0: there is no such member. */
int64_t told_number(const json_value *object, const char *name);
void told_lines(struct model *model, const json_value *object, const char *name, struct lines *ret);
void told_check_version(struct model *model, const struct told *told, const char *key, int64_t before);
/** Notes what a client did. */
struct cause *model_add_cause(struct model *model, const struct told *told, bool is_cargo, bool created, size_t place,
			      const char *from, const char *status);

/* Each part takes the events that are about it, and holds them against what may happen at any time. */
void model_take_trade(struct model *model, const struct told *told);
void model_take_cargo(struct model *model, const struct told *told);
void model_take_inventory(struct model *model, const struct told *told);
void model_take_warning(struct model *model, const struct told *told);

void model_take_alert(struct model *model, const struct told *told);

/* model_alerts.c */
/** Whether it is the engine's, told because an eta has passed. */
bool model_take_late(struct model *model, const struct told *told, struct cargo *cargo, const char *status);
/** The alert of a criticalEvent. Whether the time has caused it. */
bool model_warn_alert(struct model *model, const struct told *told, bool is_cargo, const char *key);
/** What a cause raises and resolves. */
void model_alerts_cause(struct model *model, const struct cause *cause);
/** It is delayed no more. */
void model_alerts_over(struct model *model, bool is_cargo, const char *key);
/** What was late in this batch. */
void model_alerts_late(struct model *model, const char *lane);
void model_alerts_adopt(struct model *model, const char *lane);
void model_alerts_compare(struct model *model, const char *lane);

/* Finding things; NULL: there is none. */
struct trade *model_trade(struct model *model, const char *id);
struct cargo *model_cargo(struct model *model, const char *id);
/** Stock and lanes are there when asked for. */
struct stock *model_stock_of(struct model *model, const char *station, const char *item);
size_t model_lane(struct model *model, const char *name);
/** The order of trades and cargo: by creation, then id. */
bool is_older(const char *time_a, const char *id_a, const char *time_b, const char *id_b);

/* What follows from what, on one lane: the rules. Return how many warnings are due. */
size_t model_cascade_trade(struct model *model, const struct cause *cause);
size_t model_cascade_cargo(struct model *model, const struct cause *cause);

/* model_loading.c: goods onto cargo and off it. */
bool model_fits(const struct cargo *cargo, const struct trade *trade);
/** Rule 2: onto the oldest that has room. */
void model_load_trade(struct model *model, struct trade *trade);
/** Rule 3: waiting trades, the oldest first. `rule` is counted for each. */
void model_fill(struct model *model, struct cargo *cargo, enum rule rule);
/** Its manifest, of what is on it. */
void model_recount(struct model *model, struct cargo *cargo);
/** So many times these lines are on their way there, and on hand. */
void stock_move(struct model *model, const char *station, const struct lines *lines, int incoming, int on_hand);

/** At the end of each batch, whatever is outstanding: goods on a manifest are those of the trades that are on it. */
void model_check_manifests(struct model *model);

#endif
