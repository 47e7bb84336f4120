/** Lines of goods: a name and a whole quantity. A list names each item once or, in a trade as sent, several times. */
#ifndef ITN_DOMAIN_LINE_H
#define ITN_DOMAIN_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"

#define QUANTITY_MAX  INT64_C(1000000000000) /**< of one line in a request */
#define SUM_MAX       INT64_C(9007199254740991) /**< of any sum: 2^53-1, exact in every JSON reader */
#define LINES_MAX     1000

struct line {
	struct str name;
	int64_t quantity;
};

struct lines {
	struct line *at;
	size_t count;
};

/** One line more at the end, in an array of the arena that doubles when it is full; `room` is 0 at first. */
void lines_append(struct lines *lines, struct arena *arena, size_t *room, struct line line);
/** Lines added to a manifest that names each item once; `manifest` is changed, new memory comes from `arena`. */
void lines_merge(struct lines *manifest, struct arena *arena, const struct lines *more);
/** Whether merging keeps the manifest within LINES_MAX lines and each sum within SUM_MAX. */
bool lines_can_merge(const struct lines *manifest, const struct lines *more);
/** Takes lines out again; a line that falls to 0 goes. They must be in it (asserted). */
void lines_subtract(struct lines *manifest, const struct lines *less);
/** Sum of all quantities, SUM_MAX + 1 when it is larger than SUM_MAX. */
int64_t lines_total(const struct lines *lines);

#endif
