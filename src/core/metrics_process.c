#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/metrics_layout.h"

/* Of /proc/PID/stat, counted from behind the program's name (proc(5)). */
enum {
	FIELD_UTIME = 11,
	FIELD_STIME = 12,
	FIELD_THREADS = 17,
	FIELD_START = 19,
	FIELD_VSIZE = 20,
	FIELD_RSS = 21,
	FIELDS
};

const struct metrics_row metrics_observed_rows[METRICS_OBSERVED] = {
#define METRIC(key, type, unit, who, labels, name, help)
#define OBSERVED(key, type_, name_, help_) [OBSERVED_##key] = { .name = name_, .help = help_, .type = METRICS_##type_ },
#include "core/metrics.def"
#undef METRIC
#undef OBSERVED
};

static bool read_text(uint32_t pid, const char *what, char *text, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, size - 1);
	close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	return true;
}

static bool read_stat(uint32_t pid, uint64_t ret[FIELDS])
{
	char text[1024];
	char *at;

	if (!read_text(pid, "stat", text, sizeof(text)) || !(at = strrchr(text, ')')))
		return false;
	at += strspn(at, ") ");
	for (size_t i = 0; i < FIELDS; i++) {
		ret[i] = strtoull(at, NULL, 10);
		at = strchr(at, ' ');
		if (!at)
			return false;
		at++;
	}
	return true;
}

uint64_t metrics_start_ticks(uint32_t pid)
{
	uint64_t fields[FIELDS];

	return read_stat(pid, fields) ? fields[FIELD_START] : 0;
}

static bool count_files(uint32_t pid, uint64_t *ret)
{
	char path[64];
	const struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd", pid);
	folder = opendir(path);
	if (!folder)
		return false;
	*ret = 0;
	while ((entry = readdir(folder)))
		*ret += entry->d_name[0] != '.';
	if (pid == (uint32_t)getpid())
		(*ret)--;
	closedir(folder);
	return true;
}

static bool read_file_limit(uint32_t pid, uint64_t *ret)
{
	static const char name[] = "Max open files";
	char text[4096];
	const char *at;

	if (!read_text(pid, "limits", text, sizeof(text)) || !(at = strstr(text, name)))
		return false;
	at += sizeof(name) - 1;
	at += strspn(at, " ");
	if (*at < '0' || *at > '9')
		return false;
	*ret = strtoull(at, NULL, 10);
	return true;
}

static void put(struct metrics_observation *observation, enum metrics_observed what, uint64_t value)
{
	observation->known[what] = true;
	observation->values[what] = value;
}

static void put_stat(struct metrics_observation *observation, const uint64_t fields[FIELDS])
{
	uint64_t tick = (uint64_t)sysconf(_SC_CLK_TCK), page = (uint64_t)sysconf(_SC_PAGESIZE);

	put(observation, OBSERVED_CPU, (fields[FIELD_UTIME] + fields[FIELD_STIME]) * (1000000 / tick));
	put(observation, OBSERVED_RESIDENT, fields[FIELD_RSS] * page);
	put(observation, OBSERVED_VIRTUAL, fields[FIELD_VSIZE]);
	put(observation, OBSERVED_THREADS, fields[FIELD_THREADS]);
}

/* /proc may show another process under this number, when the folder is shared between containers. */
void metrics_observe_process(const struct metrics_head *head, struct metrics_observation *ret)
{
	uint64_t fields[FIELDS], value;

	*ret = (struct metrics_observation){ 0 };
	put(ret, OBSERVED_BUILD, 1);
	put(ret, OBSERVED_START, (uint64_t)head->started_at * 1000);
	if (!read_stat(head->pid, fields) || fields[FIELD_START] != head->start_ticks)
		return;
	put_stat(ret, fields);
	if (count_files(head->pid, &value))
		put(ret, OBSERVED_OPEN_FDS, value);
	if (read_file_limit(head->pid, &value))
		put(ret, OBSERVED_MAX_FDS, value);
}
