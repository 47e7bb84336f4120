#include "model_parts.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"

/* How far an engine's clock may be from the store's while rules about time go on, and what it knows of that one, ms. */
#define CLOCKS_APART 1200

static const char *const kinds[] = { "lateness", "oversize", "stockShortage" };

static struct watch *watch_of(struct model *model, bool is_cargo, const char *key, const char *kind)
{
	struct watch *watch;

	for (size_t i = 0; i < model->watch_count; i++) {
		watch = &model->watches[i];
		if (watch->is_cargo == is_cargo && strcmp(watch->key, key) == 0 && strcmp(watch->kind, kind) == 0)
			return watch;
	}
	if (model->watch_count == WATCHES_MAX)
		model->fail("the model has no room for more that alerts are about");
	watch = &model->watches[model->watch_count++];
	watch->is_cargo = is_cargo;
	snprintf(watch->key, sizeof(watch->key), "%s", key);
	snprintf(watch->kind, sizeof(watch->kind), "%s", kind);
	return watch;
}

/* Of one kind about one thing at most one is not resolved. */
static void must_raise(struct watch *watch)
{
	watch->raised += !watch->open;
	watch->open = 1;
}

void model_alerts_over(struct model *model, bool is_cargo, const char *key)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		watch_of(model, is_cargo, key, kinds[i])->open = 0;
}

static void set_open(struct watch *watch, bool open)
{
	if (open)
		must_raise(watch);
	else
		watch->open = 0;
}

void model_alert_short(struct model *model, const struct trade *trade, bool is_short)
{
	set_open(watch_of(model, false, trade->id, "stockShortage"), is_short);
}

void model_alert_low(struct model *model, const struct stock *stock, bool is_low)
{
	char key[40];

	snprintf(key, sizeof(key), "%s/%s", stock->station, stock->item);
	set_open(watch_of(model, false, key, "lowStock"), is_low);
}

void model_alerts_cause(struct model *model, const struct cause *cause)
{
	bool is_cargo = cause->about == ABOUT_CARGO;
	const char *key;
	size_t lines;

	if (cause->about == ABOUT_STATION)
		return;
	key = is_cargo ? model->cargo[cause->place].id : model->trades[cause->place].id;
	lines = is_cargo ? model->cargo[cause->place].own.count : model->trades[cause->place].lines.count;
	if (cause->created && lines > (is_cargo ? model->cargo_limit : model->trade_limit))
		must_raise(watch_of(model, is_cargo, key, "oversize"));
	if (cause->created || strcmp(cause->from, cause->status) == 0)
		return;
	if (strcmp(cause->from, "delayed") == 0 && strcmp(cause->status, "pending") == 0)
		watch_of(model, false, key, "oversize")->open = 0; /* a shortage is not a client's to end */
	else if (strcmp(cause->from, "delayed") == 0)
		model_alerts_over(model, is_cargo, key);
	if (is_cargo && strcmp(cause->status, "delayed") == 0)
		must_raise(watch_of(model, true, key, "lateness"));
}

/* Taking events in. */

static struct alert *alert_of(struct model *model, const char *id)
{
	for (size_t i = 0; i < model->alert_count; i++)
		if (strcmp(model->alerts[i].id, id) == 0)
			return &model->alerts[i];
	return NULL;
}

static void raise_alert(struct model *model, const struct told *told, bool is_cargo, const char *key)
{
	struct watch *watch = watch_of(model, is_cargo, key, told->kind);
	struct alert *alert = &model->alerts[model->alert_count];

	if (watch->told_open) {
		model->rules[RULE_ALERT_KEPT]++;
		return;
	}
	if (model->alert_count++ == ALERTS_MAX)
		model->fail("the model has no room for more alerts");
	snprintf(alert->id, sizeof(alert->id), "%s", told->id);
	alert->watch = watch;
	alert->version = 1;
	watch->told_raised++;
	watch->told_open++;
}

