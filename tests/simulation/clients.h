/** What clients asked for and what they were told. */
#ifndef ITN_SIMULATION_CLIENTS_H
#define ITN_SIMULATION_CLIENTS_H

#include "sim.h"

enum wish { WISH_CREATE_TRADE, WISH_CREATE_CARGO, WISH_CHANGE_TRADE, WISH_CHANGE_CARGO, WISHES };

/** A write. Its tag ("op-17") is in a member that this client alone sets, so that its event is known in the log. */
struct operation {
	enum wish wish;
	struct str tag;
	struct str key;       /**< absent: of a trade whose creation was not answered */
	int64_t begun, ended; /**< us; ended 0: never */
	struct answer answer;
	bool told_done;      /**< the answer says that it has taken effect: its document has the tag */
	bool saw_on_the_way; /**< when it had waited, a trade of its shipment had not arrived */
	bool told_not_done;  /**< the answer says that it has none */
};

#define OPERATIONS_MAX 2048
struct operations {
	struct operation *at[OPERATIONS_MAX];
	size_t count;
};
extern struct operations operations;

/** A version of a document that somebody was told. */
struct known {
	struct str key;
	bool is_cargo;
	int64_t version;
};

/** Events that readers of GET /api/events were given are those of the log. */
void readers_check(const struct str *frames, size_t count);

/** Lists were no older than the positions that they named. */
void lists_check(int64_t (*version_at)(bool is_cargo, const char *key, int64_t seq));

#endif
