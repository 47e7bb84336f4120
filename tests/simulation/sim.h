/** A whole trade network in one thread: workers, engines, gateways, Redis, clients and what goes wrong with them, run
 * from one seed, with a clock of its own. The same seed is the same run, step by step.
 *
 *  What runs is the product: itn-api's router and handlers, itn-engine's loop with lease, sequencer, effects and
 *  publication, itn-gateway's position. What is replaced, by linking: clocks, ids, how an engine waits, the threads of
 *  publisher and waiter, Redis and its clients, libev's timers, the supervisor's signals, the store (memory_*.c).
 *
 *  Everything that acts is a fiber. A fiber belongs to a process; whenever it calls the store or Redis, or waits,
 * others may run. A process that dies has no effect from then on: its fibers go on to their end, but every call fails
 * without effect and nobody hears what they answer.
 */
#ifndef ITN_SIMULATION_SIM_H
#define ITN_SIMULATION_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/config.h"
#include "model.h"
#include "rules.h"
#include "store/memory.h"

enum fault_kind {
#define FAULT(key, text) FAULT_##key,
#include "faults.def"
#undef FAULT
	FAULTS
};

enum process_kind { PROCESS_WORKER, PROCESS_ENGINE, PROCESS_GATEWAY };

/** One life of a process. */
struct process {
	enum process_kind kind;
	char name[32];
	bool dead;
	bool stopping;         /**< was asked to end */
	bool active;           /**< an engine that believes to have the lease */
	bool running;          /**< an engine's main fiber has not returned */
	int64_t stopped_until; /**< us: none of its fibers runs before */
	int64_t wall_offset_ms;
	int64_t store_skew_us;
	struct config config;
	struct store *store; /**< of a worker */
	void *state;
};

struct fiber;
typedef void fiber_fn(void *context);

/** What one batch left behind, as the store knows it. */
struct batch_end {
	int64_t last_seq;
	int64_t at_ms; /* the true time */
	struct outstanding left;
};

/** How many mail_admins names. */
#define ADMINS        2
#define PROCESSES_MAX 256
#define BATCHES_MAX   8192
#define SEAT_MAX      3

struct sim {
	uint64_t seed, random;
	bool trace;
	bool calm;        /**< nothing goes wrong any more */
	bool crowded;     /**< many go for the same document: every step takes its time */
	unsigned sources; /**< stations that trades take from */
	unsigned peace;   /**< how seldom something goes wrong in this run: 1 or more */
	int64_t now_us;
	uint64_t steps, ids;
	struct arena *arena; /**< lives as long as the run */
	char network[32];
	struct config config;
	struct store *store; /**< nobody's: for the checks */
	struct process *processes[PROCESSES_MAX];
	size_t process_count;
	/* who has which place now; NULL: nobody */
	struct process *workers[SEAT_MAX], *engines[SEAT_MAX], *gateways[SEAT_MAX];
	size_t worker_seats, engine_seats, gateway_seats;
	int64_t store_away_until, store_full_until;
	struct batch_end *batches;
	size_t batch_count;
	uint64_t faults[FAULTS], rules[RULES];
	uint64_t operations, audits;
};

extern struct sim sim;

/* Chance. */
uint64_t sim_random(void);
/** 0..below-1. */
unsigned sim_pick(unsigned below);
/** With a chance of one in `in`. */
bool sim_once_in(unsigned in);

/** The true time as clocks show it that are right, ms. */
int64_t sim_now_ms(void);

/* Fibers. */
struct fiber *fiber_start(struct process *process, const char *name, fiber_fn *run, void *context);
/** The running one's process; NULL: a client, or nobody. */
struct process *fiber_process(void);
/** The running fiber acts for another process until the next call. */
void fiber_move(struct process *process);
/** Lets others run, for some us. */
void fiber_yield(void);
/** Until then, or until its process is to end, or fiber_wake(). */
void fiber_sleep_until(int64_t us);
void fiber_sleep(int64_t us);
struct fiber *fiber_self(void);
void fiber_wake(struct fiber *fiber);
/** Runs fibers until all that count are at their end. */
void fibers_run(bool (*done)(void));
/** All must have ended. */
void fibers_free(void);

/* Faults. */
void fault_count(enum fault_kind fault);
/** A run has so many at least. */
#define FAULTS_LEAST 5
/** All so far. */
uint64_t sim_faults(void);
/** Counts it and says so; once in `in` calls, while not all is calm. */
bool fault_strikes(enum fault_kind fault, unsigned in);
extern const char *const fault_names[], *const fault_texts[], *const rule_names[], *const rule_texts[];

/** A line of the trace. */
void trace(const char *fmt, ...) printf_like(1, 2);
/** The run has failed: says which seed and why, and ends the program. */
_Noreturn void sim_fail(const char *fmt, ...) printf_like(1, 2);

/* Processes. */
struct process *process_new(enum process_kind kind, unsigned seat);
void process_kill(struct process *process);
/** Whether its calls have an effect. */
bool process_is_alive(const struct process *process);

/* host.c */
extern const struct memory_host sim_host;
/** Notes what a batch left, after it was committed. */
void host_note_batch(void);

/* redis.c */
void redis_reset(void);
void redis_free(void);
void redis_stop(bool empty);
void redis_start(void);
bool redis_is_up(void);

/* worker.c */
void worker_start(unsigned seat);
struct answer {
	bool sent;     /**< the request reached a worker */
	bool answered; /**< and its answer came back */
	int status;
	struct str body; /**< in the arena that was given */
	bool waited;     /**< for all effects: Preference-Applied */
	int64_t seq;     /**< ITN-Seq; -1: none */
	struct str log;  /**< ITN-Log */
	struct str link; /**< the next page's path and query; absent: none */
	struct str etag, location;
};
/** One request by the running fiber; `header` NULL or "Name: value" lines separated by "\n". */
void worker_call(struct arena *arena, const char *method, const char *uri, const char *header, const char *body,
		 struct answer *ret);

/* engine.c */
void engine_start(unsigned seat);

/* gateway.c */
void gateway_start(unsigned seat);
void gateway_free(struct process *process);
/** Where the gateway in this seat is: the last seq that it sent, -1: unknown. */
int64_t gateway_last(unsigned seat);
/** What its watcher saw is what the log says. */
void gateways_check(const struct str *frames, size_t count);
void gateways_reset(void);
struct bus_feed;

/* clients.c */
void clients_start(void);
bool clients_are_done(void);
void clients_reset(void);

/* chaos.c */
void chaos_start(void);
/** All processes run and nothing goes wrong any more. */
void chaos_end(void);

/* auditor.c */
/** Audits the store again and again, until the clients are done; others may run between what it reads. */
void auditor_start(void);
bool auditor_is_done(void);
/** Audits it once; the run fails when anything does not fit. */
void auditor_check(void);

/* check.c */
void check_run(void);

#endif
