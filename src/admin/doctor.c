#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "admin/command.h"
#include "admin/diagnosis.h"
#include "admin/http_probe.h"
#include "core/clock.h"
#include "core/json_in.h"
#include "core/json_out.h"
#include "core/utf8.h"
#include "store/notifications.h"

#define LOOK_MS       50
#define WATCH_MORE_MS 500  /* beyond the lease's time */
#define FEED_MS       2500 /* an engine looks after the stream once a second */
#define DEAD_MAX      1000

struct doctor {
	const struct config *config;
	struct store *store; /* NULL: it can't be opened */
	struct buf text;     /* of the JSON document */
	struct json_out out;
	bool json;
	enum finding_state worst;
};

static const char *const state_names[FINDING_STATES] = { "ok", "warning", "failed" };

static void pause_briefly(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
}

/* Reasons come from elsewhere and may have been cut: JSON has only whole characters. */
static struct str text_of(char *text)
{
	if (!utf8_valid(str_from(text), NULL))
		for (char *c = text; *c; c++)
			if (*c & 0x80)
				*c = '?';
	return str_from(text);
}

static void tell(struct doctor *doctor, const char *name, struct finding *finding)
{
	if (finding->state > doctor->worst)
		doctor->worst = finding->state;
	if (doctor->json) {
		json_out_object(&doctor->out);
		json_out_member_str(&doctor->out, "name", str_from(name));
		json_out_member_str(&doctor->out, "state", str_from(state_names[finding->state]));
		json_out_member_str(&doctor->out, "detail", text_of(finding->detail));
		json_out_member_str_if(&doctor->out, "todo", *finding->todo ? text_of(finding->todo) : STR_NONE);
		json_out_object_end(&doctor->out);
		return;
	}
	printf("%-8s %-8s %s%s%s\n", name, state_names[finding->state], finding->detail, *finding->todo ? ". " : "",
	       finding->todo);
	fflush(stdout);
}

/* Never the URI, which may have a password. */
static const char *store_shown(const struct config *config, char *room, size_t size)
{
	if (strncmp(config->store, "sqlite:", 7) == 0)
		return config->store;
	snprintf(room, size, "MongoDB's database %s", config->network);
	return room;
}

static void check_store(struct doctor *doctor, struct finding *finding)
{
	static const char todo[] =
		"See that ITN_STORE and ITN_NETWORK are those of the daemons, that the server runs, that "
		"the disk has room, and that this user may write there.";
	struct store_head head;
	struct error error = { "" };
	char room[64];
	enum itn_status status = store_open_existing(doctor->config, &doctor->store, &error);

	if (status == ITN_OK)
		status = store_check(doctor->store, &error);
	if (status == ITN_OK && (status = store_head(doctor->store, &head)))
		error_set(&error, status, "its head can't be read (%s)", itn_status_name(status));
	if (status == ITN_OK)
		finding_set(finding, FINDING_OK, "", "%s answers; layout %lld; the log %s ends at %lld",
			    store_shown(doctor->config, room, sizeof(room)), (long long)head.schema, head.log,
			    (long long)head.last_seq);
	else
		finding_set(finding, FINDING_FAILED, todo, "%s", error.text);
	if (status == ITN_OK)
		return;
	store_close(doctor->store);
	doctor->store = NULL;
}

/* What is missing, and the statements that make it. */
struct faults_found {
	struct buf what, remedies;
	bool no_remedy; /* of one of them */
};

static void take_fault(void *context, const char *what, const char *remedy)
{
	struct faults_found *found = context;

	buf_printf(&found->what, "%s%s", found->what.len ? ", " : "", what);
	buf_printf(&found->remedies, "%s%s", found->remedies.len && *remedy ? "; " : "", remedy);
	found->no_remedy |= !*remedy;
}

static void tell_faults(struct finding *finding, const struct faults_found *found, bool sqlite)
{
	char todo[sizeof(finding->todo)];

	snprintf(todo, sizeof(todo), "%s%s %s.", found->no_remedy ? "Restore the database. " : "",
		 sqlite ? "Run with sqlite3 on the database:" : "Run with mongosh on the database:",
		 found->remedies.len ? found->remedies.ptr : "");
	finding_set(finding, FINDING_FAILED, found->remedies.len ? todo : "Restore the database.", "%.*s",
		    (int)found->what.len, found->what.ptr);
}

