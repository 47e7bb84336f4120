#include "http/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

static const struct {
	const char *code;
	int status;
	const char *title;
} problems[PROBLEMS] = {
#define PROBLEM(name, code_, status_, title_) [PROBLEM_##name] = { code_, status_, title_ },
#include "http/problem.def"
#undef PROBLEM
};

const char *problem_code(enum problem problem)
{
	return problems[problem].code;
}

int problem_status(enum problem problem)
{
	return problems[problem].status;
}

const char *problem_title(enum problem problem)
{
	return problems[problem].title;
}

static size_t sequence_length(struct str s)
{
	for (size_t len = 1; len <= 4 && len <= s.len; len++)
		if (utf8_valid((struct str){ s.ptr, len }, NULL))
			return len;
	return 0;
}

/** The text with U+FFFD in place of each byte that is no UTF-8. */
static struct str clean(struct arena *arena, struct str text)
{
	if (utf8_valid(text, NULL))
		return text;
	char *out = arena_alloc(arena, text.len * 3);
	size_t len = 0;
	while (text.len > 0) {
		size_t step = sequence_length(text);
		memcpy(out + len, step ? text.ptr : "\xef\xbf\xbd", step ? step : 3);
		len += step ? step : 3;
		step = step ? step : 1;
		text = (struct str){ text.ptr + step, text.len - step };
	}
	return (struct str){ out, len };
}

static size_t listed(const struct faults *faults)
{
	return faults->count < FAULTS_MAX ? faults->count : FAULTS_MAX;
}

/** "buyer is required; /items/0/quantity must be …", and how many more there are. */
static struct str join(struct arena *arena, const struct faults *faults)
{
	struct buf text = { 0 };
	for (size_t i = 0; i < listed(faults); i++) {
		buf_add_cstr(&text, i ? "; " : "");
		buf_add_str(&text, faults->at[i].pointer);
		buf_add_cstr(&text, faults->at[i].pointer.len ? " " : "");
		buf_add_str(&text, faults->at[i].detail);
	}
	if (faults->count > FAULTS_MAX)
		buf_printf(&text, "; and %zu more", faults->count - FAULTS_MAX);
	struct str joined = arena_str(arena, buf_str(&text));
	buf_free(&text);
	return clean(arena, joined);
}

static void write_errors(struct json_out *out, struct arena *arena, const struct faults *faults)
{
	json_out_key(out, "errors");
	json_out_array(out);
	for (size_t i = 0; i < listed(faults); i++) {
		json_out_object(out);
		json_out_member_str(out, "pointer", clean(arena, faults->at[i].pointer));
		json_out_member_str(out, "detail", clean(arena, faults->at[i].detail));
		json_out_object_end(out);
	}
	json_out_array_end(out);
}

static void write_problem(struct http_response *res, enum problem problem, const struct faults *faults, struct str line)
{
	struct arena *arena = res->req->arena;
	int status = problems[problem].status;
	struct json_out out = json_out_to(&res->body);
	json_out_object(&out);
	json_out_member_str(&out, "type", arena_printf(arena, "/problems/%s", problems[problem].code));
	json_out_member_str(&out, "title", str_from(problems[problem].title));
	json_out_member_int(&out, "status", status);
	json_out_member_str(&out, "detail", line);
	if (res->req->path.len > 0)
		json_out_member_str(&out, "instance", clean(arena, res->req->path));
	json_out_member_str(&out, "requestId", res->req->request_id);
	if (faults && faults_any(faults))
		write_errors(&out, arena, faults);
	if (status == 503 || status == 507)
		json_out_member_str(&out, "outcome",
				    problem == PROBLEM_OUTCOME_UNKNOWN ? STR("outcome-unknown") : STR("not-done"));
	json_out_member_str(&out, "error", line);
	if (status == 404)
		json_out_member_str(&out, "message", line);
	json_out_object_end(&out);
}

static struct str format(struct arena *arena, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	size_t size = len > 0 ? (size_t)len : 0;
	char *text = arena_alloc(arena, size + 1);
	text[0] = '\0';
	if (size > 0)
		(void)vsnprintf(text, size + 1, fmt, args);
	return clean(arena, (struct str){ text, size });
}

void problem_reply(struct http_response *res, enum problem problem, const struct faults *faults, const char *detail, ...)
{
	struct arena *arena = res->req->arena;
	struct str line = str_from(problems[problem].title);
	if (detail) {
		va_list args;
		va_start(args, detail);
		line = format(arena, detail, args);
		va_end(args);
	} else if (faults && faults_any(faults)) {
		line = join(arena, faults);
	}
	res->status = problems[problem].status;
	buf_reset(&res->body, res->body.cap);
	http_set(res, "Content-Type", STR("application/problem+json"));
	if (res->status == 503 || res->status == 507)
		http_set(res, "Retry-After", STR("1"));
	write_problem(res, problem, faults, line);
}
