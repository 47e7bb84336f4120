#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/metrics_layout.h"

static const char *const type_names[METRICS_TYPES] = { "counter", "gauge", "histogram" };

/* One series: which process, which metric, which values of its labels. */
struct series {
	const struct metrics_view *view;
	const struct metrics_row *row;
	size_t number;
};

static void add_escaped(struct buf *out, const char *text, bool in_label)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_add_cstr(out, "\\n");
		else if (*text == '\\' || (*text == '"' && in_label))
			buf_printf(out, "\\%c", *text);
		else
			buf_add_char(out, *text);
	}
}

static void add_label(struct buf *out, const char *name, const char *value)
{
	buf_add_cstr(out, name);
	buf_add_cstr(out, "=\"");
	add_escaped(out, value, true);
	buf_add_char(out, '"');
}

static void add_labels(struct buf *out, const struct series *series)
{
	const struct metrics_block *block = &series->view->block;
	size_t left = metrics_series_count(block, series->row), number = series->number;

	buf_add_char(out, '{');
	add_label(out, "process", series->view->name);
	for (uint32_t i = 0; i < series->row->label_count; i++) {
		const struct metrics_label_row *label = &block->labels[series->row->labels[i]];

		left /= label->count;
		buf_add_char(out, ',');
		add_label(out, label->name, block->texts[label->first + number / left]);
		number %= left;
	}
}

static void add_value(struct buf *out, bool seconds, int64_t value)
{
	const char *sign = value < 0 ? "-" : "";
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	if (seconds)
		buf_printf(out, " %s%" PRIu64 ".%06" PRIu64 "\n", sign, size / 1000000, size % 1000000);
	else
		buf_printf(out, " %s%" PRIu64 "\n", sign, size);
}

static int64_t value_at(const struct series *series, size_t index)
{
	_Atomic uint64_t *values = series->view->block.values + series->row->first;
	size_t size = metrics_series_size(series->row);

	return (int64_t)atomic_load_explicit(&values[series->number * size + index], memory_order_relaxed);
}

static void write_plain(struct buf *out, const struct series *series)
{
	int64_t value = value_at(series, 0);
	bool is_gauge = series->row->type == METRICS_GAUGE;

	if (is_gauge ? value == METRICS_UNKNOWN : value == 0 && series->row->label_count > 1)
		return;
	buf_add_cstr(out, series->row->name);
	add_labels(out, series);
	buf_add_char(out, '}');
	add_value(out, series->row->unit == METRICS_SECONDS, value);
}

static void add_bound(struct buf *out, const struct metrics_row *row, uint32_t bucket)
{
	if (bucket == row->bucket_count)
		buf_add_cstr(out, "+Inf");
	else if (row->unit == METRICS_SECONDS)
		buf_printf(out, "%g", (double)row->buckets[bucket] / 1e6);
	else
		buf_printf(out, "%" PRIu64, row->buckets[bucket]);
}

static void add_part(struct buf *out, const struct series *series, const char *suffix)
{
	buf_add_cstr(out, series->row->name);
	buf_add_cstr(out, suffix);
	add_labels(out, series);
}

/* Each bucket is read once, so that the parts fit together whatever is added meanwhile. */
static void write_histogram(struct buf *out, const struct series *series)
{
	const struct metrics_row *row = series->row;
	uint64_t counts[METRICS_BUCKETS_MAX + 1], total = 0;
	int64_t sum = value_at(series, row->bucket_count + 1);

	for (uint32_t i = 0; i <= row->bucket_count; i++)
		counts[i] = total += (uint64_t)value_at(series, i);
	if (total == 0 && row->label_count > 0)
		return;
	for (uint32_t i = 0; i <= row->bucket_count; i++) {
		add_part(out, series, "_bucket");
		buf_add_cstr(out, ",le=\"");
		add_bound(out, row, i);
		buf_add_cstr(out, "\"}");
		add_value(out, false, (int64_t)counts[i]);
	}
	add_part(out, series, "_sum");
	buf_add_char(out, '}');
	add_value(out, row->unit == METRICS_SECONDS, sum);
	add_part(out, series, "_count");
	buf_add_char(out, '}');
	add_value(out, false, (int64_t)total);
}

