/* Linked into programs that may open the store in memory too: takes the place of src/store/kinds.c. */
#include "store/kinds.h"
#include "store/memory.h"
#include "store/mongo.h"
#include "store/sqlite.h"

const struct store_kind store_kinds[] = {
	{ "memory:", &memory_ops },
	{ "sqlite:", &sqlite_ops },
	{ "mongodb:", &mongo_ops },
	{ "mongodb+srv:", &mongo_ops },
};
const size_t store_kind_count = sizeof(store_kinds) / sizeof(store_kinds[0]);
