/** A wish that the engine decides: stored as a request, its verdict awaited. */
#ifndef ITN_API_REQUEST_H
#define ITN_API_REQUEST_H

#include "api/idempotency.h"
#include "domain/event.h"
#include "store/store.h"

/** So long anybody waits for the engine, in seconds. */
#define REQUEST_WAIT_S 5

/** Stores the wish under the claim's event id (another try of the request may have done so before), wakes the engine
 * and waits for its verdict. Meanwhile the caller has one of the places of those that wait (api/waiter.h).
 *  @param wish         the request's body, as the engine reads it
 *  @param ret_verdict  never REQUEST_WAITING
 *  @return false: an answer is made, as there is no place, another try has the claim, the store did not take it, or the
 *          engine did not decide in time */
bool request_decide(struct idempotency *once, enum entity_kind entity, struct str key, struct str wish,
		    struct request_verdict *ret_verdict) must_check;

#endif
