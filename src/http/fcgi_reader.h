/** FastCGI records from one connection, put together to a request (FastCGI specification 1.0, sections 3 to 6).
 *
 *  Pure: bytes in, events and reply bytes out. It never waits and never trusts a length. It knows one request at a time;
 *  another one begun on the same connection is answered FCGI_CANT_MPX_CONN, records of ids that are not active are skipped.
 *
 *  libfcgi is not used for this: its answer to FCGI_GET_VALUES overruns a buffer on the stack when a peer asks for more than four
 *  values, it sets no limit to parameters, and it can only wait while a record is incomplete.
 */
#ifndef ITN_HTTP_FCGI_READER_H
#define ITN_HTTP_FCGI_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "http/request.h"

enum fcgi_event {
	FCGI_MORE,    /**< all bytes taken, the request is not complete */
	FCGI_REQUEST, /**< a request is complete; bytes behind it were not taken */
	FCGI_BROKEN,  /**< the peer broke the protocol: close the connection */
};

enum fcgi_phase { FCGI_IDLE, FCGI_IN_PARAMS, FCGI_IN_STDIN, FCGI_COMPLETE };

struct fcgi_reader {
	enum fcgi_phase phase;
	uint16_t id;    /**< of the active request */
	bool keep;      /**< the peer keeps the connection after this request */
	bool params_too_large;
	bool body_too_large;
	bool close;     /**< an unkept request was aborted: close once the reply is out */
	uint64_t body_max;
	struct buf params;
	struct buf body;
	struct buf reply; /**< for the peer, outside of any answer; the owner sends and empties it */

	unsigned char header[8]; /**< of the current record */
	size_t header_len;
	size_t content_left;
	size_t padding_left;
	bool skip;
	unsigned char content[512]; /**< of a BEGIN_REQUEST or management record */
	size_t content_len;
};

void fcgi_reader_init(struct fcgi_reader *reader, uint64_t body_max);
void fcgi_reader_free(struct fcgi_reader *reader);
/** Forgets the complete request and is ready for the next. */
void fcgi_reader_next(struct fcgi_reader *reader);
/** Whether a request or a record has begun and is not complete. */
bool fcgi_reader_pending(const struct fcgi_reader *reader);

/** Takes bytes until a request is complete. */
enum fcgi_event fcgi_reader_feed(struct fcgi_reader *reader, struct str bytes, size_t *ret_taken);

/** The parameters of the complete request as name-value pairs; they point into the reader.
 *  @return false when lengths reach beyond the parameters: the peer is broken; `ret_count` may be FCGI_PARAMS_MAX + 1 when
 *  there are too many (the rest is left out) */
bool fcgi_reader_variables(struct fcgi_reader *reader, struct arena *arena, struct http_variable **ret,
			   size_t *ret_count);

/** A record's header. `len` <= 65535. */
void fcgi_header(unsigned char ret[8], unsigned type, uint16_t id, size_t len, unsigned padding);
/** An END_REQUEST record. */
void fcgi_end_record(unsigned char ret[16], uint16_t id, unsigned protocol_status);

#endif
