#include "store/mongo_bson.h"

#include <string.h>

void bson_put_str(bson_t *doc, const char *name, struct str value)
{
	if (str_is_set(value))
		bson_append_utf8(doc, name, -1, value.ptr, (int)value.len);
}

void bson_put_time(bson_t *doc, const char *name, int64_t ms)
{
	if (ms)
		bson_append_date_time(doc, name, -1, ms);
}

void bson_put_int(bson_t *doc, const char *name, int64_t value)
{
	bson_append_int64(doc, name, -1, value);
}

static void put_name(bson_t *doc, const struct member *member, unsigned value)
{
	const struct member_names *names = member->names;
	if (!names->set) {
		bson_append_utf8(doc, member->name, -1, names->at[value], -1);
		return;
	}
	bson_t array;
	uint32_t count = 0;
	char buf[16];
	const char *index;
	bson_append_array_begin(doc, member->name, -1, &array);
	for (unsigned bit = 0; bit < names->count; bit++) {
		if (!(value & 1U << bit))
			continue;
		bson_uint32_to_string(count++, &index, buf, sizeof(buf));
		bson_append_utf8(&array, index, -1, names->at[bit], -1);
	}
	bson_append_array_end(doc, &array);
}

static void put_lines(bson_t *doc, const char *name, const struct lines *lines)
{
	bson_t array, line;
	char buf[16];
	const char *index;
	bson_append_array_begin(doc, name, -1, &array);
	for (size_t i = 0; i < lines->count; i++) {
		bson_uint32_to_string((uint32_t)i, &index, buf, sizeof(buf));
		bson_append_document_begin(&array, index, -1, &line);
		bson_put_str(&line, "name", lines->at[i].name);
		bson_put_int(&line, "quantity", lines->at[i].quantity);
		bson_append_document_end(&array, &line);
	}
	bson_append_array_end(doc, &array);
}

/* False when the member is absent. */
static bool put_member(bson_t *doc, const struct member *member, const void *value)
{
	switch (member->type) {
	case MEMBER_STR:
		bson_put_str(doc, member->name, *(const struct str *)value);
		return str_is_set(*(const struct str *)value);
	case MEMBER_TIME:
		bson_put_time(doc, member->name, *(const int64_t *)value);
		return *(const int64_t *)value != 0;
	case MEMBER_INT:
		bson_put_int(doc, member->name, *(const int64_t *)value);
		return true;
	case MEMBER_BOOL:
		bson_append_bool(doc, member->name, -1, *(const bool *)value);
		return true;
	case MEMBER_NAME:
		put_name(doc, member, *(const unsigned *)value);
		return true;
	case MEMBER_LINES_IF:
		if (!((const struct lines *)value)->count)
			return false;
		/* fall through */
	case MEMBER_LINES:
		put_lines(doc, member->name, value);
		return true;
	}
	return true;
}

void members_write(const struct member *members, size_t count, const void *from, unsigned owners, bson_t *set,
		   bson_t *unset)
{
	for (size_t i = 0; i < count; i++) {
		if (!(members[i].owner & owners))
			continue;
		if (!put_member(set, &members[i], (const char *)from + members[i].offset) && unset)
			bson_append_bool(unset, members[i].name, -1, true);
	}
}

static struct str iter_str(const bson_iter_t *iter)
{
	uint32_t len;
	const char *text = bson_iter_utf8(iter, &len);
	return text ? (struct str){ text, len } : STR_NONE;
}

static struct str keep(struct arena *arena, bool copy, struct str text)
{
	return copy ? arena_str(arena, text) : text;
}

static bool name_find(const struct member_names *names, struct str text, unsigned *ret)
{
	for (unsigned i = 0; i < names->count; i++)
		if (str_eq(text, str_from(names->at[i]))) {
			*ret = i;
			return true;
		}
	return false;
}

static bool take_name(const bson_iter_t *iter, const struct member_names *names, unsigned *ret)
{
	if (!names->set)
		return BSON_ITER_HOLDS_UTF8(iter) && name_find(names, iter_str(iter), ret);
	bson_iter_t element;
	*ret = 0;
	if (!BSON_ITER_HOLDS_ARRAY(iter) || !bson_iter_recurse(iter, &element))
		return false;
	while (bson_iter_next(&element)) {
		unsigned bit;
		if (!BSON_ITER_HOLDS_UTF8(&element) || !name_find(names, iter_str(&element), &bit))
			return false;
		*ret |= 1U << bit;
	}
	return true;
}

