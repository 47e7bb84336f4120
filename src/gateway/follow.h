/** Follows the log for all clients of the gateway: one position, each event once, in order, without holes.
 *
 *  What Redis announces goes to the hub if it is next. What was announced before is dropped; at a hole, and
 *  whenever the connection to Redis is new, the stream is read, and what the stream no longer has comes from
 *  itn-api. If that can't be had, or the log has become another one, plain clients can't be told: they are closed
 *  (1012) and come back.
 *
 *  The position is unknown until Redis or itn-api says where the log ends, or the first event comes.
 */
#ifndef ITN_GATEWAY_FOLLOW_H
#define ITN_GATEWAY_FOLLOW_H

#include <stdbool.h>

#include "core/config.h"
#include "core/error.h"
#include "core/status.h"

struct ev_loop;
struct follow;
struct hub;
struct lws_context;

/** `ready` is called once, from the loop, when it is known where the log ends or that Redis does not answer.
 *  @return ITN_OK, ITN_INVALID (a setting), ITN_FAILED */
enum itn_status follow_new(struct ev_loop *loop, struct lws_context *context, const struct config *config,
			   struct hub *hub, void (*ready)(void *user), void *user, struct follow **ret,
			   struct error *error) must_check;
/** Before the context of libwebsockets is destroyed. NULL is allowed. */
void follow_free(struct follow *follow);

#endif
