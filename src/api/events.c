#include "api/api.h"
#include "api/body.h"
#include "api/list_query.h"
#include "domain/position.h"
#include "http/negotiate.h"
#include "http/problem.h"
#include "store/store.h"

#define SLICE     500
#define LIMIT_MAX 1000

static const char *const media_types[] = { "application/json", "application/x-ndjson", NULL };

struct slice {
	bool lines; /* NDJSON */
	bool first;
	struct buf text;
	size_t rows;
	int64_t last;
};

static void add_row(void *context, const struct store_event_row *row)
{
	struct slice *slice = context;

	if (!slice->lines && !slice->first)
		buf_add_char(&slice->text, ',');
	buf_add_str(&slice->text, row->frame);
	if (slice->lines)
		buf_add_char(&slice->text, '\n');
	slice->first = false;
	slice->rows++;
	slice->last = row->seq;
}

static enum itn_status read_position(struct http_request *req, const struct store_head *head, struct faults *faults,
				     int64_t *ret_after)
{
	struct str text;
	enum itn_status status;

	*ret_after = 0;
	if (!http_query(req, "after", &text))
		return ITN_OK;
	status = position_parse(text, str_from(head->log), head->last_seq, ret_after);
	if (status == ITN_INVALID)
		faults_add(faults, STR("?after"), "must be a position: SEQ or LOG:SEQ");
	return status;
}

/* Up to `end`, which was the log's end when the request came: an answer that ends. */
static void stream(struct api *api, struct http_response *res, struct slice *slice, int64_t after, int64_t end)
{
	bool begun = false;

	if (!slice->lines)
		buf_add_char(&slice->text, '[');
	do {
		size_t max = end - after < SLICE ? (size_t)(end - after) : SLICE;
		enum itn_status status = max ? store_events(api->store, after, max, add_row, slice) : ITN_OK;

		if (status != ITN_OK && begun) {
			http_stream_abort(res);
			return;
		}
		if (status != ITN_OK) {
			store_failure_reply(res, status);
			return;
		}
		if (!begun)
			http_set(res, "Content-Type", str_from(media_types[slice->lines]));
		if (!begun && !http_stream_begin(res, 200))
			return;
		begun = true;
		if (!http_stream_write(res, buf_str(&slice->text)))
			return;
		buf_reset(&slice->text, SIZE_MAX);
		if (max && !slice->rows) {
			http_stream_abort(res);
			return;
		}
		after = max ? slice->last : end;
		slice->rows = 0;
	} while (after < end);
	if (!slice->lines)
		http_stream_write(res, STR("]"));
}

static void answer_gap(struct http_response *res, const struct store_head *head)
{
	problem_reply(res, PROBLEM_GONE, NULL, "the log is %s and ends at %lld", head->log, (long long)head->last_seq);
}

void events_list(struct api *api, struct http_request *req, struct http_response *res)
{
	static const char *const parameters[] = { "after", "limit", NULL };
	int form = http_accept(http_header(req, "Accept"), media_types);
	struct slice slice = { .lines = form == 1, .first = true };
	struct store_head head;
	struct faults faults;
	int64_t after, limit;
	enum itn_status status = store_head(api->store, &head);

	if (status != ITN_OK) {
		store_failure_reply(res, status);
		return;
	}
	faults_init(&faults, req->arena);
	http_query_check(req, parameters, &faults);
	limit = query_integer(req, "limit", 1, LIMIT_MAX, 0, &faults);
	status = read_position(req, &head, &faults, &after);
	if (faults_any(&faults)) {
		problem_reply(res, PROBLEM_INVALID, &faults, NULL);
		return;
	}
	http_set(res, "Vary", STR("Accept"));
	if (form < 0) {
		problem_reply(res, PROBLEM_NOT_ACCEPTABLE, NULL, "events are application/json or application/x-ndjson");
		return;
	}
	http_setf(res, "ITN-Seq", "%lld", (long long)head.last_seq);
	http_set(res, "ITN-Log", str_from(head.log));
	if (status == ITN_GAP) {
		answer_gap(res, &head);
	} else {
		int64_t end = limit && head.last_seq - after > limit ? after + limit : head.last_seq;

		if (end < head.last_seq)
			http_setf(res, "Link", "<%.*s?after=%s:%lld&limit=%lld>; rel=\"next\"", STR_ARG(req->route),
				  head.log, (long long)end, (long long)limit);
		stream(api, res, &slice, after, end);
	}
	buf_free(&slice.text);
}
