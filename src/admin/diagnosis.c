#include "admin/diagnosis.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ROOM_LEAST   ((int64_t)16 << 20)
#define ROOM_LITTLE  ((int64_t)512 << 20)
#define CLOCK_MS     1000
#define MEMORY_PARTS 10 /* memory is short when less than one part in so many is left */

void finding_set(struct finding *finding, enum finding_state state, const char *todo, const char *fmt, ...)
{
	va_list args;

	finding->state = state;
	snprintf(finding->todo, sizeof(finding->todo), "%s", todo);
	va_start(args, fmt);
	vsnprintf(finding->detail, sizeof(finding->detail), fmt, args);
	va_end(args);
}

struct span {
	char text[32];
};

static struct span span_of(int64_t ms)
{
	struct span span;

	if (ms < 1000)
		snprintf(span.text, sizeof(span.text), "%lld ms", (long long)ms);
	else if (ms < 120000)
		snprintf(span.text, sizeof(span.text), "%lld.%lld s", (long long)ms / 1000, (long long)ms % 1000 / 100);
	else
		snprintf(span.text, sizeof(span.text), "%lld min", (long long)ms / 60000);
	return span;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

void diagnose_clock(struct finding *finding, int64_t host_ms, const struct store_vitals *vitals)
{
	int64_t apart = distance(host_ms, vitals->now);
	int64_t ahead = vitals->head.logged_at - vitals->now;

	if (ahead > CLOCK_MS)
		finding_set(
			finding, FINDING_WARNING,
			"A clock was set back, and the log's times stand still until it has caught up: keep the hosts' "
			"clocks by NTP.",
			"the last event of the log is of %s from now", span_of(ahead).text);
	else if (apart > CLOCK_MS)
		finding_set(finding, FINDING_WARNING, "Keep the hosts' clocks by NTP.",
			    "this host's clock is %s %s the store's", span_of(apart).text,
			    host_ms > vitals->now ? "ahead of" : "behind");
	else
		finding_set(finding, FINDING_OK, "", "this host's and the store's differ by %s", span_of(apart).text);
}

static void judge_backlog(struct finding *finding, const struct store_vitals *before, const struct store_vitals *now,
			  int64_t watched_ms)
{
	int64_t late_ms = now->now - now->waiting_at;
	int64_t numbered = now->head.last_seq - before->head.last_seq;
	const char *more = now->waiting == STORE_COUNT_MAX ? "or more " : "";

	if (numbered == 0)
		finding_set(finding, FINDING_FAILED,
			    "Look into the log of itn-engine: it names what it can't number, or what keeps it waiting.",
			    "%s is active, but %lld entries %swait, the oldest for %s, and none was numbered in %s",
			    now->lease.holder, (long long)now->waiting, more, span_of(late_ms).text,
			    span_of(watched_ms).text);
	else
		finding_set(finding, FINDING_WARNING,
			    "Nothing is lost; if this lasts, more is written than the engine can number.",
			    "%s is active, but behind: %lld entries %swait, the oldest for %s; %lld events were "
			    "numbered in %s",
			    now->lease.holder, (long long)now->waiting, more, span_of(late_ms).text,
			    (long long)numbered, span_of(watched_ms).text);
}

void diagnose_engine(struct finding *finding, const struct store_vitals *before, const struct store_vitals *now,
		     int64_t watched_ms)
{
	bool beats = now->lease.beat != before->lease.beat || now->lease.epoch != before->lease.epoch;

	if (!now->lease.holder[0])
		finding_set(finding, FINDING_FAILED, "Start itn-engine.", "no engine is active; %lld entries wait",
			    (long long)now->waiting);
	else if (!beats)
		finding_set(finding, FINDING_FAILED,
			    "Start itn-engine; if it runs, its log says what keeps it from taking the lease.",
			    "the engine that holds the lease, %s, was silent for %s; %lld entries wait",
			    now->lease.holder, span_of(watched_ms).text, (long long)now->waiting);
	else if (now->waiting && now->now - now->waiting_at > DIAGNOSIS_LATE_MS)
		judge_backlog(finding, before, now, watched_ms);
	else
		finding_set(finding, FINDING_OK, "", "%s is active; %lld entries and %lld jobs wait", now->lease.holder,
			    (long long)now->waiting, (long long)now->jobs);
}

void diagnose_redis(struct finding *finding, const struct bus_vitals *vitals)
{
	long long used = vitals->memory / 1048576, most = vitals->memory_max / 1048576;

	if (vitals->memory_max && vitals->memory > vitals->memory_max - vitals->memory_max / MEMORY_PARTS)
		finding_set(
			finding, FINDING_WARNING,
			"Raise maxmemory, or keep fewer events (ITN_STREAM_MAX): when it is full live updates pause.",
			"it answers, but uses %lld of %lld MB", used, most);
	else if (vitals->memory_max && strncmp(vitals->policy, "allkeys", 7) == 0)
		finding_set(
			finding, FINDING_WARNING,
			"Set maxmemory-policy to noeviction: a recent feed that is evicted is a gap for its readers.",
			"it answers, but may evict the recent feed (%s)", vitals->policy);
	else
		finding_set(finding, FINDING_OK, "", "it answers and uses %lld MB", used);
}

void diagnose_feed(struct finding *finding, const struct store_head *before, const struct bus_vitals *vitals,
		   const struct store_head *after)
{
	static const char see_engine[] =
		"An active engine mends that within a second: see what the log of itn-engine says.";

	if (!vitals->has_stream && before->last_seq == 0)
		finding_set(finding, FINDING_OK, "", "nothing was published yet");
	else if (!vitals->has_stream)
		finding_set(finding, FINDING_FAILED, see_engine, "Redis has no recent feed; the log ends at %lld",
			    (long long)before->last_seq);
	else if (strcmp(vitals->log, after->log) != 0)
		finding_set(
			finding, FINDING_FAILED,
			"If an engine is active, another network with this name uses the same Redis: give one of them "
			"another ITN_NETWORK or ITN_REDIS.",
			"Redis has the feed of another log, %s; this one is %s", vitals->log, after->log);
	else if (vitals->stream_last > after->last_seq)
		finding_set(finding, FINDING_FAILED,
			    "The database was put back to an earlier state: stop the engines, run itn-admin renew-log, "
			    "start them again.",
			    "the recent feed ends at %lld, behind the log's end, %lld", (long long)vitals->stream_last,
			    (long long)after->last_seq);
	else if (vitals->stream_last < before->last_seq)
		finding_set(finding, FINDING_FAILED, see_engine,
			    "the recent feed ends at %lld, the log at %lld: live updates are %lld events late",
			    (long long)vitals->stream_last, (long long)before->last_seq,
			    (long long)(before->last_seq - vitals->stream_last));
	else
		finding_set(finding, FINDING_OK, "", "it has %lld events and ends at %lld",
			    (long long)vitals->stream_length, (long long)vitals->stream_last);
}

void diagnose_disk(struct finding *finding, int64_t room)
{
	long long mb = (long long)(room / 1048576);

	if (room < 0)
		finding_set(finding, FINDING_OK, "", "the database server looks after its own");
	else if (room < ROOM_LEAST)
		finding_set(finding, FINDING_FAILED,
			    "Make room: writes are refused until there is some, and nothing is lost.",
			    "%lld MB are left where the database lies", mb);
	else if (room < ROOM_LITTLE)
		finding_set(finding, FINDING_WARNING, "Make room: the write-ahead log alone may take 100 MB.",
			    "%lld MB are left where the database lies", mb);
	else
		finding_set(finding, FINDING_OK, "", "%lld MB are left where the database lies", mb);
}

void diagnose_mail(struct finding *finding, size_t dead, size_t most)
{
	if (dead)
		finding_set(finding, FINDING_WARNING,
			    "See why with itn-admin notifications; itn-admin resend ID queues one again.",
			    "%zu notifications%s were given up", dead, dead == most ? " or more" : "");
	else
		finding_set(finding, FINDING_OK, "", "no notification was given up");
}

void diagnose_rest(struct finding *finding, const char *url, int status, const char *detail)
{
	if (status == 200)
		finding_set(finding, FINDING_OK, "", "%s is ready", url);
	else if (status == 502 || status == 504)
		finding_set(finding, FINDING_FAILED, "Start itn-api; nginx's error log says what it tried.",
			    "%s: nginx reaches no itn-api (%d)", url, status);
	else
		finding_set(finding, FINDING_FAILED, "docs/operations.md says what to do for each reason.",
			    "%s is not ready (%d)%s%s", url, status, *detail ? ": " : "", detail);
}

void diagnose_gateway(struct finding *finding, const char *url, int status)
{
	if (status == 101)
		finding_set(finding, FINDING_OK, "", "it takes WebSocket connections");
	else if (status == 502 || status == 504)
		finding_set(finding, FINDING_FAILED, "Start itn-gateway; nginx's error log says what it tried.",
			    "%s: nginx reaches no itn-gateway (%d)", url, status);
	else
		finding_set(finding, FINDING_FAILED, "Look into the log of itn-gateway.",
			    "%s answers a WebSocket client with %d", url, status);
}
