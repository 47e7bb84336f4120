#include "model_parts.h"

#include <stdio.h>
#include <string.h>

int64_t goods_of(const struct lines *lines, const char *name)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->at[i].name, name) == 0)
			return lines->at[i].quantity;
	return 0;
}

void goods_add_line(struct lines *lines, const char *name, int64_t quantity)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->at[i].name, name) == 0) {
			lines->at[i].quantity += quantity;
			return;
		}
	snprintf(lines->at[lines->count].name, sizeof(lines->at[0].name), "%s", name);
	lines->at[lines->count++].quantity = quantity;
}

void goods_add(struct lines *lines, const struct lines *more)
{
	for (size_t i = 0; i < more->count; i++)
		goods_add_line(lines, more->at[i].name, more->at[i].quantity);
}

int64_t goods_total(const struct lines *lines)
{
	int64_t sum = 0;

	for (size_t i = 0; i < lines->count; i++)
		sum += lines->at[i].quantity;
	return sum;
}

bool goods_equal(const struct lines *a, const struct lines *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (goods_of(b, a->at[i].name) != a->at[i].quantity)
			return false;
	return true;
}
