/** Which stores a program can open: a scheme of URIs and the engine that answers to it, one row each.
 *
 *  kinds.c has those of the daemons. A program that links another table in its place (a test, with the store in memory)
 *  has that table's, and no other program can open what is not in its own.
 */
#ifndef ITN_STORE_KINDS_H
#define ITN_STORE_KINDS_H

#include "store/engine_ops.h"

struct store_kind {
	const char *scheme; /**< "sqlite:" */
	const struct store_ops *ops;
};

extern const struct store_kind store_kinds[];
extern const size_t store_kind_count;

#endif
