/** metrics-doc: writes the table of metrics for docs/operations.md on stdout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config.h"

struct row {
	const char *name;
	const char *type;
	unsigned who;
	const char *labels;
	const char *help;
};

#define COUNTER     "counter"
#define GAUGE       "gauge"
#define HISTOGRAM   "histogram"
#define LABELS(...) #__VA_ARGS__

static const struct row rows[] = {
#define METRIC(key, type, unit, who, labels, name, help) { name, type, who, labels, help },
#define OBSERVED(key, type, name, help)                  { name, type, CONFIG_DAEMONS, "LABEL_NONE", help },
#include "core/metrics.def"
};

static void print_users(unsigned who)
{
	static const char *const names[] = { "api", "engine", "gateway" };
	const char *separator = "";

	if (who == CONFIG_DAEMONS) {
		printf("all");
		return;
	}
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(who >> i & 1))
			continue;
		printf("%s%s", separator, names[i]);
		separator = ", ";
	}
}

/* "LABEL_ROUTE, LABEL_METHOD" as people write it. */
static void print_labels(const char *labels)
{
	static const char prefix[] = "LABEL_";
	static const char none[] = "NONE";
	const char *separator = "";

	while ((labels = strstr(labels, prefix))) {
		labels += sizeof(prefix) - 1;
		if (strncmp(labels, none, sizeof(none) - 1) == 0)
			return;
		printf("%s`", separator);
		for (; *labels && *labels != ','; labels++)
			putchar(*labels | 0x20);
		printf("`");
		separator = ", ";
	}
}

int main(void)
{
	printf("| metric | type | programs | labels | meaning |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		printf("| `%s` | %s | ", rows[i].name, rows[i].type);
		print_users(rows[i].who);
		printf(" | ");
		print_labels(rows[i].labels);
		printf(" | %s |\n", rows[i].help);
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