static bool take_line(const bson_iter_t *iter, struct arena *arena, bool copy, struct line *ret_line)
{
	bson_iter_t member;
	if (!BSON_ITER_HOLDS_DOCUMENT(iter) || !bson_iter_recurse(iter, &member))
		return false;
	while (bson_iter_next(&member)) {
		if (!strcmp(bson_iter_key(&member), "name") && BSON_ITER_HOLDS_UTF8(&member))
			ret_line->name = keep(arena, copy, iter_str(&member));
		else if (!strcmp(bson_iter_key(&member), "quantity") && BSON_ITER_HOLDS_INT(&member))
			ret_line->quantity = bson_iter_as_int64(&member);
	}
	return str_is_set(ret_line->name);
}

static size_t array_count(const bson_iter_t *array)
{
	bson_iter_t element;
	size_t count = 0;
	if (bson_iter_recurse(array, &element))
		while (bson_iter_next(&element))
			count++;
	return count;
}

static bool take_lines(const bson_iter_t *iter, struct arena *arena, bool copy, struct lines *ret_lines)
{
	bson_iter_t element;
	if (!BSON_ITER_HOLDS_ARRAY(iter) || !bson_iter_recurse(iter, &element))
		return false;
	size_t count = array_count(iter), i = 0;
	struct line *lines = arena_calloc(arena, count, sizeof(*lines));
	while (i < count && bson_iter_next(&element))
		if (!take_line(&element, arena, copy, &lines[i++]))
			return false;
	*ret_lines = (struct lines){ lines, count };
	return true;
}

static bool take_member(const bson_iter_t *iter, const struct member *member, struct arena *arena, bool copy, void *to)
{
	switch (member->type) {
	case MEMBER_STR:
		*(struct str *)to = keep(arena, copy, iter_str(iter));
		return BSON_ITER_HOLDS_UTF8(iter);
	case MEMBER_TIME:
		*(int64_t *)to = BSON_ITER_HOLDS_DATE_TIME(iter) ? bson_iter_date_time(iter) : 0;
		return BSON_ITER_HOLDS_DATE_TIME(iter);
	case MEMBER_INT:
		*(int64_t *)to = bson_iter_as_int64(iter);
		return BSON_ITER_HOLDS_NUMBER(iter);
	case MEMBER_BOOL:
		*(bool *)to = BSON_ITER_HOLDS_BOOL(iter) && bson_iter_bool(iter);
		return BSON_ITER_HOLDS_BOOL(iter);
	case MEMBER_NAME:
		return take_name(iter, member->names, to);
	case MEMBER_LINES:
	case MEMBER_LINES_IF:
		return take_lines(iter, arena, copy, to);
	}
	return false;
}

bool members_read(const struct member *members, size_t count, const bson_t *doc, struct arena *arena, bool copy,
		  void *to)
{
	bson_iter_t iter;
	size_t next = 0;
	if (!bson_iter_init(&iter, doc))
		return false;
	while (bson_iter_next(&iter)) {
		for (size_t tried = 0; tried < count; tried++) {
			const struct member *member = &members[(next + tried) % count];
			if (strcmp(bson_iter_key(&iter), member->name))
				continue;
			if (!take_member(&iter, member, arena, copy, (char *)to + member->offset))
				return false;
			next += tried + 1;
			break;
		}
	}
	return true;
}

struct str bson_take_str(const bson_t *doc, const char *name)
{
	bson_iter_t iter;
	return bson_iter_init_find(&iter, doc, name) && BSON_ITER_HOLDS_UTF8(&iter) ? iter_str(&iter) : STR_NONE;
}

int64_t bson_take_int(const bson_t *doc, const char *name)
{
	bson_iter_t iter;
	if (!bson_iter_init_find(&iter, doc, name))
		return 0;
	return BSON_ITER_HOLDS_DATE_TIME(&iter) ? bson_iter_date_time(&iter) : bson_iter_as_int64(&iter);
}

bool bson_take_bool(const bson_t *doc, const char *name)
{
	bson_iter_t iter;
	return bson_iter_init_find(&iter, doc, name) && BSON_ITER_HOLDS_BOOL(&iter) && bson_iter_bool(&iter);
}

bool bson_take_document(const bson_t *doc, const char *name, bson_t *ret_view)
{
	bson_iter_t iter;
	uint32_t len;
	const uint8_t *data;
	if (!bson_iter_init_find(&iter, doc, name))
		return false;
	if (BSON_ITER_HOLDS_ARRAY(&iter))
		bson_iter_array(&iter, &len, &data);
	else if (BSON_ITER_HOLDS_DOCUMENT(&iter))
		bson_iter_document(&iter, &len, &data);
	else
		return false;
	return bson_init_static(ret_view, data, len);
}
