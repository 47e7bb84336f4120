/** The statements that make the layout of a SQLite database, from sqlite_schema.def. */
#ifndef ITN_STORE_SQLITE_LAYOUT_H
#define ITN_STORE_SQLITE_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

struct sqlite_statement {
	int64_t schema; /**< that it came with */
	const char *text;
};

/** In the order in which they are run. */
extern const struct sqlite_statement sqlite_layout_statements[];
extern const size_t sqlite_layout_count;

#endif
