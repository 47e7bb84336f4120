/* Clients that acknowledge alerts, and what they were promised. */
#include "clients.h"

#include <string.h>

#include "core/json_in.h"
#include "model.h"

#define ACKNOWLEDGED_MAX 1024

static struct {
	struct str at[ACKNOWLEDGED_MAX];
	size_t count;
} acknowledged;

/* One of the first page of those that are open; absent: there is none, or no answer. */
static struct str some_alert(struct arena *arena)
{
	struct answer answer;
	struct faults faults;
	struct json_in *doc;
	struct str id = STR_NONE;
	size_t count;

	worker_call(arena, "GET", sim_pick(4) ? "/api/alerts?status=open&limit=50" : "/api/alerts?limit=50", NULL, NULL,
		    &answer);
	if (!answer.answered || answer.status == 503)
		return id;
	faults_init(&faults, arena);
	if (answer.status != 200 || json_in_parse(arena, answer.body, &faults, &doc) != ITN_OK)
		sim_fail("the alerts are answered %d: %.*s", answer.status, STR_ARG(answer.body));
	count = json_in_count(json_in_root(doc));
	if (count)
		id = arena_str(sim.arena, json_in_str(json_in_member(
						  json_in_at(json_in_root(doc), sim_pick((unsigned)count)), "id")));
	json_in_free(doc);
	return id;
}

static void send(struct arena *arena, struct str id, const char *header, struct answer *ret)
{
	worker_call(arena, sim_pick(2) ? "PUT" : "PATCH",
		    arena_printf(arena, "/api/alerts/%.*s/acknowledge", STR_ARG(id)).ptr, header, NULL, ret);
	if (!ret->answered)
		return;
	if (ret->status >= 400 && ret->status != 503 && ret->status != 507)
		sim_fail("acknowledging %.*s is answered %d: %.*s", STR_ARG(id), ret->status, STR_ARG(ret->body));
	if (ret->status < 300 && acknowledged.count < ACKNOWLEDGED_MAX)
		acknowledged.at[acknowledged.count++] = id;
}

void acknowledge_alert(void)
{
	struct arena *arena = arena_new(4096);
	struct str id = some_alert(arena);
	struct answer answer;

	sim.operations++;
	if (str_is_set(id))
		send(arena, id, "", &answer);
	arena_free(arena);
}

void alerts_check(struct model *model)
{
	for (size_t i = 0; i < acknowledged.count; i++) {
		const char *id = arena_str(sim.arena, acknowledged.at[i]).ptr;
		int64_t version;
		size_t len;
		bool seen = false;

		if (!model_alert(model, id, &version, &seen, &len) || !seen)
			sim_fail("alert %s was answered to be acknowledged, by the log it is not", id);
	}
}

void alerts_reset(void)
{
	memset(&acknowledged, 0, sizeof(acknowledged));
}
