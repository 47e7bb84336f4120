#include "api/body.h"
#include "api/list.h"
#include "api/list_query.h"
#include "api/show.h"
#include "domain/line_json.h"
#include "http/problem.h"

#define NOT_FOUND "Inventory not found"

/* A moment of the past: behind an event, or a time. */
struct moment {
	int64_t seq; /* -1: not so given */
	int64_t time;
};

static bool read_seq(struct str digits, int64_t *ret_seq)
{
	int64_t seq = 0;

	if (digits.len < 1 || digits.len > 16)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		seq = seq * 10 + (digits.ptr[i] - '0');
	}
	*ret_seq = seq;
	return true;
}

/* "seq:N" or a time. */
static struct moment read_moment(struct http_request *req, struct str text, struct faults *faults)
{
	const size_t prefix = strlen("seq:");
	struct moment moment = { .seq = -1 };

	if (text.len < prefix || memcmp(text.ptr, "seq:", prefix) != 0) {
		moment.time = query_time(req, "at", faults);
		return moment;
	}
	if (!read_seq((struct str){ text.ptr + prefix, text.len - prefix }, &moment.seq))
		faults_add(faults, STR("?at"), "must be an RFC 3339 time, or seq:N");
	return moment;
}

static void write_stock(struct http_response *res, struct str station, const struct moment *moment,
			const struct lines *lines)
{
	struct json_out out = http_json(res, 200);

	json_out_object(&out);
	json_out_member_str(&out, "_id", station);
	json_out_member_str(&out, "stationId", station);
	if (moment->seq >= 0)
		json_out_member_int(&out, "seq", moment->seq);
	else
		json_out_member_time(&out, "at", moment->time);
	lines_write_member(&out, "items", lines);
	json_out_object_end(&out);
}

static void reply_gone(struct http_response *res, const struct store_head *head)
{
	http_setf(res, "ITN-Seq", "%lld", (long long)head->last_seq);
	http_set(res, "ITN-Log", str_from(head->log));
	problem_reply(res, PROBLEM_GONE, NULL, "the log is %s and ends at %lld", head->log, (long long)head->last_seq);
}

static void show_stock_at(struct api *api, struct http_request *req, struct http_response *res, struct str at)
{
	struct store_head head;
	struct moment moment;
	struct lines lines;
	struct faults faults;
	enum itn_status status;

	faults_init(&faults, req->arena);
	moment = read_moment(req, at, &faults);
	if (faults_any(&faults)) {
		problem_reply(res, PROBLEM_INVALID, &faults, NULL);
		return;
	}
	status = store_head(api->store, &head);
	if (status == ITN_OK && moment.seq > head.last_seq) {
		reply_gone(res, &head);
		return;
	}
	if (status == ITN_OK)
		status = store_stock_at(api->store, req->arena, req->params[0], moment.seq, moment.time, &lines);
	if (status == ITN_OK)
		write_stock(res, req->params[0], &moment, &lines);
	else if (status == ITN_NOT_FOUND)
		problem_reply(res, PROBLEM_NOT_FOUND, NULL, "%s", NOT_FOUND);
	else
		store_failure_reply(res, status);
}

void inventory_show(struct api *api, struct http_request *req, struct http_response *res)
{
	static const char *const parameters[] = { "at", NULL };
	struct faults faults;
	struct str at;

	faults_init(&faults, req->arena);
	http_query_check(req, parameters, &faults);
	if (faults_any(&faults))
		problem_reply(res, PROBLEM_INVALID, &faults, NULL);
	else if (http_query(req, "at", &at))
		show_stock_at(api, req, res, at);
	else
		show_answer(store_inventory_json, NOT_FOUND, api, req, res);
}

void inventory_list(struct api *api, struct http_request *req, struct http_response *res)
{
	list_answer(LIST_INVENTORY, api, req, res);
}

void inventory_movements(struct api *api, struct http_request *req, struct http_response *res)
{
	list_answer(LIST_MOVEMENTS, api, req, res);
}