static void write_row(struct buf *out, const struct metrics_view *view, const struct metrics_row *row)
{
	size_t count = metrics_series_count(&view->block, row);

	for (size_t i = 0; i < count; i++) {
		struct series series = { view, row, i };

		if (row->type == METRICS_HISTOGRAM)
			write_histogram(out, &series);
		else
			write_plain(out, &series);
	}
}

static void write_head(struct buf *out, const struct metrics_row *row)
{
	buf_printf(out, "# HELP %s ", row->name);
	add_escaped(out, row->help, false);
	buf_printf(out, "\n# TYPE %s %s\n", row->name, type_names[row->type]);
}

/* Rows of programs of one version are mostly at one place. */
static const struct metrics_row *find_row(const struct metrics_view *view, const char *name, uint32_t hint)
{
	const struct metrics_block *block = &view->block;

	if (hint < block->head->row_count && strcmp(block->rows[hint].name, name) == 0)
		return &block->rows[hint];
	for (uint32_t i = 0; i < block->head->row_count; i++)
		if (strcmp(block->rows[i].name, name) == 0)
			return &block->rows[i];
	return NULL;
}

static bool is_written(const struct metrics_reading *reading, size_t before, const char *name, uint32_t hint)
{
	for (size_t i = 0; i < before; i++)
		if (find_row(&reading->views[i], name, hint))
			return true;
	return false;
}

/* A metric with the values of all processes together, as the format asks for. One that is of another type in a program
 * of another version is left out there. */
static void write_metric(struct buf *out, const struct metrics_reading *reading, size_t first, uint32_t number)
{
	const struct metrics_row *row = &reading->views[first].block.rows[number];

	write_head(out, row);
	for (size_t i = first; i < reading->count; i++) {
		const struct metrics_row *other = find_row(&reading->views[i], row->name, number);

		if (other && other->type == row->type)
			write_row(out, &reading->views[i], other);
	}
}

static void add_build_labels(struct buf *out, const struct metrics_head *head)
{
	buf_add_char(out, ',');
	add_label(out, "program", head->program);
	buf_add_char(out, ',');
	add_label(out, "version", head->version);
	buf_add_char(out, ',');
	add_label(out, "network", head->network);
}

static void write_observed(struct buf *out, const struct metrics_reading *reading, enum metrics_observed what,
			   const struct metrics_observation *observations)
{
	const struct metrics_row *row = &metrics_observed_rows[what];
	bool seconds = what == OBSERVED_CPU || what == OBSERVED_START;

	write_head(out, row);
	for (size_t i = 0; i < reading->count; i++) {
		if (!observations[i].known[what])
			continue;
		buf_printf(out, "%s{", row->name);
		add_label(out, "process", reading->views[i].name);
		if (what == OBSERVED_BUILD)
			add_build_labels(out, reading->views[i].block.head);
		buf_add_char(out, '}');
		add_value(out, seconds, (int64_t)observations[i].values[what]);
	}
}

void metrics_write(const struct metrics_reading *reading, struct buf *out)
{
	struct metrics_observation *observations = memory_calloc(reading->count, sizeof(*observations));

	for (size_t i = 0; i < reading->count; i++)
		metrics_observe_process(reading->views[i].block.head, &observations[i]);
	for (size_t i = 0; i < reading->count; i++)
		for (uint32_t j = 0; j < reading->views[i].block.head->row_count; j++)
			if (!is_written(reading, i, reading->views[i].block.rows[j].name, j))
				write_metric(out, reading, i, j);
	for (size_t i = 0; i < METRICS_OBSERVED; i++)
		write_observed(out, reading, (enum metrics_observed)i, observations);
	free(observations);
}
