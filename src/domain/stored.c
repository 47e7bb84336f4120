#include "domain/stored.h"

#include "core/clock.h"

struct stored stored_open(struct arena *arena, struct str json)
{
	struct stored stored = { .arena = arena };
	struct faults faults;

	faults_init(&faults, arena);
	if (json_in_parse(arena, json, &faults, &stored.doc) != ITN_OK) {
		stored.broken = true;
		return stored;
	}
	stored.object = json_in_root(stored.doc);
	stored.broken = json_in_type(stored.object) != JSON_OBJECT;
	return stored;
}

enum itn_status stored_close(struct stored *stored)
{
	json_in_free(stored->doc);
	stored->doc = NULL;
	return stored->broken ? ITN_FAILED : ITN_OK;
}

static const json_value *member(struct stored *stored, const char *name)
{
	return stored->object ? json_in_member(stored->object, name) : NULL;
}

struct str stored_text_if(struct stored *stored, const char *name)
{
	const json_value *value = member(stored, name);

	if (!value)
		return STR_NONE;
	if (json_in_type(value) != JSON_STRING) {
		stored->broken = true;
		return STR_NONE;
	}
	return arena_str(stored->arena, json_in_str(value));
}

struct str stored_text(struct stored *stored, const char *name)
{
	struct str text = stored_text_if(stored, name);

	stored->broken |= !str_is_set(text);
	return text;
}

int64_t stored_integer(struct stored *stored, const char *name)
{
	const json_value *value = member(stored, name);
	int64_t number = 0;

	stored->broken |= !value || json_in_type(value) != JSON_NUMBER || !json_in_integer(value, &number);
	return number;
}

int64_t stored_integer_if(struct stored *stored, const char *name)
{
	return member(stored, name) ? stored_integer(stored, name) : 0;
}

int64_t stored_time(struct stored *stored, const char *name)
{
	const json_value *value = member(stored, name);
	int64_t ms = 0;

	stored->broken |= !value || json_in_type(value) != JSON_STRING || !time_parse(json_in_str(value), &ms);
	return ms;
}

int64_t stored_time_if(struct stored *stored, const char *name)
{
	return member(stored, name) ? stored_time(stored, name) : 0;
}
