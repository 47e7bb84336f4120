/** A small FastCGI client for tests: whole requests, or any bytes that a bad peer could send.
 *
 *  Nothing here waits longer than CLIENT_PATIENCE_MS; what should come and does not is a failed test.
 */
#ifndef ITN_TESTS_FCGI_CLIENT_H
#define ITN_TESTS_FCGI_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/str.h"

#define CLIENT_PATIENCE_MS 20000

enum record_type {
	BEGIN = 1,
	ABORT = 2,
	END = 3,
	PARAMS = 4,
	STDIN = 5,
	STDOUT = 6,
	DATA = 8,
	GET_VALUES = 9,
	VALUES_RESULT = 10,
	UNKNOWN_TYPE = 11,
};

struct client {
	int fd;
	struct buf in; /**< bytes read and not yet taken as records */
};

struct client_record {
	unsigned type;
	uint16_t id;
	struct buf content;
};

struct client_answer {
	int status;               /**< of the Status header; 0: none came */
	unsigned protocol_status; /**< of END_REQUEST */
	uint16_t id;
	unsigned records;         /**< STDOUT records with content */
	struct buf text;          /**< the CGI answer, NUL-terminated */
	const char *body;         /**< in `text` */
	size_t body_len;
};

struct client client_connect(const char *path);
struct client client_connect_tcp(uint16_t port);
void client_close(struct client *client);

/** Bytes of records, appended to a buffer. */
void put_record(struct buf *out, unsigned type, uint16_t id, struct str content, unsigned padding);
void put_begin(struct buf *out, uint16_t id, unsigned role, bool keep);
void put_param(struct buf *params, struct str name, struct str value);
/** BEGIN, PARAMS (method and URI; CONTENT_LENGTH and CONTENT_TYPE when there is a body), STDIN. */
void put_request(struct buf *out, uint16_t id, bool keep, const char *method, const char *uri, struct str body);

/** False when the peer has closed. */
bool client_send(struct client *client, struct str bytes);
bool client_request(struct client *client, uint16_t id, bool keep, const char *method, const char *uri, struct str body);

/** The next record; false when the connection ended before it. */
bool client_record(struct client *client, struct client_record *ret);
/** Everything up to END_REQUEST; false when the connection ended before it. Free with client_answer_free(). */
bool client_answer(struct client *client, struct client_answer *ret);
void client_answer_free(struct client_answer *answer);
/** Reads to the end of the connection; false when it does not end in time. */
bool client_closed(struct client *client);
/** Whether bytes or the end have arrived and are unread. */
bool client_readable(const struct client *client, int timeout_ms);

#endif
