/** Feeds files to a fuzz target: each one as it is, cut at every length up to a limit, and with single bytes changed.
 *
 *  The corpus is found from $top_srcdir. TAP on stdout.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

#define VARIED_MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const folders[] = { "tests/corpus/json/accept", "tests/corpus/json/refuse" };

/* A copy of exact size, so that AddressSanitizer sees a step beyond its end. */
static void feed(const char *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void feed_variations(struct buf *text)
{
	static const char bytes[] = "\0\"\\{}[],:0-.e\x1f\x80\xff";

	for (size_t i = 0; i < text->len && i < VARIED_MAX; i++) {
		char original = text->ptr[i];

		feed(text->ptr, i);
		for (size_t n = 0; n < sizeof(bytes) - 1; n++) {
			text->ptr[i] = bytes[n];
			feed(text->ptr, text->len < VARIED_MAX ? text->len : VARIED_MAX);
		}
		text->ptr[i] = original;
	}
}

static bool read_file(const char *path, struct buf *ret)
{
	FILE *file = fopen(path, "rb");
	size_t got;

	if (!file)
		return false;
	while ((got = fread(buf_reserve(ret, 4096), 1, 4096, file)) > 0)
		ret->len += got;
	fclose(file);
	return true;
}

static int replay_folder(const char *folder)
{
	const char *root = getenv("top_srcdir");
	char path[4096];
	struct dirent *entry;
	DIR *dir;
	int count = 0;

	snprintf(path, sizeof(path), "%s/%s", root ? root : ".", folder);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		struct buf text = { 0 };

		snprintf(path, sizeof(path), "%s/%s/%s", root ? root : ".", folder, entry->d_name);
		if (entry->d_name[0] != '.' && read_file(path, &text)) {
			feed(buf_str(&text).ptr, text.len);
			feed_variations(&text);
			count++;
		}
		buf_free(&text);
	}
	if (dir)
		closedir(dir);
	return count;
}

int main(void)
{
	const size_t count = sizeof(folders) / sizeof(folders[0]);
	bool all = true;

	printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		int files = replay_folder(folders[i]);

		printf("%s %zu - %s with variations, %d files\n", files ? "ok" : "not ok", i + 1, folders[i], files);
		all = all && files;
	}
	return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
