/** The file of one process's metrics, for those who write and read it (metrics*.c) and nobody else.
 *
 *  Head, rows of metrics, rows of labels, texts, values: fixed sizes, one behind the other. METRICS_MAGIC names this
 * layout and is written last; a file without it is not finished. Another layout gets another magic. What the values
 * mean is all in the file: metrics.def may change without a new layout.
 */
#ifndef ITN_CORE_METRICS_LAYOUT_H
#define ITN_CORE_METRICS_LAYOUT_H

#include <stdatomic.h>

#include "core/metrics.h"

#define METRICS_MAGIC       UINT64_C(0x31726d2e6e7469) /* "itn.mr1" */
#define METRICS_BUCKETS_MAX 20
#define METRICS_NAME_SIZE   64
#define METRICS_HELP_SIZE   512
#define METRICS_TEXT_SIZE   (METRICS_TEXT_MAX + 1)
#define METRICS_SUFFIX      ".metrics"
#define METRICS_UNFINISHED  ".new"
/** A gauge that is not known. */
#define METRICS_UNKNOWN INT64_MIN

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM, METRICS_TYPES };
enum metrics_unit { METRICS_ONE, METRICS_SECONDS, METRICS_UNITS };

struct metrics_head {
	uint64_t magic;
	uint64_t size; /**< of the file */
	uint32_t row_count, label_count, text_count, value_count;
	uint32_t pid;
	uint32_t reserved;
	uint64_t start_ticks; /**< of /proc/PID/stat: the number has not become another process's */
	int64_t started_at;   /**< ms since 1970 */
	char process[METRICS_TEXT_SIZE];
	char program[METRICS_TEXT_SIZE];
	char version[METRICS_TEXT_SIZE];
	char network[METRICS_TEXT_SIZE];
};

/** A metric. Its values are those of its first series, then of the next: the last label counts fastest. A series of a
 *  histogram has a value for each bucket (not cumulative), one for what is beyond, and the sum. */
struct metrics_row {
	char name[METRICS_NAME_SIZE];
	char help[METRICS_HELP_SIZE];
	uint32_t type, unit;
	uint32_t label_count;
	uint32_t labels[METRICS_LABELS_MAX]; /**< numbers of label rows */
	uint32_t first;                      /**< number of its first value */
	uint32_t bucket_count;
	uint64_t buckets[METRICS_BUCKETS_MAX]; /**< upper bounds, in the unit that is kept */
};

struct metrics_label_row {
	char name[METRICS_TEXT_SIZE];
	uint32_t first; /**< number of its first text */
	uint32_t count;
};

/** Where the parts of a block are. */
struct metrics_block {
	struct metrics_head *head;
	struct metrics_row *rows;
	struct metrics_label_row *labels;
	char (*texts)[METRICS_TEXT_SIZE];
	_Atomic uint64_t *values;
};

/** One process of a reading. */
struct metrics_view {
	struct metrics_block block;
	char name[METRICS_TEXT_SIZE + 16];
	void *mapping; /**< NULL: the process's own */
	size_t size;
};

struct metrics_reading {
	struct metrics_view *views;
	size_t count;
};

/** Bytes of a block with these counts. */
size_t metrics_block_size(size_t rows, size_t labels, size_t texts, size_t values);
/** The parts of a block whose head has its counts. */
struct metrics_block metrics_block_at(void *base);
/** How many series a row has, and values each of them. */
size_t metrics_series_count(const struct metrics_block *block, const struct metrics_row *row);
size_t metrics_series_size(const struct metrics_row *row);

/** The own block and its file; NULL and "" when there is none. */
void *metrics_own(void);
const char *metrics_own_file(void);
const char *metrics_folder(void);
/** The name of a metric in metrics.def. */
const char *metrics_name(enum metric metric);
/** Start time of a process as /proc counts it; 0: not known. */
uint64_t metrics_start_ticks(uint32_t pid);

/** What is seen of a process from outside; only what is known is written. */
enum metrics_observed {
#define METRIC(key, type, unit, who, labels, name, help)
#define OBSERVED(key, type, name, help) OBSERVED_##key,
#include "core/metrics.def"
#undef METRIC
#undef OBSERVED
	METRICS_OBSERVED
};
struct metrics_observation {
	bool known[METRICS_OBSERVED];
	uint64_t values[METRICS_OBSERVED]; /**< seconds in microseconds */
};
void metrics_observe_process(const struct metrics_head *head, struct metrics_observation *ret);
extern const struct metrics_row metrics_observed_rows[METRICS_OBSERVED];

#endif
