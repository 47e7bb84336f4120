/** FastCGI records from one connection, put together to a request (FastCGI specification 1.0, sections 3 to 6).
 *
 *  Pure: bytes in, events and reply bytes out. It never waits and never trusts a length. It knows one request at a time;
 *  another one begun on the same connection is answered FCGI_CANT_MPX_CONN, records of ids that are not active are skipped.
 *
 *  This is the gate before libfcgi (fcgi_app.h), which gets to see only complete requests whose parameters are bounded
 *  and well-formed: facing a peer, libfcgi 2.4.2 overruns a buffer on the stack when FCGI_GET_VALUES asks for more than
 *  four values, believes any length, and can only wait while a record is incomplete.
 */
#ifndef ITN_HTTP_FCGI_READER_H
#define ITN_HTTP_FCGI_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

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
	bool params_too_large; /**< in bytes or number; `params` is empty then */
	bool body_too_large;
	bool close;     /**< an unkept request was aborted: close once the reply is out */
	uint64_t body_max;
	struct buf params; /**< of a complete request: whole pairs; no NUL in them, no '=' in a name */
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

/** A record's header. `len` <= 65535. */
void fcgi_header(unsigned char ret[8], unsigned type, uint16_t id, size_t len, unsigned padding);
/** An END_REQUEST record. */
void fcgi_end_record(unsigned char ret[16], uint16_t id, unsigned protocol_status);

#endif