static void check_layout(struct doctor *doctor, struct finding *finding)
{
	struct faults_found found = { .no_remedy = false };
	struct error error = { "" };

	if (store_layout(doctor->store, take_fault, &found, &error) != ITN_OK)
		finding_set(finding, FINDING_FAILED, "See why the store does not answer.", "%s", error.text);
	else if (found.what.len)
		tell_faults(finding, &found, strncmp(doctor->config->store, "sqlite:", 7) == 0);
	else
		finding_set(finding, FINDING_OK, "", "every table and index is there");
	buf_free(&found.what);
	buf_free(&found.remedies);
}

static void fail_to_read(struct finding *finding, enum itn_status status)
{
	finding_set(finding, FINDING_FAILED, "See why the store does not answer.", "the store can't be read (%s)",
		    itn_status_name(status));
}

static void check_disk(struct doctor *doctor, struct finding *finding)
{
	struct store_vitals vitals;
	enum itn_status status = store_vitals(doctor->store, &vitals);

	if (status == ITN_OK)
		diagnose_disk(finding, vitals.room);
	else
		fail_to_read(finding, status);
}

static void check_clock(struct doctor *doctor, struct finding *finding)
{
	struct store_vitals vitals;
	enum itn_status status = store_vitals(doctor->store, &vitals);

	if (status == ITN_OK)
		diagnose_clock(finding, clock_now_ms(), &vitals);
	else
		fail_to_read(finding, status);
}

/* Until the engine has shown that it is alive and gets on, or has had the time for it. */
static void check_engine(struct doctor *doctor, struct finding *finding)
{
	int64_t began = clock_monotonic_ms(), watched = 0;
	struct store_vitals before, now;
	enum itn_status status = store_vitals(doctor->store, &before);

	now = before;
	while (status == ITN_OK) {
		diagnose_engine(finding, &before, &now, watched);
		if (finding->state == FINDING_OK || watched >= (int64_t)doctor->config->lease_ms + WATCH_MORE_MS)
			return;
		pause_briefly();
		status = store_vitals(doctor->store, &now);
		watched = clock_monotonic_ms() - began;
	}
	fail_to_read(finding, status);
}

static void check_redis(struct doctor *doctor, struct finding *finding)
{
	struct bus_vitals vitals;
	struct error error = { "" };

	if (bus_vitals(doctor->config->redis, doctor->config->network, &vitals, &error) == ITN_OK)
		diagnose_redis(finding, &vitals);
	else
		finding_set(finding, FINDING_FAILED,
			    "Start it, or set ITN_REDIS; until then live updates pause and nothing is lost.", "%s: %s",
			    doctor->config->redis, error.text);
}

static void check_feed(struct doctor *doctor, struct finding *finding)
{
	const struct config *config = doctor->config;
	int64_t began = clock_monotonic_ms();
	struct store_head before, after;
	struct bus_vitals vitals;
	struct error error = { "" };

	do {
		enum itn_status status = store_head(doctor->store, &before);

		if (status == ITN_OK)
			status = bus_vitals(config->redis, config->network, &vitals, &error);
		if (status == ITN_OK)
			status = store_head(doctor->store, &after);
		if (status != ITN_OK) {
			finding_set(finding, FINDING_FAILED, "See the lines of the store and of Redis.",
				    "it can't be compared with the log (%s)", itn_status_name(status));
			return;
		}
		diagnose_feed(finding, &before, &vitals, &after);
		if (finding->state != FINDING_OK)
			pause_briefly();
	} while (finding->state != FINDING_OK && clock_monotonic_ms() - began < FEED_MS);
}

static void count_notification(void *context, const struct notification *notification unused_arg)
{
	++*(size_t *)context;
}

static void check_mail(struct doctor *doctor, struct finding *finding)
{
	size_t dead = 0;
	enum itn_status status =
		store_notifications(doctor->store, NOTIFICATION_DEAD, NULL, DEAD_MAX, count_notification, &dead);

	if (status == ITN_OK)
		diagnose_mail(finding, dead, DEAD_MAX);
	else
		fail_to_read(finding, status);
}