void model_take_alert(struct model *model, const struct told *told)
{
	char id[64], kind[16], key[48], status[16], item[16];
	bool is_cargo = json_in_member(told->data, "shipmentId") != NULL;
	bool resolved = json_in_member(told->data, "resolvedAt") != NULL;
	bool acknowledged = json_in_member(told->data, "acknowledgedAt") != NULL;
	struct alert *alert;

	told_text(told->data, "id", id, sizeof(id));
	told_text(told->data, "kind", kind, sizeof(kind));
	told_text(told->data, "status", status, sizeof(status));
	told_text(told->data, is_cargo ? "shipmentId" : "transactionId", key, sizeof(key));
	if (json_in_member(told->data, "item")) {
		told_text(told->data, "stationId", key, 16);
		told_text(told->data, "item", item, sizeof(item));
		strcat(strcat(key, "/"), item);
	}
	alert = alert_of(model, id);
	if (!alert || alert->watch != watch_of(model, is_cargo, key, kind))
		model->fail("seq %lld tells of alert %s, which nothing raised", (long long)told->seq, id);
	told_check_version(model, told, id, alert->version);
	if (strcmp(status, resolved ? "resolved" : acknowledged ? "acknowledged" : "open") != 0)
		model->fail("seq %lld: alert %s is %s", (long long)told->seq, id, status);
	if ((resolved == alert->resolved) == (acknowledged == alert->acknowledged))
		model->fail("seq %lld changes all or nothing of alert %s", (long long)told->seq, id);
	if (told->derived != (resolved != alert->resolved))
		model->fail("seq %lld: alert %s is %s by %s", (long long)told->seq, id, status, told->id);
	alert->watch->told_open -= resolved && !alert->resolved;
	model->rules[resolved && !alert->resolved ? RULE_ALERT_RESOLVED : RULE_ALERT_ACKNOWLEDGED]++;
	alert->resolved = resolved;
	alert->acknowledged = acknowledged;
	alert->version++;
	alert->data = told->raw;
	alert->data_len = told->raw_len;
}

/* The event that it follows from; 0: none. */
static int64_t cause_of(const struct model *model, const char *id)
{
	const char *dot = strrchr(id, '.');
	size_t len = dot ? (size_t)(dot - id) : 0;

	for (int64_t seq = model->seq; dot && seq > 0; seq--)
		if (strlen(model->ids[seq]) == len && strncmp(model->ids[seq], id, len) == 0)
			return seq;
	return 0;
}

static void note_late(struct model *model, const struct told *told, struct cargo *cargo)
{
	int64_t eta = 0, time = 0;

	if (!time_parse(str_from(cargo->eta), &eta) || !time_parse(str_from(told->time), &time) || time < eta)
		model->fail("seq %lld tells at %s that %s, due at '%s', is late", (long long)told->seq, told->time,
			    cargo->id, cargo->eta);
	if (strcmp(cargo->late, cargo->eta) == 0)
		model->fail("seq %lld tells again that %s is late, due at %s", (long long)told->seq, cargo->id,
			    cargo->eta);
	if (cargo->delivered)
		model->fail("seq %lld: %s is late and was delivered", (long long)told->seq, cargo->id);
	model->rules[RULE_ETA_AGAIN] += *cargo->late != '\0';
	memcpy(cargo->late, cargo->eta, sizeof(cargo->late));
	model->last_eta = eta > model->last_eta ? eta : model->last_eta;
	model->late[model->late_count++ % LATE_MAX] = cargo;
}

bool model_take_late(struct model *model, const struct told *told, struct cargo *cargo, const char *status)
{
	char eta[32], location[64];

	told_text(told->data, "eta", eta, sizeof(eta));
	told_text(told->data, "location", location, sizeof(location));
	/* A client says where it is, each time anew. */
	if (told->derived || strcmp(location, cargo->location) != 0)
		return false;
	if (strcmp(eta, cargo->eta) != 0 || strcmp(status, "delayed") != 0 ||
	    !status_may_follow(true, cargo->told_status, status))
		model->fail("seq %lld: cargo %s goes from %s to %s by itself", (long long)told->seq, cargo->id,
			    cargo->told_status, status);
	note_late(model, told, cargo);
	model->is_late[told->seq] = true;
	model->rules[RULE_ETA_LATE]++;
	snprintf(cargo->status, sizeof(cargo->status), "%s", status);
	return true;
}

bool model_warn_alert(struct model *model, const struct told *told, bool is_cargo, const char *key)
{
	int64_t cause = cause_of(model, told->id);
	bool late = !told->derived || model->is_late[cause];

	if (!told->derived) {
		if (!is_cargo || strcmp(model_cargo(model, key)->told_status, "delayed") != 0)
			model->fail("seq %lld warns of %s without a cause", (long long)told->seq, key);
		note_late(model, told, model_cargo(model, key));
		model->rules[RULE_ETA_LATE_DELAYED]++;
	}
	if (late && strcmp(told->kind, "lateness") != 0)
		model->fail("seq %lld: %s is late and warned of for %s", (long long)told->seq, key, told->kind);
	raise_alert(model, told, is_cargo, key);
	return late;
}

/* Comparing. */

