#include "api/api.h"
#include "core/metrics.h"

void health_livez(struct api *api unused_arg, struct http_request *req unused_arg, struct http_response *res)
{
	struct json_out out = http_json(res, 200);
	json_out_object(&out);
	json_out_member_str(&out, "status", STR("ok"));
	json_out_object_end(&out);
}

/* What a check or a look came to. */
struct finding {
	const char *name;
	enum reason reason;
	struct str detail;
};

static struct finding run_check(const struct health_check *check, struct arena *arena)
{
	struct buf detail = { 0 };
	struct finding finding = { .name = check->name };
	finding.reason = check->fault(check->context, &detail);
	finding.detail = detail.len ? arena_str(arena, buf_str(&detail)) : STR_NONE;
	buf_free(&detail);
	return finding;
}

static struct finding take_look(const struct sight *sight, const struct metrics_reading *reading, const struct api *api,
				struct arena *arena)
{
	struct buf detail = { 0 };
	struct finding finding = { .name = sight->name };
	finding.reason = sight->look(reading, api->config->network, &detail);
	finding.detail = detail.len ? arena_str(arena, buf_str(&detail)) : STR_NONE;
	buf_free(&detail);
	return finding;
}

static void write_finding(struct json_out *out, const struct finding *finding, const char *well)
{
	json_out_object(out);
	json_out_member_str(out, "name", str_from(finding->name));
	json_out_member_bool(out, well, finding->reason == REASON_NONE);
	if (finding->reason != REASON_NONE)
		json_out_member_str(out, "reason", str_from(reason_word(finding->reason)));
	json_out_member_str_if(out, "detail", finding->detail);
	json_out_object_end(out);
}

static void write_reasons(struct json_out *out, const struct finding findings[], size_t count)
{
	json_out_key(out, "reasons");
	json_out_array(out);
	for (size_t i = 0; i < count; i++)
		if (findings[i].reason != REASON_NONE)
			json_out_str(out, str_from(reason_word(findings[i].reason)));
	json_out_array_end(out);
}

static void write_checks(struct json_out *out, const struct finding findings[], size_t count)
{
	json_out_key(out, "checks");
	json_out_array(out);
	for (size_t i = 0; i < count; i++)
		write_finding(out, &findings[i], "ready");
	json_out_array_end(out);
}

/* What is seen of this host decides nothing. */
static void write_host(struct json_out *out, struct api *api, struct arena *arena)
{
	struct metrics_reading *reading = metrics_read();
	json_out_key(out, "host");
	json_out_array(out);
	for (size_t i = 0; i < api->seen_count; i++) {
		struct finding finding = run_check(&api->seen[i], arena);
		write_finding(out, &finding, "well");
	}
	for (size_t i = 0; i < sight_count; i++) {
		struct finding finding = take_look(&sights[i], reading, api, arena);
		write_finding(out, &finding, "well");
	}
	json_out_array_end(out);
	metrics_reading_free(reading);
}

/** /readyz?verbose shows each check and what is seen of this host, to clients on this host only. */
void health_readyz(struct api *api, struct http_request *req, struct http_response *res)
{
	struct finding findings[HEALTH_CHECKS_MAX];
	struct str value;
	bool ready = true;
	for (size_t i = 0; i < api->check_count; i++) {
		findings[i] = run_check(&api->checks[i], req->arena);
		ready &= findings[i].reason == REASON_NONE;
	}
	struct json_out out = http_json(res, ready ? 200 : 503);
	if (!ready)
		http_set(res, "Retry-After", STR("1"));
	json_out_object(&out);
	json_out_member_str(&out, "status", ready ? STR("ready") : STR("not ready"));
	if (!ready)
		write_reasons(&out, findings, api->check_count);
	if (http_is_local(req) && http_query(req, "verbose", &value)) {
		write_checks(&out, findings, api->check_count);
		write_host(&out, api, req->arena);
	}
	json_out_object_end(&out);
}
