#include "core/metrics.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/id.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/metrics_layout.h"

#define NOWHERE UINT32_MAX

#define LABELS(...)                                                                                                    \
	{                                                                                                              \
		__VA_ARGS__                                                                                            \
	}
#define BUCKETS_ONE                                                                                                    \
	{                                                                                                              \
		1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096                                                \
	}
#define BUCKETS_SECONDS                                                                                                \
	{                                                                                                              \
		100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000,        \
			5000000, 10000000                                                                              \
	}

static const struct definition {
	const char *name;
	const char *help;
	enum metrics_type type;
	enum metrics_unit unit;
	enum config_user who;
	enum metrics_label labels[METRICS_LABELS_MAX];
} definitions[METRICS] = {
#define METRIC(key, type_, unit_, who_, labels_, name_, help_)                                                         \
	[METRIC_##key] = { name_, help_, METRICS_##type_, METRICS_##unit_, who_, labels_ },
#define OBSERVED(key, type, name, help)
#include "core/metrics.def"
#undef METRIC
#undef OBSERVED
};

#define METRIC(key, type, unit, who, labels, name, help)                                                               \
	_Static_assert(sizeof(name) <= METRICS_NAME_SIZE && sizeof(help) <= METRICS_HELP_SIZE, "too long: " name);
#define OBSERVED(key, type, name, help)
#include "core/metrics.def"
#undef METRIC
#undef OBSERVED

static const uint64_t buckets[METRICS_UNITS][METRICS_BUCKETS_MAX] = { BUCKETS_ONE, BUCKETS_SECONDS };

static const char *const label_names[METRICS_LABELS] = {
	[LABEL_LEVEL] = "level",   [LABEL_ROUTE] = "route", [LABEL_METHOD] = "method",
	[LABEL_STATUS] = "status", [LABEL_KIND] = "kind",   [LABEL_REASON] = "reason",
};

static struct {
	const char *const *values;
	size_t count;
} labels[METRICS_LABELS];

/* Where the values of each metric are, and the number of values of its second and third label. */
static struct place {
	uint32_t first;
	uint32_t counts[METRICS_LABELS_MAX];
	uint32_t series_size;
	uint32_t bucket_count;
	const uint64_t *buckets;
} places[METRICS];

static struct {
	void *base;
	size_t size;
	_Atomic uint64_t *values;
	int fd;
	char folder[512];
	char file[1024];
} own = { .fd = -1 };

void metrics_label(enum metrics_label label, const char *const *values, size_t count)
{
	labels[label].values = values;
	labels[label].count = count;
}

size_t metrics_block_size(size_t row_count, size_t label_count, size_t text_count, size_t value_count)
{
	return sizeof(struct metrics_head) + row_count * sizeof(struct metrics_row) +
	       label_count * sizeof(struct metrics_label_row) + text_count * METRICS_TEXT_SIZE +
	       value_count * sizeof(uint64_t);
}

struct metrics_block metrics_block_at(void *base)
{
	struct metrics_head *head = base;
	struct metrics_block block = { .head = head };

	block.rows = (struct metrics_row *)(head + 1);
	block.labels = (struct metrics_label_row *)(block.rows + head->row_count);
	block.texts = (char(*)[METRICS_TEXT_SIZE])(block.labels + head->label_count);
	block.values = (_Atomic uint64_t *)(block.texts + head->text_count);
	return block;
}

size_t metrics_series_count(const struct metrics_block *block, const struct metrics_row *row)
{
	size_t count = 1;

	for (uint32_t i = 0; i < row->label_count; i++)
		count *= block->labels[row->labels[i]].count;
	return count;
}

size_t metrics_series_size(const struct metrics_row *row)
{
	return row->type == METRICS_HISTOGRAM ? row->bucket_count + 2 : 1;
}

void *metrics_own(void)
{
	return own.base;
}

const char *metrics_own_file(void)
{
	return own.file;
}

const char *metrics_name(enum metric metric)
{
	return definitions[metric].name;
}

const char *metrics_folder(void)
{
	return own.folder;
}

static bool has_values(const struct definition *definition)
{
	for (size_t i = 0; i < METRICS_LABELS_MAX && definition->labels[i] != LABEL_NONE; i++)
		if (labels[definition->labels[i]].count == 0)
			return false;
	return true;
}

static bool is_kept(const struct definition *definition, enum config_user who)
{
	return (definition->who & who) && has_values(definition);
}

static void copy_text(char *to, size_t size, const char *text)
{
	assert(strlen(text) < size);
	strcpy(to, text);
}

/* Which label row a label has: those with values, in their order. */
static uint32_t label_number(enum metrics_label label)
{
	uint32_t number = 0;

	for (size_t i = 0; i < (size_t)label; i++)
		number += labels[i].count > 0;
	return number;
}

static uint32_t bucket_count(enum metrics_unit unit)
{
	uint32_t count = 0;

	while (count < METRICS_BUCKETS_MAX && buckets[unit][count])
		count++;
	return count;
}

static void describe(const struct definition *definition, struct metrics_row *row)
{
	copy_text(row->name, sizeof(row->name), definition->name);
	copy_text(row->help, sizeof(row->help), definition->help);
	row->type = definition->type;
	row->unit = definition->unit;
	for (size_t i = 0; i < METRICS_LABELS_MAX && definition->labels[i] != LABEL_NONE; i++)
		row->labels[row->label_count++] = label_number(definition->labels[i]);
	if (definition->type != METRICS_HISTOGRAM)
		return;
	row->bucket_count = bucket_count(definition->unit);
	memcpy(row->buckets, buckets[definition->unit], sizeof(row->buckets));
}

static void place(const struct definition *definition, const struct metrics_row *row, struct place *ret)
{
	ret->first = row->first;
	ret->series_size = (uint32_t)metrics_series_size(row);
	ret->bucket_count = row->bucket_count;
	ret->buckets = buckets[definition->unit];
	for (size_t i = 0; i < METRICS_LABELS_MAX; i++)
		ret->counts[i] = i < row->label_count ? (uint32_t)labels[definition->labels[i]].count : 1;
}

/* What a block of this program needs. */
static struct metrics_head plan(enum config_user who)
{
	struct metrics_head head = { 0 };

	for (size_t i = 0; i < METRICS_LABELS; i++) {
		head.label_count += labels[i].count > 0;
		head.text_count += (uint32_t)labels[i].count;
	}
	for (size_t i = 0; i < METRICS; i++) {
		struct metrics_row row = { 0 };
		size_t values;

		if (!is_kept(&definitions[i], who))
			continue;
		describe(&definitions[i], &row);
		values = metrics_series_size(&row);
		for (size_t j = 0; j < row.label_count; j++)
			values *= labels[definitions[i].labels[j]].count;
		head.row_count++;
		head.value_count += (uint32_t)values;
	}
	head.size = metrics_block_size(head.row_count, head.label_count, head.text_count, head.value_count);
	return head;
}

static void fill_labels(struct metrics_block *block)
{
	struct metrics_label_row *row = block->labels;
	uint32_t text = 0;

	for (size_t i = 0; i < METRICS_LABELS; i++) {
		if (labels[i].count == 0)
			continue;
		copy_text(row->name, sizeof(row->name), label_names[i]);
		row->first = text;
		row->count = (uint32_t)labels[i].count;
		row++;
		for (size_t j = 0; j < labels[i].count; j++)
			copy_text(block->texts[text++], METRICS_TEXT_SIZE, labels[i].values[j]);
	}
}

static void fill_rows(struct metrics_block *block, enum config_user who)
{
	struct metrics_row *row = block->rows;
	uint32_t first = 0;

	for (size_t i = 0; i < METRICS; i++) {
		size_t values;

		places[i].first = NOWHERE;
		if (!is_kept(&definitions[i], who))
			continue;
		describe(&definitions[i], row);
		row->first = first;
		place(&definitions[i], row, &places[i]);
		values = metrics_series_count(block, row) * metrics_series_size(row);
		for (size_t j = 0; row->type == METRICS_GAUGE && j < values; j++)
			atomic_init(&block->values[first + j], (uint64_t)METRICS_UNKNOWN);
		first += (uint32_t)values;
		row++;
	}
}

static void name_process(struct metrics_head *head, const struct config *config, const char *program)
{
	head->pid = (uint32_t)getpid();
	head->start_ticks = metrics_start_ticks(head->pid);
	head->started_at = clock_now_ms();
	copy_text(head->program, sizeof(head->program), program);
	copy_text(head->version, sizeof(head->version), PACKAGE_VERSION);
	copy_text(head->network, sizeof(head->network), config->network);
	if (strcmp(config->instance, "auto") == 0)
		snprintf(head->process, sizeof(head->process), "%.32s-%u", program, head->pid);
	else
		copy_text(head->process, sizeof(head->process), config->instance);
}

/* The folder may be anywhere and full: the file gets its bytes now, so that writing to it can't fail later. Its name is
 * never used twice, so that nobody takes it for another's, and ends in METRICS_UNFINISHED until it is locked and
 * filled. */
static void *make_file(const char *process, size_t size)
{
	char random[13];
	void *base;
	int code;

	id_random_hex(random, 12);
	snprintf(own.file, sizeof(own.file), "%s/%s.%s" METRICS_SUFFIX METRICS_UNFINISHED, own.folder, process, random);
	own.fd = open(own.file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (own.fd < 0)
		return NULL;
	if (flock(own.fd, LOCK_EX | LOCK_NB) != 0)
		return NULL;
	code = posix_fallocate(own.fd, 0, (off_t)size);
	if (code) {
		errno = code;
		return NULL;
	}
	base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, own.fd, 0);
	return base == MAP_FAILED ? NULL : base;
}

static void drop_file(void)
{
	if (own.fd < 0)
		return;
	(void)unlink(own.file);
	close(own.fd);
	own.fd = -1;
	own.file[0] = '\0';
}

/* The values may be in the file all the same; nobody else will see them. */
static void give_up_file(void)
{
	log_warn("metrics are seen in this process only", LOG_CSTR("folder", own.folder),
		 LOG_CSTR("why", strerror(errno)));
	drop_file();
	own.file[0] = '\0';
}

static void *make_block(const char *process, size_t size)
{
	void *base = NULL;

	if (own.folder[0]) {
		base = make_file(process, size);
		if (!base)
			give_up_file();
	}
	return base ? base : memory_calloc(1, size);
}

static void finish_file(void)
{
	char unfinished[sizeof(own.file)];

	if (own.fd < 0)
		return;
	strcpy(unfinished, own.file);
	own.file[strlen(own.file) - strlen(METRICS_UNFINISHED)] = '\0';
	if (rename(unfinished, own.file) == 0)
		return;
	strcpy(own.file, unfinished);
	give_up_file();
}

void metrics_open(const struct config *config, const char *program, enum config_user who)
{
	struct metrics_head head;
	struct metrics_block block;

	head = plan(who);
	name_process(&head, config, program);
	if (strcmp(config->metrics_dir, "none") != 0)
		snprintf(own.folder, sizeof(own.folder), "%s", config->metrics_dir);
	own.size = head.size;
	own.base = make_block(head.process, own.size);
	memcpy(own.base, &head, sizeof(head));
	block = metrics_block_at(own.base);
	fill_labels(&block);
	fill_rows(&block, who);
	own.values = block.values;
	block.head->magic = METRICS_MAGIC;
	finish_file();
	metrics_reading_free(metrics_read());
}

void metrics_close(void)
{
	drop_file();
}

static void add(size_t index, uint64_t more)
{
	atomic_fetch_add_explicit(&own.values[index], more, memory_order_relaxed);
}

static const struct place *place_of(enum metric metric)
{
	const struct place *at = &places[metric];

	return own.values && at->first != NOWHERE ? at : NULL;
}

void metrics_add(enum metric metric, uint64_t more)
{
	const struct place *at = place_of(metric);

	if (at)
		add(at->first, more);
}

void metrics_add_at(enum metric metric, const size_t positions[], uint64_t more)
{
	const struct place *at = place_of(metric);
	size_t series = 0;

	if (!at)
		return;
	for (size_t i = 0; i < METRICS_LABELS_MAX && definitions[metric].labels[i] != LABEL_NONE; i++)
		series = series * at->counts[i] + (positions[i] < at->counts[i] ? positions[i] : 0);
	add(at->first + series, more);
}

void metrics_observe(enum metric metric, size_t label, uint64_t value)
{
	const struct place *at = place_of(metric);
	size_t series, bucket = 0;

	if (!at)
		return;
	series = at->first + (label < at->counts[0] ? label : 0) * at->series_size;
	while (bucket < at->bucket_count && value > at->buckets[bucket])
		bucket++;
	add(series + bucket, 1);
	add(series + at->bucket_count + 1, value);
}

void metrics_set(enum metric metric, int64_t value)
{
	const struct place *at = place_of(metric);

	if (at)
		atomic_store_explicit(&own.values[at->first], (uint64_t)value, memory_order_relaxed);
}

void metrics_unset(enum metric metric)
{
	metrics_set(metric, METRICS_UNKNOWN);
}