static bool is_of_lane(struct model *model, const struct watch *watch, const char *lane)
{
	const char *slash = strchr(watch->key, '/');

	if (slash)
		return strlen(lane) == (size_t)(slash - watch->key) && !strncmp(watch->key, lane, strlen(lane));
	return strcmp(watch->is_cargo ? model_cargo(model, watch->key)->destination
				      : model_trade(model, watch->key)->destination,
		      lane) == 0;
}

void model_alerts_late(struct model *model, const char *lane)
{
	for (size_t i = 0; i < model->late_count; i++)
		if (strcmp(model->late[i]->destination, lane) == 0)
			must_raise(watch_of(model, true, model->late[i]->id, "lateness"));
}

void model_alerts_adopt(struct model *model, const char *lane)
{
	for (size_t i = 0; i < model->watch_count; i++) {
		struct watch *watch = &model->watches[i];

		if (!is_of_lane(model, watch, lane))
			continue;
		watch->raised = watch->told_raised;
		watch->open = watch->told_open;
	}
}

static unsigned told_open(struct model *model, bool is_cargo, const char *key)
{
	return watch_of(model, is_cargo, key, "oversize")->told_open +
	       watch_of(model, is_cargo, key, "lateness")->told_open;
}

void model_alerts_rest(struct model *model, const char *lane)
{
	for (size_t i = 0; i < model->cargo_count; i++) {
		const struct cargo *cargo = &model->cargo[i];

		if (!strcmp(cargo->destination, lane) &&
		    (strcmp(cargo->told_status, "delayed") == 0) != (told_open(model, true, cargo->id) > 0))
			model->fail("at seq %lld cargo %s is %s and has %u alerts", (long long)model->seq, cargo->id,
				    cargo->told_status, told_open(model, true, cargo->id));
	}
	for (size_t i = 0; i < model->trade_count; i++) {
		const struct trade *trade = &model->trades[i];
		bool large = memmem(trade->data, trade->data_len, "\"holds\":[\"size\"", 15) != NULL;

		if (!strcmp(trade->destination, lane) &&
		    (large != (told_open(model, false, trade->id) > 0) ||
		     !(trade->told_holds & HELD_FOR_SHORTAGE) !=
			     !watch_of(model, false, trade->id, "stockShortage")->told_open))
			model->fail("at seq %lld trade %s is %s and has %u alerts", (long long)model->seq, trade->id,
				    trade->told_status, told_open(model, false, trade->id));
	}
}

void model_alerts_compare(struct model *model, const char *lane)
{
	for (size_t i = 0; i < model->watch_count; i++) {
		const struct watch *watch = &model->watches[i];

		if (is_of_lane(model, watch, lane) &&
		    (watch->raised != watch->told_raised || watch->open != watch->told_open))
			model->fail("at seq %lld there must have been %u alerts of %s about %s, %u of them not "
				    "resolved, the "
				    "log has %u and %u",
				    (long long)model->seq, watch->raised, watch->kind, watch->key, watch->open,
				    watch->told_raised, watch->told_open);
	}
}

void model_time(struct model *model, int64_t now)
{
	if (model->last_eta > now + CLOCKS_APART)
		model->fail("at seq %lld an eta was told to have passed %lld ms before it did", (long long)model->seq,
			    (long long)(model->last_eta - now));
	model->last_eta = 0;
}

void model_check_late(struct model *model, int64_t until)
{
	for (size_t i = 0; i < model->cargo_count; i++) {
		const struct cargo *cargo = &model->cargo[i];
		int64_t eta;

		if (!cargo->delivered && time_parse(str_from(cargo->eta), &eta) && eta <= until &&
		    strcmp(cargo->late, cargo->eta) != 0)
			model->fail("cargo %s was due at %s, and nobody was told", cargo->id, cargo->eta);
	}
}

const char *model_alert(struct model *model, const char *id, int64_t *ret_version, bool *ret_acknowledged,
			size_t *ret_len)
{
	const struct alert *alert = alert_of(model, id);

	if (!alert)
		return NULL;
	*ret_version = alert->version;
	*ret_acknowledged = alert->acknowledged;
	*ret_len = alert->data_len;
	return alert->data ? alert->data : "";
}

int64_t model_alert_count(const struct model *model, const char *status)
{
	int64_t count = 0;

	for (size_t i = 0; i < model->alert_count; i++) {
		const struct alert *alert = &model->alerts[i];

		count += !status || !strcmp(status, alert->resolved       ? "resolved"
						    : alert->acknowledged ? "acknowledged"
									  : "open");
	}
	return count;
}
