/** What the parts of the reference model share; of nobody else's concern. */
#ifndef ITN_SIMULATION_MODEL_PARTS_H
#define ITN_SIMULATION_MODEL_PARTS_H

#include "core/json_in.h"
#include "model.h"

#define LINES       32
#define TRADES_MAX  1024
#define CARGO_MAX   512
#define STOCK_MAX   128
#define LANES_MAX   8
#define EVENTS_MAX  16384
#define ALERTS_MAX  4096
#define WATCHES_MAX 8192
#define LATE_MAX    64 /* of one batch */
#define WORKS_MAX   512

struct lines {
	struct {
		char name[16];
		int64_t quantity;
	} at[LINES];
	size_t count;
};

enum hold { HELD_FOR_SIZE = 1, HELD_FOR_SHORTAGE = 2, HELD_BY_HAND = 4 };

/* `told_*`: as the log shows it. The others: as it must be. */
struct trade {
	char id[32], destination[16], station[16], status[16], shipment[48], created_at[32];
	struct lines lines, reserved;
	unsigned holds;
	char short_of[16]; /* while it is held for that */
	int64_t version;
	bool applied; /* its creation's effects are done */
	bool gone;    /* what was reserved has left its station */
	bool arrived;
	char told_status[16], told_shipment[48];
	unsigned told_holds;
	struct lines told_reserved, handed_over; /* what it had when it was completed by hand */
	unsigned shortages, shortage_warnings;   /* told in this batch */
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

/* What alerts of one kind are about: a trade, cargo, or STATION/ITEM. */
struct watch {
	bool is_cargo;
	char key[48], kind[16];
	unsigned raised, open; /* alerts that there were, and that are not resolved: as it must be */
	unsigned told_raised, told_open;
};

struct alert {
	char id[64];
	struct watch *watch;
	bool acknowledged, resolved;
	int64_t version;
	const char *data; /* as told last; NULL: since it was raised nothing was */
	size_t data_len;
};

struct stock {
	char station[16], item[16];
	int64_t on_hand, reserved, incoming, reorder;
	bool tracked;
	bool risen; /* in this batch more of it was there to be had at some time */
	struct model_stock told;
	bool was_told; /* that there was some */
	int64_t version;
	bool was_low;          /* by the log, when the batch began */
	unsigned low_warnings; /* told in this batch */
};

enum about { ABOUT_TRADE, ABOUT_CARGO, ABOUT_STATION };

/* What a client did. */
struct cause {
	int64_t seq;
	enum about about;
	bool created;
	size_t place; /* of its document, or of the station's lane */
	char status[16], from[16];
	char tag[64];
	struct lines counted;   /* of a stock-take */
	int64_t reorder[LINES]; /* -1: stays */
};

/* What is to be done: a cause, or what follows from an effect. */
enum work_kind { WORK_CAUSE, WORK_RESTOCK, WORK_READY, WORK_ROOM };
struct work {
	enum work_kind kind;
	int64_t seq;        /* 0: not known; behind all that are known */
	size_t lane, place; /* of the cause, trade or cargo */
	const void *told;   /* whose event it follows from: a trade, or a station's lane */
	struct lines items; /* of WORK_RESTOCK: names, by bytes */
	bool left;          /* it is outstanding when the batch ends */
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
	size_t group[LANES_MAX]; /* the first lane of those that depend on each other */
	bool known[LANES_MAX];   /* all that the log does not show is known of it */
	size_t lane_count;
	struct cause causes[EVENTS_MAX];
	size_t cause_count, batch_first; /* of the batch's causes */
	int64_t batch_begin;             /* the last seq before the batch */
	struct work works[WORKS_MAX];
	size_t work_count;
	int64_t doing; /* the number of what is being done; INT64_MAX: not known */
	size_t group_doing;
	size_t warnings[LANES_MAX], warnings_due[LANES_MAX]; /* of delays, in this batch */
	size_t shortages[LANES_MAX], shortages_due[LANES_MAX];
	char ids[EVENTS_MAX][64];
	unsigned mails[EVENTS_MAX]; /* due about this event */
	struct {
		const void *of; /* trade, cargo or lane; NULL: another's */
		int64_t version;
		const char *data;
		size_t len;
	} versions[EVENTS_MAX]; /* told by this event */
	struct alert alerts[ALERTS_MAX];
	struct watch watches[WATCHES_MAX];
	size_t alert_count, watch_count;
	bool is_late[EVENTS_MAX];     /* events that the time has caused */
	struct cargo *late[LATE_MAX]; /* of this batch */
	size_t late_count;
	int64_t last_eta; /* of them, ms */
	int64_t seq;
};

/** An event as it was told. */
struct told {
	int64_t seq;
	char event[24], id[64], kind[16], time[32], message[64];
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
/** Keeps what was told of a trade or cargo. */
void told_keep(struct model *model, const struct told *told, const void *of);
/** Notes what a client did. */
struct cause *model_add_cause(struct model *model, const struct told *told, enum about about, bool created,
			      size_t place, const char *from, const char *status);

/* Each part takes the events that are about it, and holds them against what may happen at any time. */
void model_take_trade(struct model *model, const struct told *told);
void model_take_cargo(struct model *model, const struct told *told);
void model_take_inventory(struct model *model, const struct told *told);
void model_take_counts(struct model *model, const struct told *told);
void model_take_warning(struct model *model, const struct told *told);

void model_take_alert(struct model *model, const struct told *told);

/* model_alerts.c */
/** Whether it is the engine's, told because an eta has passed. */
bool model_take_late(struct model *model, const struct told *told, struct cargo *cargo, const char *status);
/** The alert of a criticalEvent. Whether the time has caused it. */
bool model_warn_alert(struct model *model, const struct told *told, bool is_cargo, const char *key);
/** What a cause raises and resolves. */
void model_alerts_cause(struct model *model, const struct cause *cause);
/** A trade is short, or no more. */
void model_alert_short(struct model *model, const struct trade *trade, bool is_short);
/** There is too little of something at its station, or enough again. */
void model_alert_low(struct model *model, const struct stock *stock, bool is_low);
/** It is delayed no more. */
void model_alerts_over(struct model *model, bool is_cargo, const char *key);
/** What was late in this batch. */
void model_alerts_late(struct model *model, const char *lane);
void model_alerts_adopt(struct model *model, const char *lane);
void model_alerts_compare(struct model *model, const char *lane);
/** Nothing is outstanding: whoever is delayed for his size, for being late or for a shortage has an alert, and nobody
 * else. */
void model_alerts_rest(struct model *model, const char *lane);

/* Finding things; NULL: there is none. */
struct trade *model_trade(struct model *model, const char *id);
struct cargo *model_cargo(struct model *model, const char *id);
/** Stock and lanes are there when asked for. */
struct stock *model_stock_of(struct model *model, const char *station, const char *item);
size_t model_lane(struct model *model, const char *name);
/** The order of trades and cargo: by creation, then id. */
bool is_older(const char *time_a, const char *id_a, const char *time_b, const char *id_b);
bool trade_is_older(const struct trade *a, const struct trade *b);

/* What follows from what: the rules. */
void model_cascade_trade(struct model *model, const struct cause *cause);
void model_cascade_cargo(struct model *model, const struct cause *cause);
void model_cascade_counts(struct model *model, const struct cause *cause);

/* model_loading.c: goods onto cargo and off it. */
bool model_fits(const struct cargo *cargo, const struct trade *trade);
/** Whether it waits for cargo. */
bool model_waits(const struct trade *trade);
/** Rule 2: onto the oldest that has room. */
void model_load_trade(struct model *model, struct trade *trade);
/** Rule 3: waiting trades, the oldest first. `rule` is counted for each. */
void model_fill(struct model *model, struct cargo *cargo, enum rule rule);
/** Off its cargo, if it is on one; NULL: it was on none that has not departed. */
struct cargo *model_unload(struct model *model, struct trade *trade);
/** So many times these lines are on their way there, and on hand. */
void stock_move(struct model *model, const char *station, const struct lines *lines, int incoming, int on_hand);

/* model_reserving.c: what stations set aside. */
/** Rule 4: all lines that the station tracks, or none. False: there is too little, it is short now. */
bool model_reserve(struct model *model, struct trade *trade);
/** What was set aside for it is to be had again. */
void model_release(struct model *model, struct trade *trade);
/** It leaves the station. */
void model_take_reserved(struct model *model, struct trade *trade);
/** Rule 4: short trades of these items, the oldest first. */
void model_restock(struct model *model, const char *station, const struct lines *items);
/** What has become more, and somebody is short of it: looked at in a later batch. */
void model_want_restock(struct model *model, size_t lane, struct lines *ret_items);

/* model_works.c: what is to be done. */
/** Goods leave this station: not before a stock-take of it that came before. */
void model_check_takes(struct model *model, const char *station);
/** A station is counted: not before departures that came before. */
void model_check_departures(struct model *model);
struct work *model_add_work(struct model *model, enum work_kind kind, size_t lane, size_t place, const void *told);
/** Does what is not outstanding at the end of the batch, in a group of lanes whose state is known. False: something is
 *  half done, so that it can't be said what must have come of it. */
bool model_do_works(struct model *model, size_t group, const struct outstanding *left);
void model_drop_works(struct model *model, size_t group);

/** At the end of each batch, whatever is outstanding: goods on a manifest are those of the trades that are on it. */
void model_check_manifests(struct model *model);
/** The same: stations have as much set aside as trades have that did not depart; what is short was told; who has too
 * little says so once. */
void model_check_stock(struct model *model, const struct outstanding *left);
void model_check_shortages(struct model *model);

#endif
