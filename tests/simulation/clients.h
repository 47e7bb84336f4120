/** What clients asked for and what they were told. */
#ifndef ITN_SIMULATION_CLIENTS_H
#define ITN_SIMULATION_CLIENTS_H

#include "sim.h"

enum wish { WISH_CREATE_TRADE, WISH_CREATE_CARGO, WISH_CHANGE_TRADE, WISH_CHANGE_CARGO, WISH_COUNT_STOCK, WISHES };

/** A write. Its tag ("op-17") is in a member that this client alone sets, so that its event is known in the log. */
struct operation {
	enum wish wish;
	struct str tag;
	struct str key; /**< absent: of a trade whose creation was not answered */
	struct str method, uri, body;
	struct str idempotency_key; /**< absent: none */
	int64_t begun, ended;       /**< us; ended 0: never */
	struct answer answer;       /**< to a keyed one: the first that is final */
	unsigned tries_under_way;   /**< of a keyed one */
	bool told_done;             /**< the answer says that it has taken effect: its document has the tag */
	bool saw_on_the_way;        /**< when it had waited, a trade of its shipment had not arrived */
	bool told_not_done;         /**< the answer says that it has none */
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

#define CLIENTS       8
#define DOCUMENTS_MAX 1024
struct documents {
	struct known *at[DOCUMENTS_MAX];
	size_t count;
	struct known *hot; /**< whom all go for; NULL: none */
};
extern struct documents documents;

/* known.c */
/** It is known from now on. */
struct known *known_of(struct str key, bool is_cargo);
/** Mostly one of the latest, and often the one that others go for too. NULL: none is known. */
struct known *some_document(bool is_cargo);
struct known *latest_document(bool is_cargo);

/* keyed.c: requests with an Idempotency-Key are sent as often as it takes, by several at once, and again when they were
 * answered. */
/** Whether what is asked for has had its one answer: a 2xx or 4xx; a 409 while another try is under way is none. */
bool answer_is_final(const struct answer *answer);
/** One that is new, or, to be refused, another's that was answered. */
struct str keyed_choose(void);
/** Sends the operation until it is answered, or its client gives up. */
void keyed_send(struct operation *operation);
/** All goes well: each is sent again and must be answered, as before if it was. */
void keyed_send_all_again(void);

/* writes.c: what clients do. */
/** One try of an operation; judges its answer, what its client may rely on from now on. */
void operation_try(struct operation *operation);
void create_trade(void);
/** Some take an id that is taken, some send again what was not answered. */
void create_cargo(void);
void change_trade(void);
void change_cargo(void);
void count_stock(void);

/* alerts.c */
/** An answer that says so comes true. */
void acknowledge_alert(void);
struct model;
void alerts_check(struct model *model);
void alerts_reset(void);

/* readers.c: what was told once is never taken back. */
void show_document(void);
/** In pages: never one twice, none left out that was there at the start. */
void list_documents(void);
void read_rest(void);
/** From a position on: without gaps, up to the end that the answer names. */
void read_events(void);
void readers_reset(void);

/** What an answer says of the document that it shows. */
struct shown {
	struct str key, tag;
	int64_t version;
};
/** @param wish  whose tag is asked for; WISHES: nobody's
 *  @return false: it shows none */
bool show(struct str body, bool is_cargo, enum wish wish, struct shown *ret);

/** Events that readers of GET /api/events were given are those of the log. */
void readers_check(const struct str *frames, size_t count);

/** What was shown of a document's version is what the log has of it. */
typedef const char *readers_version_fn(bool is_cargo, const char *key, int64_t version, size_t *ret_len);
void shown_check(readers_version_fn *version);

/** Lists were no older than the positions that they named. */
void lists_check(int64_t (*version_at)(bool is_cargo, const char *key, int64_t seq));

#endif
