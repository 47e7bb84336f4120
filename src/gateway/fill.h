/** Reads what the stream in Redis no longer has from itn-api: GET /api/events?after=LOG:SEQ&limit=N with
 *  `Accept: application/x-ndjson`, one frame a line, on the gateway's loop. One request at a time.
 */
#ifndef ITN_GATEWAY_FILL_H
#define ITN_GATEWAY_FILL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/status.h"
#include "core/str.h"

struct ev_loop;
struct fill;
struct lws_context;

/** No byte for this long ends a request, in ms. */
#define FILL_TIMEOUT_MS 3000
/** Longest line, in bytes. */
#define FILL_LINE_MAX (4 * 1024 * 1024)

struct fill_events {
	/** One frame, exactly as it was stored, valid during the call. Returns false to end the request. */
	bool (*frame)(void *user, struct str frame);
	/** The request is over.
	 *  @param status  ITN_OK; ITN_GAP (410: not a position of this log); ITN_UNAVAILABLE (all else)
	 *  @param log, end  where the log ends by the answer's headers ITN-Log and ITN-Seq; absent and -1 without */
	void (*done)(void *user, enum itn_status status, struct str log, int64_t end);
};

/** @param url  "http://HOST[:PORT][/PREFIX]"
 *  @return ITN_OK, ITN_INVALID (the URL), ITN_FAILED */
enum itn_status fill_new(struct ev_loop *loop, struct lws_context *context, const char *url,
			 const struct fill_events *events, void *user, struct fill **ret, struct error *error)
	must_check;
/** Before the context is destroyed. NULL is allowed. */
void fill_free(struct fill *fill);

/** Asks for up to `limit` events after a position; `log` absent: only where the log ends.
 *  The answer comes by the events, also when it can't be sent. Nothing may be under way. */
void fill_ask(struct fill *fill, struct str log, int64_t after, unsigned limit);
/** Forgets what is under way; no event comes from it. Not from inside a callback of the request. */
void fill_cancel(struct fill *fill);

#endif
