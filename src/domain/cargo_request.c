#include "domain/cargo.h"
#include "domain/field.h"

#include <inttypes.h>

static void check_capacity(const struct field_reader *body, const struct cargo *cargo)
{
	int64_t total = lines_total(&cargo->own_items);
	struct str detail;

	if (!cargo->capacity || total <= cargo->capacity)
		return;
	detail = arena_printf(body->arena, "must not be less than what the own lines need, %" PRId64, total);
	field_fault(body, "capacity", detail.ptr);
}

/* `items` holds the lines as sent until cargo_created(), which counts them. */
enum itn_status cargo_from_request(const struct json_in *doc, struct arena *arena, struct faults *faults,
				   struct cargo *ret_cargo)
{
	struct field_reader body;
	struct cargo cargo;

	if (!field_reader_open(doc, arena, faults, &body))
		return ITN_INVALID;
	cargo = (struct cargo){
		.id = field_text(&body, "shipmentId", FIELD_REQUIRED, &text_key),
		.email = field_text(&body, "emailId", FIELD_REQUIRED, &text_email),
		.origin = field_text(&body, "origin", FIELD_OPTIONAL, &text_key),
		.destination = field_text(&body, "destination", FIELD_REQUIRED, &text_key),
		.items = field_lines(&body, "items", FIELD_OPTIONAL),
		.capacity = field_integer(&body, "capacity", FIELD_OPTIONAL, 1, SUM_MAX),
		.eta = field_time(&body, "eta"),
		.location = field_text(&body, "location", FIELD_OPTIONAL, &text_name),
	};
	if (faults_any(faults))
		return ITN_INVALID;
	lines_merge(&cargo.own_items, arena, &cargo.items);
	check_capacity(&body, &cargo);
	if (faults_any(faults))
		return ITN_INVALID;
	*ret_cargo = cargo;
	return ITN_OK;
}

enum itn_status cargo_change_from_request(const struct json_in *doc, struct arena *arena, struct faults *faults,
					  struct cargo_change *ret_change)
{
	const char *names[CARGO_STATUSES];
	struct field_reader body;
	struct cargo_change change;
	int status;

	for (unsigned i = 0; i < CARGO_STATUSES; i++)
		names[i] = cargo_status_name((enum cargo_status)i);
	if (!field_reader_open(doc, arena, faults, &body))
		return ITN_INVALID;
	status = field_choice(&body, "status", names, CARGO_STATUSES);
	change.location = field_text(&body, "location", FIELD_OPTIONAL, &text_name);
	change.eta = field_time(&body, "eta");
	if (faults_any(faults))
		return ITN_INVALID;
	change.status = (enum cargo_status)status;
	*ret_change = change;
	return ITN_OK;
}
