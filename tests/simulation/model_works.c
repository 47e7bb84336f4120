#include "model_parts.h"

#include <stdio.h>
#include <string.h>

struct work *model_add_work(struct model *model, enum work_kind kind, size_t lane, size_t place, const void *told)
{
	struct work *work = &model->works[model->work_count];

	if (++model->work_count == WORKS_MAX)
		model->fail("the model has no room for more that is to be done");
	*work = (struct work){ .kind = kind, .lane = lane, .place = place, .told = told };
	return work;
}

static bool is_in(const struct model *model, const struct work *work, size_t group)
{
	return model->group[work->lane] == group;
}

static void remove_work(struct model *model, struct work *work)
{
	size_t behind = model->work_count - (size_t)(work - model->works) - 1;

	memmove(work, work + 1, behind * sizeof(*work));
	model->work_count--;
}

void model_drop_works(struct model *model, size_t group)
{
	for (size_t i = model->work_count; i-- > 0;)
		if (is_in(model, &model->works[i], group))
			remove_work(model, &model->works[i]);
}

/* What follows from an effect has the number of an event of this batch that told it, about the trade or station. */
static bool is_of(const struct model *model, const struct work *work, const struct outstanding_job *job)
{
	if (strcmp(model->lanes[work->lane], job->lane) != 0 || (work->kind == WORK_CAUSE) != (job->kind == LEFT_CAUSE))
		return false;
	if (work->seq)
		return work->seq == job->seq;
	return (int)work->kind == (int)job->kind && job->seq > model->batch_begin &&
	       model->versions[job->seq].of == work->told && strchr(model->ids[job->seq], '.');
}

static bool is_taken(const struct model *model, const struct work *but, const struct outstanding_job *job)
{
	for (size_t i = 0; i < model->work_count; i++)
		if (&model->works[i] != but && model->works[i].left && model->works[i].seq == job->seq &&
		    is_of(model, &model->works[i], job))
			return true;
	return false;
}

static void look_whether_left(const struct model *model, struct work *work, const struct outstanding *left)
{
	for (size_t i = 0; i < left->job_count && !work->left; i++)
		if (is_of(model, work, &left->jobs[i]) && !is_taken(model, work, &left->jobs[i])) {
			work->left = true;
			work->seq = left->jobs[i].seq;
		}
}

/* Whoever was short of something when the batch began is looked at, too, though it be closed by now. So the names are
 * taken as they are, if the ones that must be are among them. */
static void take_items(struct model *model, struct work *work, const char *items)
{
	struct lines named = { 0 };

	for (size_t len; *items; items += len + (items[len] == '\n')) {
		len = strcspn(items, "\n");
		snprintf(named.at[named.count++].name, sizeof(named.at[0].name), "%.*s", (int)len, items);
		if (named.count > 1 && strcmp(named.at[named.count - 2].name, named.at[named.count - 1].name) >= 0)
			model->fail("at seq %lld who is short is not looked at in the order of names",
				    (long long)model->seq);
	}
	for (size_t i = 0, n = 0; i < work->items.count; i++) {
		while (n < named.count && strcmp(named.at[n].name, work->items.at[i].name) != 0)
			n++;
		if (n == named.count)
			model->fail("at seq %lld who is short of %s at %s is not looked at", (long long)model->seq,
				    work->items.at[i].name, model->lanes[work->lane]);
	}
	work->items = named;
}

/* In the order of their numbers; what followed only now behind all others, as it came. */
static struct work *next_work(struct model *model, size_t group, const struct outstanding *left)
{
	struct work *next = NULL;

	for (size_t i = 0; i < model->work_count; i++) {
		struct work *work = &model->works[i];

		if (!is_in(model, work, group))
			continue;
		if (!work->left)
			look_whether_left(model, work, left);
		if (!work->left && (!next || (work->seq && (!next->seq || work->seq < next->seq))))
			next = work;
	}
	return next;
}

static const struct cause *cause_of(const struct model *model, const struct work *work)
{
	return work->kind == WORK_CAUSE ? &model->causes[work->place] : NULL;
}

static bool has_effects(const struct model *model, const struct work *work)
{
	const struct cause *cause = cause_of(model, work);

	if (!cause || cause->created || cause->about == ABOUT_STATION)
		return true;
	if (cause->about == ABOUT_TRADE)
		return !status_is_open(cause->status);
	return strcmp(cause->status, cause->from) != 0 &&
	       (strcmp(cause->status, "in transit") != 0 || model->cargo[cause->place].open);
}

/* The effects on one lane come in the order of their causes. */
static void check_order(struct model *model, const struct work *work)
{
	for (size_t i = 0; i < model->work_count; i++) {
		const struct work *other = &model->works[i];

		if (other->left && other->lane == work->lane && work->seq && other->seq < work->seq)
			model->fail("at seq %lld the effects of %lld at %s are done before those of %lld",
				    (long long)model->seq, (long long)work->seq, model->lanes[work->lane],
				    (long long)other->seq);
	}
}

