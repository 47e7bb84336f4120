#include "model_parts.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"

void told_text(const json_value *object, const char *name, char *ret, size_t size)
{
	const json_value *value = json_in_member(object, name);
	struct str s = value && json_in_type(value) == JSON_STRING ? json_in_str(value) : (struct str){ "", 0 };

	snprintf(ret, size, "%.*s", STR_ARG(s));
}

int64_t told_number(const json_value *object, const char *name)
{
	int64_t value = 0;
	const json_value *member = json_in_member(object, name);

	return member && json_in_integer(member, &value) ? value : 0;
}

void told_lines(struct model *model, const json_value *object, const char *name, struct lines *ret)
{
	const json_value *array = json_in_member(object, name);

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < json_in_count(array); i++) {
		if (ret->count == LINES)
			model->fail("the model has no room for more than %d lines", LINES);
		told_text(json_in_at(array, i), "name", ret->at[ret->count].name, sizeof(ret->at[0].name));
		ret->at[ret->count++].quantity = told_number(json_in_at(array, i), "quantity");
	}
}

static void note_id(struct model *model, const struct told *told)
{
	const char *dot = strrchr(told->id, '.');
	size_t len = dot ? (size_t)(dot - told->id) : 0;
	bool cause_known = !dot;

	if (told->seq != model->seq + 1)
		model->fail("seq %lld comes after %lld", (long long)told->seq, (long long)model->seq);
	for (int64_t i = 1; i <= model->seq; i++) {
		if (strcmp(model->ids[i], told->id) == 0)
			model->fail("event %s is in the log twice, as %lld and %lld", told->id, (long long)i,
				    (long long)told->seq);
		cause_known |= dot && strncmp(model->ids[i], told->id, len) == 0 && !model->ids[i][len];
	}
	if (!cause_known)
		model->fail("event %s comes before its cause", told->id);
	model->seq = told->seq;
	snprintf(model->ids[told->seq], sizeof(model->ids[0]), "%s", told->id);
}

struct cause *model_add_cause(struct model *model, const struct told *told, enum about about, bool created,
			      size_t place, const char *from, const char *status)
{
	static const char *const members[][2] = {
		[ABOUT_TRADE] = { "reason", "buyer" },
		[ABOUT_CARGO] = { "location", "emailId" },
		[ABOUT_STATION] = { "", "" },
	};
	struct cause *cause = &model->causes[model->cause_count];
	struct work *work;

	*cause = (struct cause){ .seq = told->seq, .about = about, .created = created, .place = place };
	snprintf(cause->status, sizeof(cause->status), "%s", status);
	snprintf(cause->from, sizeof(cause->from), "%s", from);
	told_text(told->data, members[about][created], cause->tag, sizeof(cause->tag));
	work = model_add_work(model, WORK_CAUSE,
			      about == ABOUT_STATION
				      ? place
				      : model_lane(model, about == ABOUT_CARGO ? model->cargo[place].destination
									       : model->trades[place].destination),
			      model->cause_count++, NULL);
	work->seq = told->seq;
	return cause;
}

void told_check_version(struct model *model, const struct told *told, const char *key, int64_t before)
{
	if (told_number(told->data, "version") != before + 1)
		model->fail("seq %lld tells version %lld of %s after %lld", (long long)told->seq,
			    (long long)told_number(told->data, "version"), key, (long long)before);
}

void told_keep(struct model *model, const struct told *told, const void *of)
{
	model->versions[told->seq].of = of;
	model->versions[told->seq].version = told_number(told->data, "version");
	model->versions[told->seq].data = told->raw;
	model->versions[told->seq].len = told->raw_len;
}

void model_event(struct model *model, const char *frame)
{
	struct arena *arena = arena_new(8192);
	struct faults faults;
	struct json_in *doc;
	struct told told = { 0 };
	const char *data = strstr(frame, ",\"data\":");

	faults_init(&faults, arena);
	if (!data || json_in_parse(arena, str_from(frame), &faults, &doc) != ITN_OK)
		model->fail("no frame: %s", frame);
	told.raw = data + 8;
	told.raw_len = strlen(told.raw) - 1;
	told.seq = told_number(json_in_root(doc), "seq");
	told.data = json_in_member(json_in_root(doc), "data");
	told_text(json_in_root(doc), "event", told.event, sizeof(told.event));
	told_text(json_in_root(doc), "id", told.id, sizeof(told.id));
	told_text(json_in_root(doc), "kind", told.kind, sizeof(told.kind));
	told_text(json_in_root(doc), "time", told.time, sizeof(told.time));
	told_text(json_in_root(doc), "message", told.message, sizeof(told.message));
	told.derived = strchr(told.id, '.') != NULL;
	if (told.seq >= EVENTS_MAX)
		model->fail("the model has no room for seq %lld", (long long)told.seq);
	note_id(model, &told);
	if (strcmp(told.event, "criticalEvent") == 0)
		model_take_warning(model, &told);
	else if (strcmp(told.event, "inventoryUpdated") == 0)
		model_take_inventory(model, &told);
	else if (strcmp(told.event, "alertUpdated") == 0)
		model_take_alert(model, &told);
	else if (strcmp(told.event, "stockTaken") == 0)
		model_take_counts(model, &told);
	else if (json_in_member(told.data, "transactionId"))
		model_take_trade(model, &told);
	else
		model_take_cargo(model, &told);
	json_in_free(doc);
	arena_free(arena);
}
