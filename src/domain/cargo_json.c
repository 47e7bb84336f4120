#include "core/json_out.h"
#include "domain/cargo.h"
#include "domain/line_json.h"
#include "domain/stored.h"

static enum cargo_status status_read(struct stored *stored, const char *member)
{
	enum cargo_status status = CARGO_PENDING;

	stored->broken |= !cargo_status_parse(stored_text(stored, member), &status);
	return status;
}

/* The members that clients' changes own, and what goes with them. */
static void write_changing(struct json_out *out, const struct cargo *cargo)
{
	json_out_member_str(out, "status", str_from(cargo_status_name(cargo->status)));
	json_out_member_time_if(out, "departedAt", cargo->departed_at);
	json_out_member_time_if(out, "deliveredAt", cargo->delivered_at);
	json_out_member_time_if(out, "eta", cargo->eta);
	json_out_member_str_if(out, "location", cargo->location);
	json_out_member_int(out, "version", cargo->version);
}

static void read_changing(struct stored *json, struct cargo *cargo)
{
	cargo->status = status_read(json, "status");
	cargo->departed_at = stored_time_if(json, "departedAt");
	cargo->delivered_at = stored_time_if(json, "deliveredAt");
	cargo->eta = stored_time_if(json, "eta");
	cargo->location = stored_text_if(json, "location");
	cargo->version = stored_integer(json, "version");
	cargo->updated_at = stored_time(json, "updatedAt");
}

void cargo_write_json(struct buf *out, const struct cargo *cargo)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_str(&json, "_id", cargo->id);
	json_out_member_str(&json, "shipmentId", cargo->id);
	json_out_member_str(&json, "emailId", cargo->email);
	json_out_member_str_if(&json, "origin", cargo->origin);
	json_out_member_str(&json, "destination", cargo->destination);
	lines_write_member(&json, "items", &cargo->items);
	lines_write_member(&json, "ownItems", &cargo->own_items);
	if (cargo->capacity)
		json_out_member_int(&json, "capacity", cargo->capacity);
	json_out_member_int(&json, "tradeCount", cargo->trade_count);
	write_changing(&json, cargo);
	json_out_member_time(&json, "createdAt", cargo->created_at);
	json_out_member_time(&json, "updatedAt", cargo->updated_at);
	json_out_object_end(&json);
}

enum itn_status cargo_read_json(struct arena *arena, struct str text, struct cargo *ret_cargo)
{
	struct stored json;
	struct cargo cargo;
	enum itn_status status;

	stored_open(&json, arena, text);
	cargo = (struct cargo){
		.id = stored_text(&json, "shipmentId"),
		.email = stored_text(&json, "emailId"),
		.origin = stored_text_if(&json, "origin"),
		.destination = stored_text(&json, "destination"),
		.capacity = stored_integer_if(&json, "capacity"),
		.trade_count = stored_integer(&json, "tradeCount"),
		.created_at = stored_time(&json, "createdAt"),
	};
	lines_read_member(&json, "items", &cargo.items);
	lines_read_member(&json, "ownItems", &cargo.own_items);
	read_changing(&json, &cargo);
	status = stored_close(&json);
	if (status == ITN_OK)
		*ret_cargo = cargo;
	return status;
}

void cargo_write_change(struct buf *out, const struct cargo *cargo, enum cargo_status from)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_str(&json, "from", str_from(cargo_status_name(from)));
	write_changing(&json, cargo);
	json_out_member_time(&json, "updatedAt", cargo->updated_at);
	json_out_object_end(&json);
}

enum itn_status cargo_apply_change(struct arena *arena, struct str change, struct cargo *cargo,
				   enum cargo_status *ret_from)
{
	struct stored json;
	struct cargo changed = *cargo;
	enum cargo_status from;
	enum itn_status status;

	stored_open(&json, arena, change);
	from = status_read(&json, "from");
	read_changing(&json, &changed);
	status = stored_close(&json);
	if (status != ITN_OK)
		return status;
	*cargo = changed;
	*ret_from = from;
	return ITN_OK;
}