void model_check_takes(struct model *model, const char *station)
{
	for (size_t i = 0; i < model->work_count; i++) {
		const struct work *work = &model->works[i];
		const struct cause *cause = cause_of(model, work);

		if (work->left && cause && cause->about == ABOUT_STATION && work->seq < model->doing &&
		    strcmp(model->lanes[work->lane], station) == 0)
			model->fail("at seq %lld goods leave %s on account of %lld before it is counted as of %lld",
				    (long long)model->seq, station, (long long)model->doing, (long long)work->seq);
	}
}

void model_check_departures(struct model *model)
{
	for (size_t i = 0; i < model->work_count; i++) {
		const struct work *work = &model->works[i];
		const struct cause *cause = cause_of(model, work);

		if (work->left && cause && cause->about == ABOUT_CARGO && work->seq < model->doing &&
		    is_in(model, work, model->group_doing) &&
		    (!strcmp(cause->status, "in transit") || !strcmp(cause->status, "delivered")))
			model->fail("at seq %lld a station is counted as of %lld before the departure of %lld",
				    (long long)model->seq, (long long)model->doing, (long long)work->seq);
	}
}

static void do_cause(struct model *model, const struct cause *cause)
{
	static void (*const cascades[])(struct model *, const struct cause *) = {
		[ABOUT_TRADE] = model_cascade_trade,
		[ABOUT_CARGO] = model_cascade_cargo,
		[ABOUT_STATION] = model_cascade_counts,
	};

	model_alerts_cause(model, cause);
	cascades[cause->about](model, cause);
}

static void do_work(struct model *model, const struct work *work)
{
	model->doing = work->seq ? work->seq : INT64_MAX;
	model->group_doing = model->group[work->lane];
	if (work->kind == WORK_CAUSE)
		do_cause(model, &model->causes[work->place]);
	else if (work->kind == WORK_RESTOCK)
		model_restock(model, model->lanes[work->lane], &work->items);
	else if (work->kind == WORK_ROOM)
		model_fill(model, &model->cargo[work->place], RULE_ROOM_GAINED);
	else if (model_waits(&model->trades[work->place]))
		model_load_trade(model, &model->trades[work->place]);
}

/* Each that is outstanding is known. */
static void check_jobs(struct model *model, size_t group, const struct outstanding *left)
{
	for (size_t i = 0; i < left->job_count; i++) {
		const struct outstanding_job *job = &left->jobs[i];

		if (model->group[model_lane(model, job->lane)] == group && !is_taken(model, NULL, job))
			model->fail("at seq %lld something is outstanding at %s because of %lld, for no reason",
				    (long long)model->seq, job->lane, (long long)job->seq);
	}
}

static void check_restock(struct model *model, size_t lane, const struct outstanding *left)
{
	struct work *work = model_add_work(model, WORK_RESTOCK, lane, lane, model->lanes[lane]);

	model_want_restock(model, lane, &work->items);
	look_whether_left(model, work, left);
	for (size_t i = 0; i < left->job_count && work->left; i++)
		if (is_of(model, work, &left->jobs[i]))
			take_items(model, work, left->jobs[i].items);
	if (work->left)
		return;
	if (work->items.count)
		model->fail("at seq %lld there is more %s at %s, and who is short of it is not looked at",
			    (long long)model->seq, work->items.at[0].name, model->lanes[lane]);
	model->work_count--;
}

/* Of something that a client did, what it left to be filled. */
static bool is_rest(const struct model *model, const struct outstanding_job *job)
{
	return job->kind != LEFT_CAUSE && !strchr(model->ids[job->seq], '.');
}

static bool any_begun(struct model *model, size_t group, const struct outstanding *left)
{
	for (size_t i = 0; i < left->job_count; i++)
		if ((left->jobs[i].begun || is_rest(model, &left->jobs[i])) &&
		    model->group[model_lane(model, left->jobs[i].lane)] == group)
			return true;
	return false;
}

bool model_do_works(struct model *model, size_t group, const struct outstanding *left)
{
	struct work *work;

	if (any_begun(model, group, left))
		return false;
	for (size_t i = 0; i < model->work_count; i++)
		model->works[i].left = false;
	while ((work = next_work(model, group, left))) {
		struct work one = *work;

		if (has_effects(model, work))
			check_order(model, work);
		remove_work(model, work);
		do_work(model, &one);
	}
	for (size_t lane = 0; lane < model->lane_count; lane++)
		if (model->group[lane] == group)
			check_restock(model, lane, left);
	check_jobs(model, group, left);
	return true;
}
