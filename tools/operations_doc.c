/** operations-doc: writes docs/operations.md, which it gets on stdin, to stdout, with its tables as the code has them:
 * of metrics, of the reasons that /readyz gives, and of the rules of an audit. A table stands between "<!-- table: NAME" and "<!-- end -->". */
#include <stdbool.h>
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

static void print_metrics(void)
{
	printf("| metric | type | programs | labels | meaning |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		printf("| `%s` | %s | ", rows[i].name, rows[i].type);
		print_users(rows[i].who);
		printf(" | ");
		print_labels(rows[i].labels);
		printf(" | %s |\n", rows[i].help);
	}
}

static void print_reasons(void)
{
	printf("| reason | worker is | meaning | what to do |\n|---|---|---|---|\n");
#define REASON(key, word, meaning, remedy) printf("| `%s` | not ready | %s | %s |\n", word, meaning, remedy);
#define SEEN(key, word, meaning, remedy)   printf("| `%s` | ready | %s | %s |\n", word, meaning, remedy);
#include "api/readiness.def"
}

static void print_rules(void)
{
	printf("| rule | says that |\n|---|---|\n");
#define RULE(key, name, meaning) printf("| `%s` | %s |\n", name, meaning);
#include "audit/rules.def"
}

static const struct {
	const char *begin;
	void (*print)(void);
} tables[] = {
	{ "<!-- table: metrics", print_metrics },
	{ "<!-- table: reasons", print_reasons },
	{ "<!-- table: rules", print_rules },
};

/* Whether the line begins a table, which is printed behind it. */
static bool print_table(const char *line)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (strncmp(line, tables[i].begin, strlen(tables[i].begin)) != 0)
			continue;
		tables[i].print();
		return true;
	}
	return false;
}

int main(void)
{
	static const char end[] = "<!-- end -->";
	char *line = NULL;
	size_t room = 0;
	bool inside = false;

	while (getline(&line, &room, stdin) >= 0) {
		inside = inside && strncmp(line, end, sizeof(end) - 1) != 0;
		if (inside)
			continue;
		fputs(line, stdout);
		inside = print_table(line);
	}
	free(line);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
