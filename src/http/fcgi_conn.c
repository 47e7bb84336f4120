#include "http/fcgi_conn.h"

#include <errno.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/log.h"
#include "http/measure.h"
#include "http/problem.h"

/** A peer gets peer_timeout_ms for so many bytes: whole records of libfcgi. */
#define SLICE ((size_t)8 * FCGI_APP_RECORD)

struct fcgi_sink {
	struct http_sink base;
	struct fcgi_worker *worker;
	struct fcgi_conn *conn;
	bool streaming;
};

void fcgi_worker_progress(struct fcgi_worker *worker, int64_t now_ms)
{
	atomic_store_explicit(&worker->progress, now_ms, memory_order_relaxed);
}

static void renew_deadline(struct fcgi_sink *sink)
{
	int64_t timeout = (int64_t)sink->worker->settings->peer_timeout_ms, now = clock_monotonic_ms();
	fcgi_worker_progress(sink->worker, now);
	atomic_store(&sink->conn->deadline, now + timeout);
}

static bool write_slices(struct fcgi_sink *sink, struct str bytes)
{
	while (bytes.len > 0) {
		size_t part = bytes.len < SLICE ? bytes.len : SLICE;
		renew_deadline(sink);
		if (!fcgi_app_write(sink->worker->app, (struct str){ bytes.ptr, part }))
			return false;
		bytes = (struct str){ bytes.ptr + part, bytes.len - part };
	}
	return true;
}

/** In the drain a record follows END_REQUEST that belongs to no request: peers skip it by the specification, and nginx,
 *  which keeps a connection only when END_REQUEST is the last that came, closes it; so it can't send the next request
 *  onto a connection that we are about to close. */
static bool write_end(struct fcgi_sink *sink)
{
	renew_deadline(sink);
	return fcgi_app_finish(sink->worker->app, atomic_load(sink->worker->draining));
}

static bool sink_send(struct http_sink *base, struct str head, struct str body, bool last)
{
	struct fcgi_sink *sink = (struct fcgi_sink *)base;
	bool sent = write_slices(sink, head) && write_slices(sink, body) &&
		    (last ? write_end(sink) : fcgi_app_flush(sink->worker->app));
	atomic_store(&sink->conn->deadline, 0);
	return sent;
}

static bool sink_stream(struct http_sink *base)
{
	struct fcgi_sink *sink = (struct fcgi_sink *)base;
	struct fcgi_streams *streams = sink->worker->streams;
	sink->streaming = atomic_fetch_add(&streams->now, 1) < streams->max;
	if (!sink->streaming)
		atomic_fetch_sub(&streams->now, 1);
	return sink->streaming;
}

/** From the complete request to the last byte of its answer; false when that was not sent. */
static bool respond(struct fcgi_sink *sink, const struct http_variable *variables, size_t count)
{
	struct fcgi_worker *worker = sink->worker;
	struct fcgi_reader *reader = &sink->conn->reader;
	struct http_response *res = &worker->res;
	struct http_request req;
	int64_t began_us = clock_monotonic_us();
	fcgi_worker_progress(worker, began_us / 1000);
	http_request_init(&req, worker->arena, variables, count, buf_str(&reader->body));
	req.body_too_large = reader->body_too_large;
	req.body_broken = req.body_broken && !req.body_too_large;
	http_response_init(res, &req, &sink->base);
	log_request(req.request_id);
	if (reader->params_too_large)
		problem_reply(res, PROBLEM_HEADERS_TOO_LARGE, NULL, NULL);
	else
		worker->settings->answer(worker->settings->context, &req, res);
	measure_answer(&req, res, began_us);
	bool sent = http_response_finish(res);
	log_debug("answered", LOG_STR("method", req.method_name), LOG_STR("path", req.path), LOG_INT("status", res->status));
	log_request(STR_NONE);
	return sent;
}

/** Answers the complete request. False: close the connection. */
static bool answer(struct fcgi_worker *worker, struct fcgi_conn *conn)
{
	struct fcgi_sink sink = { { sink_send, sink_stream }, worker, conn, false };
	struct str params = buf_str(&conn->reader.params);
	struct http_variable *variables;
	size_t count;
	atomic_store(&conn->deadline, 0);
	arena_reset(worker->arena);
	if (!fcgi_app_begin(worker->app, conn->reader.id, params, conn->fd, worker->arena, &variables, &count))
		return false;
	bool sent = respond(&sink, variables, count);
	fcgi_app_release(worker->app);
	if (sink.streaming)
		atomic_fetch_sub(&worker->streams->now, 1);
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
