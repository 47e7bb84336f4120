#include "api/written.h"

#include "api/waiter.h"
#include "bus/wake.h"
#include "http/negotiate.h"
#include "store/alerts.h"

static const struct {
	enum itn_status (*read)(struct store *store, struct str key, struct buf *out, int64_t *ret_version);
	const char *path;
} kinds[ENTITY_KINDS] = {
	[ENTITY_TRADE] = { store_trade_json, "/api/trades" },
	[ENTITY_CARGO] = { store_cargo_json, "/api/cargo" },
	[ENTITY_INVENTORY] = { store_inventory_json, "/api/inventory" },
	[ENTITY_ALERT] = { store_alert_json, "/api/alerts" },
};

/* The document as the store has it now; on failure what is known stays. */
static bool read_again(struct api *api, struct http_request *req, struct written *written)
{
	struct buf json = { 0 };
	int64_t version;
	enum itn_status status = kinds[written->entity].read(api->store, written->key, &json, &version);

	if (status == ITN_OK) {
		written->json = arena_str(req->arena, buf_str(&json));
		written->version = version;
	}
	buf_free(&json);
	return status == ITN_OK;
}

static void wait_for_effects(struct api *api, struct http_request *req, struct http_response *res,
			     struct written *written)
{
	int preferred = http_prefer_wait(http_header(req, "Prefer"), WAIT_MAX_S);
	bool done;

	if ((preferred < 0 && !written->wait_s) || !str_is_set(written->event))
		return;
	done = waiter_wait(api->waiter, written->event, preferred < 0 ? written->wait_s : preferred);
	if (!read_again(api, req, written) || !done)
		written->status = 202;
	else if (preferred >= 0)
		http_setf(res, "Preference-Applied", "wait=%d", preferred);
}

static void set_location(struct http_response *res, const struct written *written)
{
	const struct str segments[] = { written->key, STR_NONE };

	http_set_location(res, kinds[written->entity].path, segments);
}

void written_reply(struct api *api, struct http_request *req, struct http_response *res, struct written written)
{
	struct json_out out;

	if (str_is_set(written.event))
		bus_wake_send(api->wake);
	wait_for_effects(api, req, res, &written);
	if (written.status != 200)
		set_location(res, &written);
	if (str_is_set(written.json))
		http_set_version(res, written.version);
	out = http_json(res, written.status);
	if (!written.message) {
		json_out_raw(&out, written.json);
		return;
	}
	json_out_object(&out);
	json_out_member_str(&out, "message", str_from(written.message));
	if (str_is_set(written.json)) {
		json_out_key(&out, entity_name(written.entity));
		json_out_raw(&out, written.json);
	}
	json_out_object_end(&out);
}
