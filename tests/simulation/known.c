#include "clients.h"

struct documents documents;

struct known *known_of(struct str key, bool is_cargo)
{
	struct known *known;

	for (size_t i = 0; i < documents.count; i++)
		if (documents.at[i]->is_cargo == is_cargo && str_eq(documents.at[i]->key, key))
			return documents.at[i];
	if (documents.count == DOCUMENTS_MAX)
		sim_fail("more than %d documents", DOCUMENTS_MAX);
	known = arena_calloc(sim.arena, 1, sizeof(*known));
	known->key = arena_str(sim.arena, key);
	known->is_cargo = is_cargo;
	return documents.at[documents.count++] = known;
}

struct known *some_document(bool is_cargo)
{
	struct known *found[DOCUMENTS_MAX];
	size_t count = 0;

	if (documents.hot && documents.hot->is_cargo == is_cargo && sim_pick(3))
		return documents.hot;
	for (size_t i = 0; i < documents.count; i++)
		if (documents.at[i]->is_cargo == is_cargo)
			found[count++] = documents.at[i];
	if (!count)
		return NULL;
	return found[count > 6 && sim_pick(2) ? count - 1 - sim_pick(6) : sim_pick((unsigned)count)];
}

struct known *latest_document(bool is_cargo)
{
	for (size_t i = documents.count; i-- > 0;)
		if (documents.at[i]->is_cargo == is_cargo)
			return documents.at[i];
	return NULL;
}
