#include "http/fcgi_conn.h"

#include <errno.h>
#include <fastcgi.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "core/clock.h"
#include "core/log.h"
#include "http/problem.h"

#define RECORD_MAX 65528
/** End of STDOUT, END_REQUEST, and the mark that makes nginx close: see write_end(). */
#define END_MAX (8 + 16 + 8)

struct fcgi_sink {
	struct http_sink base;
	struct fcgi_worker *worker;
	struct fcgi_conn *conn;
};

static bool write_all(int fd, struct iovec *parts, int count)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = (size_t)count };
	while (message.msg_iovlen > 0) {
		ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		size_t left = (size_t)sent;
		while (message.msg_iovlen > 0 && left >= message.msg_iov->iov_len) {
			left -= message.msg_iov->iov_len;
			message.msg_iov++;
			message.msg_iovlen--;
		}
		if (message.msg_iovlen > 0) {
			message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + left;
			message.msg_iov->iov_len -= left;
		}
	}
	return true;
}

/** The end of an answer. In the drain a record follows that belongs to no request: peers skip it by the specification, and
 *  nginx, which keeps a connection only when END_REQUEST is the last that came, closes it; so it can't send the next
 *  request onto a connection that we are about to close. */
static size_t write_end(unsigned char end[END_MAX], uint16_t id, bool draining)
{
	fcgi_header(end, FCGI_STDOUT, id, 0, 0);
	fcgi_end_record(end + 8, id, FCGI_REQUEST_COMPLETE);
	if (!draining)
		return 24;
	fcgi_header(end + 24, FCGI_STDOUT, id, 0, 0);
	return END_MAX;
}

static struct str cut(struct str *from, size_t max)
{
	struct str part = { from->ptr, from->len < max ? from->len : max };
	*from = (struct str){ from->ptr + part.len, from->len - part.len };
	return part;
}

static struct iovec part_of(struct str s)
{
	return (struct iovec){ (void *)(uintptr_t)s.ptr, s.len };
}

static bool sink_send(struct http_sink *base, struct str head, struct str body, bool last)
{
	struct fcgi_sink *sink = (struct fcgi_sink *)base;
	struct fcgi_conn *conn = sink->conn;
	uint16_t id = conn->reader.id;
	bool sent = true;
	while (sent && (head.len || body.len || last)) {
		unsigned char header[8], end[END_MAX];
		struct iovec parts[4];
		int count = 1;
		struct str head_part = cut(&head, RECORD_MAX);
		struct str body_part = cut(&body, RECORD_MAX - head_part.len);
		size_t len = head_part.len + body_part.len;
		fcgi_header(header, FCGI_STDOUT, id, len, 0);
		parts[0] = (struct iovec){ header, len ? sizeof(header) : 0 };
		if (head_part.len)
			parts[count++] = part_of(head_part);
		if (body_part.len)
			parts[count++] = part_of(body_part);
		if (last && !head.len && !body.len) {
			parts[count++] = (struct iovec){ end, write_end(end, id, atomic_load(sink->worker->draining)) };
			last = false;
		}
		atomic_store(&conn->deadline, clock_monotonic_ms() + (int64_t)sink->worker->settings->peer_timeout_ms);
		sent = write_all(conn->fd, parts, count);
	}
	atomic_store(&conn->deadline, 0);
	return sent;
}

/** Answers the complete request. False: close the connection. */
static bool answer(struct fcgi_worker *worker, struct fcgi_conn *conn)
{
	struct fcgi_reader *reader = &conn->reader;
	struct fcgi_sink sink = { { sink_send }, worker, conn };
	struct http_response *res = &worker->res;
	struct http_request req;
	struct http_variable *variables;
	size_t count;
	atomic_store(&conn->deadline, 0);
	arena_reset(worker->arena);
	if (!fcgi_reader_variables(reader, worker->arena, &variables, &count))
		return false;
	bool too_large = reader->params_too_large || count > FCGI_PARAMS_MAX;
	http_request_init(&req, worker->arena, variables, too_large ? 0 : count, buf_str(&reader->body));
	req.body_too_large = reader->body_too_large;
	req.body_broken = req.body_broken && !req.body_too_large;
	http_response_init(res, &req, &sink.base);
	log_request(req.request_id);
	if (too_large)
		problem_reply(res, PROBLEM_HEADERS_TOO_LARGE, NULL, NULL);
	else
		worker->settings->answer(worker->settings->context, &req, res);
	bool sent = http_response_finish(res);
	log_debug("answered", LOG_STR("method", req.method_name), LOG_STR("path", req.path), LOG_INT("status", res->status));
	log_request(STR_NONE);
	return sent;
}

static bool send_reply(struct fcgi_conn *conn)
{
	struct buf *reply = &conn->reader.reply;
	if (reply->len == 0)
		return true;
	ssize_t sent = send(conn->fd, reply->ptr, reply->len, MSG_DONTWAIT | MSG_NOSIGNAL);
	bool whole = sent >= 0 && (size_t)sent == reply->len;
	buf_free(reply);
	return whole;
}

static void start_clock(struct fcgi_worker *worker, struct fcgi_conn *conn)
{
	if (conn->begun)
		return;
	conn->begun = true;
	atomic_store(&conn->deadline, clock_monotonic_ms() + (int64_t)worker->settings->peer_timeout_ms);
}

/** Feeds bytes and answers what becomes complete. Several requests may lie in
 *  them: a peer that does not wait for its answers gets them in turn. False: close the connection. */
static bool take(struct fcgi_worker *worker, struct fcgi_conn *conn, struct str bytes)
{
	while (bytes.len > 0) {
		size_t taken;
		start_clock(worker, conn);
		enum fcgi_event event = fcgi_reader_feed(&conn->reader, bytes, &taken);
		bytes = (struct str){ bytes.ptr + taken, bytes.len - taken };
		if (!send_reply(conn) || event == FCGI_BROKEN || conn->reader.close)
			return false;
		if (event == FCGI_MORE)
			continue;
		bool keep = conn->reader.keep;
		if (!answer(worker, conn) || !keep)
			return false;
		fcgi_reader_next(&conn->reader);
		conn->begun = false;
	}
	return true;
}

enum fcgi_verdict fcgi_conn_serve(struct fcgi_worker *worker, struct fcgi_conn *conn, bool hung_up)
{
	for (int reads = 0; reads < FCGI_READS_MAX; reads++) {
		ssize_t len = recv(conn->fd, worker->scratch, FCGI_READ_SIZE, MSG_DONTWAIT);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return errno == EAGAIN ? FCGI_WAIT : FCGI_CLOSE;
		if (len == 0)
			return FCGI_CLOSE;
		if (!take(worker, conn, (struct str){ worker->scratch, (size_t)len }))
			return FCGI_CLOSE;
		if (!hung_up && len < FCGI_READ_SIZE && !conn->begun)
			return FCGI_WAIT;
	}
	return FCGI_YIELD;
}