/* What /readyz gives as reasons, joined. */
static void reasons_of(struct str body, char *text, size_t size)
{
	struct arena *arena = arena_new(0);
	struct faults faults;
	struct json_in *doc = NULL;
	size_t len = 0;

	faults_init(&faults, arena);
	text[0] = '\0';
	if (json_in_parse(arena, body, &faults, &doc) == ITN_OK) {
		const json_value *reasons = json_in_member(json_in_root(doc), "reasons");

		for (size_t i = 0; reasons && i < json_in_count(reasons) && len < size; i++) {
			const json_value *reason = json_in_at(reasons, i);

			if (json_in_type(reason) == JSON_STRING)
				len += (size_t)snprintf(text + len, size - len, "%s%.*s", i ? "; " : "",
							STR_ARG(json_in_str(reason)));
		}
	}
	json_in_free(doc);
	arena_free(arena);
}

static void fail_to_ask(struct finding *finding, const char *url, const struct error *error)
{
	finding_set(finding, FINDING_FAILED, "Start nginx, or set ITN_API_URL to where it answers.", "%s: %s", url,
		    error->text);
}

static void check_rest(struct doctor *doctor, struct finding *finding)
{
	const char *url = doctor->config->api_url;
	struct http_answer answer = { 0 };
	struct error error = { "" };
	char reasons[1024];

	if (http_probe(url, "/readyz", "Connection: close\r\n", &answer, &error) == ITN_OK) {
		reasons_of(answer.body, reasons, sizeof(reasons));
		diagnose_rest(finding, url, answer.status, reasons);
	} else {
		fail_to_ask(finding, url, &error);
	}
	buf_free(&answer.text);
}

static void check_gateway(struct doctor *doctor, struct finding *finding)
{
	static const char upgrade[] = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
				      "Sec-WebSocket-Key: aXRuLWRvY3Rvci1sb29rcw==\r\n";
	const char *url = doctor->config->api_url;
	struct http_answer answer = { 0 };
	struct error error = { "" };

	if (http_probe(url, "/api/updates/real-time", upgrade, &answer, &error) == ITN_OK)
		diagnose_gateway(finding, url, answer.status);
	else
		fail_to_ask(finding, url, &error);
	buf_free(&answer.text);
}

static const struct check {
	const char *name;
	void (*run)(struct doctor *doctor, struct finding *finding);
	bool needs_store;
} checks[] = {
	{ "store", check_store, false },     { "layout", check_layout, true }, { "disk", check_disk, true },
	{ "clock", check_clock, true },      { "engine", check_engine, true }, { "redis", check_redis, false },
	{ "feed", check_feed, true },        { "mail", check_mail, true },     { "rest", check_rest, false },
	{ "gateway", check_gateway, false },
};

static void examine(struct doctor *doctor)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding finding;

		if (checks[i].needs_store && !doctor->store)
			finding_set(&finding, FINDING_FAILED, "See the line of the store.",
				    "it can't be seen without the store");
		else
			checks[i].run(doctor, &finding);
		tell(doctor, checks[i].name, &finding);
	}
}

static void print_json(struct doctor *doctor)
{
	json_out_array_end(&doctor->out);
	json_out_member_str(&doctor->out, "state", str_from(state_names[doctor->worst]));
	json_out_object_end(&doctor->out);
	buf_add_char(&doctor->text, '\n');
	fwrite(doctor->text.ptr, 1, doctor->text.len, stdout);
}

int doctor_run(const struct config *config, const struct command_options *options)
{
	struct doctor doctor = { .config = config, .json = options->json };

	doctor.out = json_out_to(&doctor.text);
	json_out_object(&doctor.out);
	json_out_key(&doctor.out, "checks");
	json_out_array(&doctor.out);
	examine(&doctor);
	if (doctor.json)
		print_json(&doctor);
	buf_free(&doctor.text);
	store_close(doctor.store);
	if (fflush(stdout) != 0 || ferror(stdout))
		return command_fail(EX_IOERR, "what was found can't be written");
	return (int)doctor.worst;
}
