/** What a process counts and measures, from one table (metrics.def), readable by the other processes of its host.
 *
 *  Each process keeps its values in a file of its own in the folder of the setting metrics_dir, mapped into its memory;
 * it holds a lock (flock) on the file as long as it lives. The file describes itself, so that programs of two versions
 * read each other's. Without a folder, or when the file can't be made, the values are in memory only and the process
 * goes on.
 *
 *  There is one set of values for the process, as there is one log. Before metrics_open() nothing is counted. Changing
 * a value is a relaxed atomic addition: any thread, no lock, no system call.
 */
#ifndef ITN_CORE_METRICS_H
#define ITN_CORE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/config.h"

/** METRIC_HTTP_REQUESTS and so on. */
enum metric {
#define METRIC(key, type, unit, who, labels, name, help) METRIC_##key,
#define OBSERVED(key, type, name, help)
#include "core/metrics.def"
#undef METRIC
#undef OBSERVED
	METRICS
};

/** Labels whose values are known when the process starts. */
enum metrics_label {
	LABEL_NONE,
	LABEL_LEVEL,
	LABEL_ROUTE,
	LABEL_METHOD,
	LABEL_STATUS,
	LABEL_KIND,
	LABEL_REASON,
	METRICS_LABELS
};
#define METRICS_LABELS_MAX 3
/** Longest value of a label, in bytes. */
#define METRICS_TEXT_MAX 63

/** Says which values a label has; before metrics_open(). `values` are kept, not copied. The first one stands for any
 * that is not among them. Without this call the metrics that have the label count nothing. */
void metrics_label(enum metrics_label label, const char *const *values, size_t count);
/** Once at the start of a process, before its threads. `program` is "itn-api". A folder that can't be used costs a line
 * in the log and no more. */
void metrics_open(const struct config *config, const char *program, enum config_user who);
/** Takes the file away. */
void metrics_close(void);

/** Counters: adds to one without labels, or to one of its series. A position beyond a label's values counts as 0. */
void metrics_add(enum metric metric, uint64_t more);
void metrics_add_at(enum metric metric, const size_t labels[], uint64_t more);
/** Histograms: one value, in microseconds where the unit is seconds. `label` is 0 for those without labels. */
void metrics_observe(enum metric metric, size_t label, uint64_t value);
/** Gauges, in microseconds where the unit is seconds. */
void metrics_set(enum metric metric, int64_t value);
/** Shown no longer: it is not known. */
void metrics_unset(enum metric metric);

/** The processes of this host at one instant: this one, and those that live and have a file in the folder. The files of
 *  dead ones are removed. */
struct metrics_reading;

/** Never fails: what can't be read is left out. */
struct metrics_reading *metrics_read(void);
void metrics_reading_free(struct metrics_reading *reading);
/** Everything in the text format of Prometheus, version 0.0.4. */
void metrics_write(const struct metrics_reading *reading, struct buf *out);
#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/** The processes of a reading, in the order of their names. */
size_t metrics_process_count(const struct metrics_reading *reading);
const char *metrics_process_name(const struct metrics_reading *reading, size_t process);
const char *metrics_process_program(const struct metrics_reading *reading, size_t process);
const char *metrics_process_network(const struct metrics_reading *reading, size_t process);
/** A gauge or counter without labels, in the unit that it is kept in. False: it has none, or it is not known. */
bool metrics_process_value(const struct metrics_reading *reading, size_t process, enum metric metric, int64_t *ret);

#endif
