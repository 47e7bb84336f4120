#include "store/kinds.h"

#include "store/mongo.h"
#include "store/sqlite.h"

const struct store_kind store_kinds[] = {
	{ "sqlite:", &sqlite_ops },
	{ "mongodb:", &mongo_ops },
	{ "mongodb+srv:", &mongo_ops },
};
const size_t store_kind_count = sizeof(store_kinds) / sizeof(store_kinds[0]);
