/** Fuzz target: any bytes as JSON. What is taken is read through every accessor.
 *
 *  `make check` replays the corpus; clang fuzzes with
 *  clang -fsanitize=fuzzer,address -D_GNU_SOURCE -Isrc tests/fuzz/json_in.c src/core/{json_in,json_scan,arena,...}.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/json_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void visit(const struct json_in *doc, const json_value *value)
{
	int64_t number = 0;

	switch (json_in_type(value)) {
	case JSON_STRING:
		must(json_in_str(value).ptr[json_in_str(value).len] == '\0');
		break;
	case JSON_OBJECT:
		must(json_in_member(value, "no such \x01 member") == NULL);
		if (json_in_member(value, "a"))
			visit(doc, json_in_member(value, "a"));
		else
			must(!json_in_repeated(doc, value, "a"));
		break;
	default:
		break;
	}
	if (json_in_integer(value, &number))
		must(number >= -9007199254740991 && number <= 9007199254740991);
	for (size_t i = 0; i < json_in_count(value); i++)
		visit(doc, json_in_at(value, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct json_in *doc = NULL;
	struct faults faults;

	faults_init(&faults, arena);
	if (json_in_parse(arena, (struct str){ (const char *)data, size }, &faults, &doc) == ITN_OK) {
		must(!faults_any(&faults));
		visit(doc, json_in_root(doc));
	} else {
		must(faults.count == 1 && !strstr(faults.at[0].detail.ptr, "the parser does not take"));
	}
	json_in_free(doc);
	arena_free(arena);
	return 0;
}
