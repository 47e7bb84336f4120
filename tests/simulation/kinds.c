/* Takes the place of src/store/kinds.c: here is no other store than the one in memory. */
#include "store/kinds.h"
#include "store/memory.h"

const struct store_kind store_kinds[] = { { "memory:", &memory_ops } };
const size_t store_kind_count = 1;
