/** Group commit: writes of many threads wait in one bounded queue, one thread of its own writes what has gathered in one go.
 *
 *  A caller waits for its own result until its deadline. What was not begun by then is withdrawn (certainly not done); what
 *  was begun gets a little more time, then its outcome is unknown and the queue releases it when it ends.
 *  A queue whose preparation failed for a whole deadline is blocked: callers are refused at once, while the thread keeps
 *  trying, until it succeeds.
 */
#ifndef ITN_STORE_COMMIT_QUEUE_H
#define ITN_STORE_COMMIT_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/status.h"

/** The head of a caller's write; zero-initialised, except for `release`. */
struct commit_item {
	void (*release)(struct commit_item *item); /**< frees it; from any thread */
	enum itn_status status; /**< its result, set by `run` */
	int state; /**< the queue's, as all that follows */
	int64_t deadline_us;
	pthread_cond_t done;
	TAILQ_ENTRY(commit_item) link;
};

/** How a queue writes; all called by its one thread. */
struct commit_ops {
	/** What may have to wait (locks), until `deadline_us` of the monotonic clock. Items can still be withdrawn meanwhile.
	 *  A failure before the deadline is the answer to all that wait. */
	enum itn_status (*prepare)(void *context, int64_t deadline_us);
	/** Writes all and sets each one's status; count 0 just undoes `prepare`. */
	void (*run)(void *context, struct commit_item **items, size_t count);
	/** After the callers have been answered: what nobody need wait for. */
	void (*tidy)(void *context);
};

struct commit_queue;

/** `ops` is kept, not copied. At most `room` items wait, at most `round_max` are written in one go. */
struct commit_queue *commit_queue_new(const struct commit_ops *ops, void *context, size_t room, size_t round_max);
/** Ends the thread, after what is queued. NULL is allowed. */
void commit_queue_free(struct commit_queue *queue);
/** Queues the item, whose memory the queue takes over in any case, and waits for its result at most `timeout_ms` and, when it
 *  was begun, `grace_ms`. ITN_UNAVAILABLE: withdrawn, or refused (no room, blocked); ITN_UNKNOWN: begun and not ended in time. */
enum itn_status commit_queue_write(struct commit_queue *queue, struct commit_item *item, int64_t timeout_ms,
				   int64_t grace_ms) must_check;
/** Whether callers are refused because preparation does not succeed. */
bool commit_queue_blocked(struct commit_queue *queue);
/** Items that wait and are not begun. */
size_t commit_queue_waiting(struct commit_queue *queue);

#endif
