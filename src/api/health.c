#include "api/api.h"

void health_livez(struct api *api unused_arg, struct http_request *req unused_arg, struct http_response *res)
{
	struct json_out out = http_json(res, 200);
	json_out_object(&out);
	json_out_member_str(&out, "status", STR("ok"));
	json_out_object_end(&out);
}

static bool run_check(const struct health_check *check, struct arena *arena, struct str *ret_reason)
{
	struct buf reason = { 0 };
	bool ready = check->ready(check->context, &reason);
	*ret_reason = ready ? STR_NONE : arena_str(arena, buf_str(&reason));
	buf_free(&reason);
	return ready;
}

static void write_reasons(struct json_out *out, const struct api *api, const struct str reasons[])
{
	json_out_key(out, "reasons");
	json_out_array(out);
	for (size_t i = 0; i < api->check_count; i++) {
		if (!str_is_set(reasons[i]))
			continue;
		json_out_str(out, reasons[i].len ? reasons[i] : str_from(api->checks[i].name));
	}
	json_out_array_end(out);
}

static void write_checks(struct json_out *out, const struct api *api, const struct str reasons[])
{
	json_out_key(out, "checks");
	json_out_array(out);
	for (size_t i = 0; i < api->check_count; i++) {
		json_out_object(out);
		json_out_member_str(out, "name", str_from(api->checks[i].name));
		json_out_member_bool(out, "ready", !str_is_set(reasons[i]));
		json_out_member_str_if(out, "reason", reasons[i]);
		json_out_object_end(out);
	}
	json_out_array_end(out);
}

/** /readyz?verbose shows each check, to clients on this host only. */
void health_readyz(struct api *api, struct http_request *req, struct http_response *res)
{
	struct str reasons[HEALTH_CHECKS_MAX], value;
	bool ready = true;
	for (size_t i = 0; i < api->check_count; i++)
		ready &= run_check(&api->checks[i], req->arena, &reasons[i]);
	struct json_out out = http_json(res, ready ? 200 : 503);
	if (!ready)
		http_set(res, "Retry-After", STR("1"));
	json_out_object(&out);
	json_out_member_str(&out, "status", ready ? STR("ready") : STR("not ready"));
	if (!ready)
		write_reasons(&out, api, reasons);
	if (http_is_local(req) && http_query(req, "verbose", &value))
		write_checks(&out, api, reasons);
	json_out_object_end(&out);
}
