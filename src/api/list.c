#include "api/list.h"

#include "api/body.h"
#include "api/csv.h"
#include "api/cursor.h"
#include "api/list_query.h"
#include "api/position.h"
#include "http/negotiate.h"
#include "http/problem.h"

#define SLICE_FIRST 100
#define SLICE_MAX   1000
#define SLICE_BYTES ((size_t)1 << 20)
#define KEY_KEEP    1024

enum list_form { FORM_JSON, FORM_NDJSON, FORM_CSV };

static const char *const media_types[] = { "application/json", "application/x-ndjson", "text/csv", NULL };

/* The rows of one slice in the wanted form. */
struct slice {
	enum store_list_kind kind;
	enum list_form form;
	struct buf text;
	struct arena *arena; /* of CSV's parsing, emptied with each row */
	size_t rows;
	bool first; /* no row was written before */
	bool broken;
	int64_t time; /* of the last row, with its key */
	struct buf key;
	struct buf after; /* key that the next slice begins behind: apart, the store reads it while rows come */
};

static void add_row(void *context, const struct store_row *row)
{
	struct slice *slice = context;

	if (slice->form == FORM_CSV) {
		arena_reset(slice->arena);
		slice->broken |= !csv_row(&slice->text, slice->arena, slice->kind, row->json);
	} else {
		if (slice->form == FORM_JSON && !slice->first)
			buf_add_char(&slice->text, ',');
		buf_add_str(&slice->text, row->json);
		if (slice->form == FORM_NDJSON)
			buf_add_char(&slice->text, '\n');
	}
	slice->first = false;
	slice->rows++;
	slice->time = row->time;
	buf_reset(&slice->key, KEY_KEEP);
	buf_add_str(&slice->key, row->key);
}

static void begin_slice(struct slice *slice)
{
	buf_reset(&slice->text, 2 * SLICE_BYTES);
	slice->rows = 0;
}

static void set_type(struct http_response *res, enum list_form form)
{
	http_set(res, "Content-Type", str_from(form == FORM_CSV ? "text/csv; charset=utf-8" : media_types[form]));
}

static void write_start(struct slice *slice)
{
	if (slice->form == FORM_JSON)
		buf_add_char(&slice->text, '[');
	else if (slice->form == FORM_CSV)
		csv_header(&slice->text, slice->kind);
}

static enum itn_status read_slice(struct api *api, struct slice *slice, struct store_list *list)
{
	enum itn_status status = store_list(api->store, list, add_row, slice);

	if (status == ITN_OK && slice->rows) {
		buf_reset(&slice->after, KEY_KEEP);
		buf_add_str(&slice->after, buf_str(&slice->key));
		list->after = (struct store_cursor){ slice->time, buf_str(&slice->after) };
	}
	return status == ITN_OK && slice->broken ? ITN_FAILED : status;
}

static size_t next_max(const struct slice *slice, size_t max)
{
	size_t bytes = slice->rows ? slice->text.len / slice->rows + 1 : 1;
	size_t wanted = SLICE_BYTES / bytes;

	if (wanted > 4 * max)
		wanted = 4 * max;
	return wanted < 1 ? 1 : wanted > SLICE_MAX ? SLICE_MAX : wanted;
}

static void stream(struct api *api, struct http_response *res, struct slice *slice, struct store_list *list)
{
	enum itn_status status;
	bool begun = false;

	list->max = SLICE_FIRST;
	begin_slice(slice);
	write_start(slice);
	for (;;) {
		status = read_slice(api, slice, list);
		if (status != ITN_OK && !begun) {
			store_failure_reply(res, status);
			return;
		}
		if (status != ITN_OK) {
			http_stream_abort(res);
			return;
		}
		if (!begun)
			set_type(res, slice->form);
		if (!begun && !http_stream_begin(res, 200))
			return;
		begun = true;
		if (!http_stream_write(res, buf_str(&slice->text)))
			return;
		if (slice->rows < list->max)
			break;
		list->max = next_max(slice, list->max);
		begin_slice(slice);
	}
	if (slice->form == FORM_JSON)
		http_stream_write(res, STR("]"));
}

static void nothing(void *context, const struct store_row *row unused_arg)
{
	*(bool *)context = true;
}

static void set_next_link(struct http_request *req, struct http_response *res, const struct store_list *list)
{
	struct buf link = { 0 };
	struct str value;

	buf_add_char(&link, '<');
	buf_add_str(&link, req->path);
	buf_add_cstr(&link, "?after=");
	cursor_write(&link, list->kind, &list->after);
	for (const char *const *name = list_parameters(list->kind); *name; name++) {
		if (strcmp(*name, "after") == 0 || !http_query(req, *name, &value))
			continue;
		buf_printf(&link, "&%s=", *name);
		http_encode(&link, value);
	}
	buf_add_cstr(&link, ">; rel=\"next\"");
	http_set(res, "Link", buf_str(&link));
	buf_free(&link);
}

/* Whether the list goes on behind the page. */
static enum itn_status look_behind(struct api *api, struct store_list *list, bool *ret_more)
{
	list->max = 1;
	*ret_more = false;
	return store_list(api->store, list, nothing, ret_more);
}

static void page(struct api *api, struct http_request *req, struct http_response *res, struct slice *slice,
		 struct list_query *query)
{
	bool more = false;
	enum itn_status status;

	query->list.max = query->limit;
	begin_slice(slice);
	write_start(slice);
	status = read_slice(api, slice, &query->list);
	if (status == ITN_OK && slice->rows == query->limit)
		status = look_behind(api, &query->list, &more);
	if (status != ITN_OK) {
		store_failure_reply(res, status);
		return;
	}
	if (slice->form == FORM_JSON)
		buf_add_char(&slice->text, ']');
	if (more)
		set_next_link(req, res, &query->list);
	set_type(res, slice->form);
	buf_add_str(&res->body, buf_str(&slice->text));
}

void list_answer(enum store_list_kind kind, struct api *api, struct http_request *req, struct http_response *res)
{
	int form = http_accept(http_header(req, "Accept"), media_types);
	struct slice slice = { .kind = kind, .first = true };
	struct list_query query;
	struct faults faults;

	faults_init(&faults, req->arena);
	http_query_check(req, list_parameters(kind), &faults);
	query = list_query_read(req, kind, &faults);
	if (faults_any(&faults)) {
		problem_reply(res, PROBLEM_INVALID, &faults, NULL);
		return;
	}
	http_set(res, "Vary", STR("Accept"));
	if (form < 0) {
		problem_reply(res, PROBLEM_NOT_ACCEPTABLE, NULL,
			      "a list is application/json, application/x-ndjson or text/csv");
		return;
	}
	if (!position_set(api, res))
		return;
	slice.form = (enum list_form)form;
	slice.arena = arena_new(0);
	if (query.limit)
		page(api, req, res, &slice, &query);
	else
		stream(api, res, &slice, &query.list);
	arena_free(slice.arena);
	buf_free(&slice.after);
	buf_free(&slice.key);
	buf_free(&slice.text);
}

void list_answer_of(enum store_list_kind kind, enum itn_status found, const char *not_found, struct api *api,
		    struct http_request *req, struct http_response *res)
{
	if (found == ITN_OK)
		list_answer(kind, api, req, res);
	else if (found == ITN_NOT_FOUND)
		problem_reply(res, PROBLEM_NOT_FOUND, NULL, "%s", not_found);
	else
		store_failure_reply(res, found);
}
