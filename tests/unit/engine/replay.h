/** What a watcher knows who has read the whole log and nothing else. Reading fails the test where the log contradicts itself:
 *  a gap, an id given twice, a version left out or told twice, a status change that no table has, a criticalEvent that shows
 *  another state than the one told last. */
#ifndef ITN_TESTS_REPLAY_H
#define ITN_TESTS_REPLAY_H

#include "core/map.h"
#include "world.h"

struct replay_document {
	int64_t version;
	struct str data, status;
	struct str created; /* id of the event that told of its creation */
};

struct replay_item {
	int64_t version, on_hand, incoming;
};

/* Mails about one event, by the rules, and as the store has them. */
struct replay_mails {
	int due, found;
};

struct replay_alert {
	struct str id, about;       /* "KIND KEY" */
	int64_t version;
	struct str data, status;    /* as told last by an alertUpdated; absent: none was */
	struct replay_alert *older; /* raised before it */
};

struct replay {
	struct world *world;
	struct map ids;       /* of all events */
	struct map documents; /* "trade ID", "cargo ID": struct replay_document */
	struct map items;     /* "STATION\nITEM": struct replay_item */
	struct map mails;     /* of all events: struct replay_mails */
	struct map unresolved; /* by "KIND KEY": struct replay_alert; resolved ones stay until the next is raised */
	struct replay_alert *alerts;
	int64_t seq;
	int64_t warnings, trades;
	int64_t mails_due;             /* that were not found yet */
	struct store_cursor last_mail; /* of those that were */
};

void replay_init(struct replay *replay, struct world *world);
/** Reads on to the log's end. */
void replay_read(struct replay *replay);
/** Fails when the store's document or inventory is not what the log told last. */
void replay_check_document(struct replay *replay, enum entity_kind entity, struct str key);
void replay_check_station(struct replay *replay, const char *station);
/** Fails when the store's alerts are not those that the log raised, acknowledged and resolved. */
void replay_check_alerts(struct replay *replay);
/** Fails when the store's notifications are not those of the rules, each once, about their events. */
void replay_check_mails(struct replay *replay);

#endif
