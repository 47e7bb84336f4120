#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/metrics_layout.h"

/* More processes than these are not shown. */
#define VIEWS_MAX 512
/* A file that was not finished by then never will be. */
#define BIRTH_MS 60000

static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return len > end && strcmp(name + len - end, suffix) == 0;
}

static bool is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool row_fits(const struct metrics_block *block, const struct metrics_row *row)
{
	size_t series = 1;

	if (!is_text(row->name, sizeof(row->name)) || !is_text(row->help, sizeof(row->help)) ||
	    row->type >= METRICS_TYPES || row->unit >= METRICS_UNITS || row->label_count > METRICS_LABELS_MAX ||
	    row->bucket_count > METRICS_BUCKETS_MAX)
		return false;
	for (uint32_t i = 0; i < row->label_count; i++) {
		if (row->labels[i] >= block->head->label_count)
			return false;
		series *= block->labels[row->labels[i]].count;
		if (series > block->head->value_count)
			return false;
	}
	return row->first <= block->head->value_count &&
	       series * metrics_series_size(row) <= block->head->value_count - row->first;
}

static bool label_fits(const struct metrics_block *block, const struct metrics_label_row *label)
{
	return is_text(label->name, sizeof(label->name)) && label->first <= block->head->text_count &&
	       label->count <= block->head->text_count - label->first;
}

/* Nothing in the file leads out of it, whoever wrote it. */
static bool block_fits(const struct metrics_block *block, size_t size)
{
	const struct metrics_head *head = block->head;

	if (head->size != size ||
	    metrics_block_size(head->row_count, head->label_count, head->text_count, head->value_count) != size)
		return false;
	if (!is_text(head->process, METRICS_TEXT_SIZE) || !is_text(head->program, METRICS_TEXT_SIZE) ||
	    !is_text(head->version, METRICS_TEXT_SIZE) || !is_text(head->network, METRICS_TEXT_SIZE))
		return false;
	for (uint32_t i = 0; i < head->label_count; i++)
		if (!label_fits(block, &block->labels[i]))
			return false;
	for (uint32_t i = 0; i < head->text_count; i++)
		if (!is_text(block->texts[i], METRICS_TEXT_SIZE))
			return false;
	for (uint32_t i = 0; i < head->row_count; i++)
		if (!row_fits(block, &block->rows[i]))
			return false;
	return true;
}

static bool view_map(int fd, size_t size, struct metrics_view *view)
{
	view->size = size;
	view->mapping = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (view->mapping == MAP_FAILED)
		return false;
	view->block = metrics_block_at(view->mapping);
	if (view->block.head->magic == METRICS_MAGIC && block_fits(&view->block, size))
		return true;
	munmap(view->mapping, size);
	return false;
}

/* A dead process has left its lock. One whose file is not finished may be about to take it. */
static bool is_left(int fd, const struct stat *file, bool finished)
{
	if (!finished && clock_now_ms() - (int64_t)file->st_mtime * 1000 < BIRTH_MS)
		return false;
	return flock(fd, LOCK_SH | LOCK_NB) == 0;
}

static bool view_open(const char *path, bool finished, struct metrics_view *view)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat file;
	bool shown = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode)) {
		if (is_left(fd, &file, finished))
			(void)unlink(path);
		else if (finished && (size_t)file.st_size >= sizeof(struct metrics_head))
			shown = view_map(fd, (size_t)file.st_size, view);
	}
	close(fd);
	return shown;
}

static void read_folder(struct metrics_reading *reading)
{
	DIR *folder = opendir(metrics_folder());
	const struct dirent *entry;

	while (folder && reading->count < VIEWS_MAX && (entry = readdir(folder))) {
		bool finished = ends_in(entry->d_name, METRICS_SUFFIX);
		char path[1024];

		snprintf(path, sizeof(path), "%s/%s", metrics_folder(), entry->d_name);
		if (!finished && !ends_in(path, METRICS_SUFFIX METRICS_UNFINISHED))
			continue;
		if (strcmp(path, metrics_own_file()) == 0)
			continue;
		if (view_open(path, finished, &reading->views[reading->count]))
			reading->count++;
	}
	if (folder)
		closedir(folder);
}

/* By name, the youngest first; then by number, so that the order is always the same. */
static int by_name(const void *a, const void *b)
{
	const struct metrics_head *x = ((const struct metrics_view *)a)->block.head;
	const struct metrics_head *y = ((const struct metrics_view *)b)->block.head;
	int names = strcmp(x->process, y->process);

	if (names)
		return names;
	if (x->started_at != y->started_at)
		return x->started_at > y->started_at ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static bool is_taken(const struct metrics_reading *reading, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(reading->views[i].name, name) == 0)
			return true;
	return false;
}

static void view_close(struct metrics_view *view)
{
	if (view->mapping)
		munmap(view->mapping, view->size);
}

/* Of several processes with one name the youngest has it, the others get their number to it. */
static void name_views(struct metrics_reading *reading)
{
	size_t kept = 0;

	for (size_t i = 0; i < reading->count; i++) {
		struct metrics_view *view = &reading->views[i];
		const struct metrics_head *head = view->block.head;

		snprintf(view->name, sizeof(view->name), "%s", head->process);
		if (is_taken(reading, kept, view->name))
			snprintf(view->name, sizeof(view->name), "%s-%u", head->process, head->pid);
		if (is_taken(reading, kept, view->name))
			view_close(view);
		else
			reading->views[kept++] = *view;
	}
	reading->count = kept;
}

struct metrics_reading *metrics_read(void)
{
	struct metrics_reading *reading = memory_calloc(1, sizeof(*reading));

	reading->views = memory_calloc(VIEWS_MAX + 1, sizeof(*reading->views));
	if (metrics_folder()[0])
		read_folder(reading);
	if (metrics_own())
		reading->views[reading->count++].block = metrics_block_at(metrics_own());
	qsort(reading->views, reading->count, sizeof(*reading->views), by_name);
	name_views(reading);
	return reading;
}

void metrics_reading_free(struct metrics_reading *reading)
{
	if (!reading)
		return;
	for (size_t i = 0; i < reading->count; i++)
		view_close(&reading->views[i]);
	free(reading->views);
	free(reading);
}

size_t metrics_process_count(const struct metrics_reading *reading)
{
	return reading->count;
}

const char *metrics_process_name(const struct metrics_reading *reading, size_t process)
{
	return reading->views[process].name;
}

const char *metrics_process_program(const struct metrics_reading *reading, size_t process)
{
	return reading->views[process].block.head->program;
}

const char *metrics_process_network(const struct metrics_reading *reading, size_t process)
{
	return reading->views[process].block.head->network;
}

bool metrics_process_value(const struct metrics_reading *reading, size_t process, enum metric metric, int64_t *ret)
{
	const struct metrics_block *block = &reading->views[process].block;
	const char *name = metrics_name(metric);

	for (uint32_t i = 0; i < block->head->row_count; i++) {
		const struct metrics_row *row = &block->rows[i];
		int64_t value;

		if (strcmp(row->name, name) != 0 || row->label_count > 0 || row->type == METRICS_HISTOGRAM)
			continue;
		value = (int64_t)atomic_load_explicit(&block->values[row->first], memory_order_relaxed);
		if (value == METRICS_UNKNOWN)
			return false;
		*ret = value;
		return true;
	}
	return false;
}
