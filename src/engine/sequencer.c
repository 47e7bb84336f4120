#include "engine/sequencer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/metrics.h"
#include "engine/effects.h"
#include "engine/lateness.h"
#include "engine/number.h"
#include "engine/restock.h"
#include "store/alerts.h"

#define JOBS_MAX 1024
/* A batch of this size is not made smaller for being slow: on a slow disk even one event takes as long. Its effects may read
 * what that many trades need, or jobs pile up, and each batch has more of them to read than it does. */
#define SLOW_SIZE      32
#define SLOW_DOCUMENTS 256
/* A step of a large effect needs some documents to get anywhere. */
#define CHUNK_MIN 10
/* Documents that a job may read in its turn at least: enough to get on. */
#define SHARE_MIN 5
/* Late cargo that one batch looks at. */
#define LATE_MAX 32
#define MINUTES_KEPT_MS INT64_C(86400000)
#define REQUESTS_KEPT_MS INT64_C(3600000)
#define SCRATCH_KEPT ((size_t)1 << 20)

struct sequencer {
	const struct config *config;
	struct store_engine *store;
	struct arena *arena;
	struct draft draft;
	size_t size;           /* entries of the next batch at most */
	size_t chunk;          /* documents that its effects may read */
	int64_t batch_ms;      /* a batch that takes longer makes the next one smaller */
	int64_t dropped_until; /* minute counters below are gone */
	struct {               /* late cargo up to here was looked at: what can't be told yet lets others pass */
		int64_t due;
		struct buf id;
	} late;
	char stuck[256];
};

/* The outcome of the jobs of one batch. */
struct work {
	struct draft *draft;
	struct map waiting; /* lanes whose oldest job has not ended */
	size_t budget;      /* documents that the draft may have read before a large effect stops */
	bool check_lanes;   /* more jobs are stored than were read */
	struct draft_list large;  /* struct job that goes on */
	struct draft_list stored; /* struct job, to be written */
	struct draft_list done;   /* struct job that was stored and ends */
	bool again;               /* something could go on at once */
	int64_t taking;           /* seq of the oldest job outstanding by which goods leave stations; 0: none */
};

struct sequencer *sequencer_new(const struct config *config, struct store_engine *store)
{
	struct sequencer *sequencer = memory_calloc(1, sizeof(*sequencer));

	sequencer->config = config;
	sequencer->store = store;
	sequencer->arena = arena_new((size_t)1 << 16);
	sequencer->size = config->batch_max < SLOW_SIZE ? (size_t)config->batch_max : SLOW_SIZE;
	sequencer->chunk = config->chunk_max < SLOW_DOCUMENTS ? (size_t)config->chunk_max : SLOW_DOCUMENTS;
	sequencer->batch_ms = (int64_t)config->batch_ms;
	if (!sequencer->batch_ms)
		sequencer->batch_ms = strncmp(config->store, "mongodb", 7) == 0 ? 100 : 50;
	return sequencer;
}

void sequencer_free(struct sequencer *sequencer)
{
	if (!sequencer)
		return;
	buf_free(&sequencer->draft.json);
	buf_free(&sequencer->late.id);
	arena_free(sequencer->arena);
	free(sequencer);
}

const char *sequencer_stuck(const struct sequencer *sequencer)
{
	return sequencer->stuck;
}

/* Jobs of different lanes that meet at a station wait for each other by their seqs: here a stock-take for what is to
 * leave before it, in reservation_must_wait() what leaves after it. */
static bool station_waits(const struct work *work, const struct job *job, bool is_new)
{
	if (job->kind != JOB_STOCK_TAKE)
		return false;
	return (is_new && work->check_lanes) || (work->taking && work->taking < job->seq);
}

/* The job does not end in this batch. */
static void outstanding(struct work *work, const struct job *job)
{
	if (effects_take_goods(job) && (!work->taking || job->seq < work->taking))
		work->taking = job->seq;
}

/* From here on a stock-take's station gives nothing away to later causes. */
static void add_counted(struct work *work, const struct job *job)
{
	struct draft_counted *counted = arena_calloc(work->draft->arena, 1, sizeof(*counted));

	*counted = (struct draft_counted){ job->lane, job->seq };
	draft_list_add(&work->draft->counted, work->draft->arena, counted);
}

static void end_counted(struct work *work, const struct job *job)
{
	for (size_t i = 0; i < work->draft->counted.count; i++) {
		struct draft_counted *counted = work->draft->counted.at[i];

		if (counted->seq == job->seq)
			counted->seq = INT64_MAX;
	}
}

static enum itn_status lane_waits(struct work *work, const struct job *job, bool is_new, bool *ret_waits)
{
	*ret_waits = map_get(&work->waiting, job->lane) != NULL || station_waits(work, job, is_new);
	if (*ret_waits || !is_new || !work->check_lanes)
		return ITN_OK;
	return draft_lane_busy(work->draft, job->lane, ret_waits);
}

/* A stored job that there was no room for stays as it is stored. */
static enum itn_status run_first(struct work *work, struct job *job, bool is_new)
{
	bool runs = work->draft->documents < work->budget;
	enum effect_state state = EFFECT_PARTIAL;
	enum itn_status status = ITN_OK;

	if (runs)
		status = effects_run(work->draft, job, work->budget, &state);
	if (status != ITN_OK)
		return status;
	if (state == EFFECT_DONE) {
		if (job->kind == JOB_STOCK_TAKE)
			end_counted(work, job);
		if (!is_new)
			draft_list_add(&work->done, work->draft->arena, job);
		return ITN_OK;
	}
	map_put(&work->waiting, job->lane, job);
	outstanding(work, job);
	if (is_new || runs)
		draft_list_add(&work->stored, work->draft->arena, job);
	work->again |= state == EFFECT_PARTIAL;
	return ITN_OK;
}

static enum itn_status run_job(struct work *work, struct job *job, bool is_new)
{
	bool waits;
	enum itn_status status = lane_waits(work, job, is_new, &waits);

	if (status != ITN_OK)
		return status;
	if (job->kind == JOB_STOCK_TAKE && is_new)
		add_counted(work, job);
	if (!waits)
		return run_first(work, job, is_new);
	map_put(&work->waiting, job->lane, job);
	outstanding(work, job);
	if (is_new)
		draft_list_add(&work->stored, work->draft->arena, job);
	return ITN_OK;
}

/* A stored job that did a part of its work already; it is the oldest of its lane. */
static bool goes_on(const struct job *job)
{
	return job->step >= STEP_GO_ON || str_is_set(job->cursor.key);
}

/* They hold their lanes until their turn comes. */
static void set_aside(struct work *work, const struct store_batch *batch)
{
	for (size_t i = 0; i < batch->job_count; i++) {
		if (batch->jobs[i].kind == JOB_STOCK_TAKE)
			add_counted(work, &batch->jobs[i]);
		if (!goes_on(&batch->jobs[i]))
			continue;
		outstanding(work, &batch->jobs[i]);
		map_put(&work->waiting, batch->jobs[i].lane, &batch->jobs[i]);
		draft_list_add(&work->large, work->draft->arena, &batch->jobs[i]);
	}
}

/* What is left of the batch's work, shared. */
static enum itn_status run_large_jobs(struct work *work, size_t documents)
{
	size_t share = documents / work->large.count, end = work->draft->documents + documents;
	enum itn_status status = ITN_OK;

	if (share < SHARE_MIN)
		share = SHARE_MIN;
	for (size_t i = 0; i < work->large.count && work->draft->documents < end && status == ITN_OK; i++) {
		work->budget = work->draft->documents + share;
		status = run_first(work, work->large.at[i], false);
	}
	work->again = true;
	return status;
}

/* Of the jobs that the budget may be enough for: each reads a document or more. */
static enum itn_status prefetch(struct work *work, const struct store_batch *batch, const struct draft_list *new_jobs,
				size_t documents)
{
	struct draft_list jobs = { 0 };

	for (size_t i = 0; i < batch->job_count && jobs.count < documents; i++)
		draft_list_add(&jobs, work->draft->arena, &batch->jobs[i]);
	for (size_t i = 0; i < new_jobs->count && jobs.count < documents; i++)
		draft_list_add(&jobs, work->draft->arena, new_jobs->at[i]);
	return effects_prefetch(work->draft, (struct job *const *)jobs.at, jobs.count);
}

/* Jobs that may be small come first, with half of what the batch may do, so that a large one delays its own lane only. */
static enum itn_status run_jobs(struct work *work, const struct store_batch *batch, const struct draft_list *new_jobs,
				size_t documents)
{
	enum itn_status status = prefetch(work, batch, new_jobs, documents);

	set_aside(work, batch);
	work->budget = work->draft->documents + (work->large.count ? documents / 2 : documents);
	for (size_t i = 0; i < batch->job_count && status == ITN_OK; i++)
		status = run_job(work, &batch->jobs[i], false);
	for (size_t i = 0; i < new_jobs->count && status == ITN_OK; i++)
		status = run_job(work, new_jobs->at[i], true);
	if (status == ITN_OK && work->large.count)
		status = run_large_jobs(work, documents - documents / 2);
	return status;
}

/* Cargo with something outstanding waits: what it will be is not decided yet. */
static enum itn_status tell_if_late(struct work *work, struct draft_cargo *cargo, int64_t until)
{
	struct job of_lane = { .lane = cargo->cargo.destination };
	int64_t due = cargo_due(&cargo->cargo);
	bool waits = cargo->cargo.unsequenced > 0;
	enum itn_status status = ITN_OK;

	if (!due || due > until)
		return ITN_OK;
	if (!waits)
		status = lane_waits(work, &of_lane, true, &waits);
	return status == ITN_OK && !waits ? lateness_tell(work->draft, cargo) : status;
}

static void keep_place(struct sequencer *sequencer, const struct store_cursor *cursor)
{
	struct str id = arena_str(sequencer->arena, cursor->key);

	sequencer->late.due = cursor->time;
	buf_reset(&sequencer->late.id, SIZE_MAX);
	buf_add_str(&sequencer->late.id, id);
}

/* Rule 9: after the jobs, on the state that results. */
static enum itn_status run_late(struct sequencer *sequencer, struct work *work, int64_t until)
{
	struct store_cursor cursor = { sequencer->late.due, buf_str(&sequencer->late.id) };
	struct cargo *cargo;
	size_t count = 0;
	enum itn_status status;

	if (!until)
		return ITN_OK;
	/* The clock may have gone back since it was asked: by its own time no event comes too soon. */
	if (until > work->draft->now)
		until = work->draft->now;
	status = store_batch_late(sequencer->store, sequencer->arena, until, &cursor, LATE_MAX, &cargo, &count);
	for (size_t i = 0; i < count && status == ITN_OK; i++)
		status = tell_if_late(work, draft_adopt_cargo(work->draft, &cargo[i]), until);
	if (count < LATE_MAX)
		cursor = (struct store_cursor){ 0 };
	keep_place(sequencer, &cursor);
	return status;
}

/* Jobs that effects made. */
static void store_later(struct work *work)
{
	for (size_t i = 0; i < work->draft->jobs.count; i++)
		draft_list_add(&work->stored, work->draft->arena, work->draft->jobs.at[i]);
	work->again |= work->draft->jobs.count > 0;
}

static void collect_jobs(struct work *work, struct store_writes *writes)
{
	struct arena *arena = work->draft->arena;
	struct job *jobs = arena_calloc(arena, work->stored.count + 1, sizeof(*jobs));
	int64_t *done = arena_calloc(arena, work->done.count + 1, sizeof(*done));

	for (size_t i = 0; i < work->stored.count; i++)
		jobs[i] = *(const struct job *)work->stored.at[i];
	for (size_t i = 0; i < work->done.count; i++)
		done[i] = ((const struct job *)work->done.at[i])->seq;
	writes->jobs = jobs;
	writes->job_count = work->stored.count;
	writes->jobs_done = done;
	writes->job_done_count = work->done.count;
}

/* Once a minute: counters of minutes long past, and requests whose clients have their verdict. */
static void drop_old(struct sequencer *sequencer, struct store_writes *writes)
{
	int64_t until = (sequencer->draft.now - MINUTES_KEPT_MS) / 60000 * 60000;
	char at[TIME_LEN + 1];

	if (until <= sequencer->dropped_until)
		return;
	time_format(until, at);
	writes->counters_from = STR("trades.created.minute.");
	writes->counters_below = arena_printf(sequencer->arena, "trades.created.minute.%.16s", at);
	writes->requests_below = arena_printf(sequencer->arena, "%08llx",
					      (unsigned long long)(sequencer->draft.now - REQUESTS_KEPT_MS) / 1000);
	sequencer->dropped_until = until;
}

static void name_stuck(struct sequencer *sequencer, const struct store_batch *batch, size_t place)
{
	if (place >= batch->count) {
		snprintf(sequencer->stuck, sizeof(sequencer->stuck), "effects of a batch behind seq %lld",
			 (long long)batch->head.last_seq);
		return;
	}
	snprintf(sequencer->stuck, sizeof(sequencer->stuck), "event %.*s of %s %.*s",
		 STR_ARG(batch->entries[place].id), entity_name(batch->entries[place].entity),
		 STR_ARG(batch->entries[place].key));
}

/* Numbers and applies the open batch; ITN_OK leaves everything in the draft and `work`. */
static enum itn_status compute(struct sequencer *sequencer, const struct store_batch *batch, int64_t due_until,
			       struct work *work)
{
	struct number number = { .draft = &sequencer->draft };
	size_t place = batch->count;
	enum itn_status status;

	draft_begin(&sequencer->draft, sequencer->arena, sequencer->config, sequencer->store, &batch->head);
	status = number_entries(&number, batch->entries, batch->count, &place);
	if (status == ITN_OK) {
		place = batch->count;
		*work = (struct work){
			.draft = &sequencer->draft,
			.check_lanes = batch->more_jobs,
		};
		map_init(&work->waiting, sequencer->arena);
		if (batch->more_jobs)
			sequencer->draft.jobs_read_to = batch->jobs[batch->job_count - 1].seq;
		status = run_jobs(work, batch, &number.jobs, sequencer->chunk);
		if (status == ITN_OK)
			status = run_late(sequencer, work, due_until);
	}
	if (status == ITN_FAILED || status == ITN_NOT_FOUND)
		name_stuck(sequencer, batch, place);
	return status == ITN_NOT_FOUND ? ITN_FAILED : status;
}

static enum itn_status commit(struct sequencer *sequencer, const struct store_batch *batch, struct work *work,
			      struct sequencer_result *ret_result)
{
	struct store_writes writes;
	enum itn_status status;

	status = draft_tell_all(&sequencer->draft);
	if (status == ITN_OK)
		status = restock_plan(&sequencer->draft);
	if (status != ITN_OK) {
		store_batch_abort(sequencer->store);
		return status;
	}
	store_later(work);
	draft_writes(&sequencer->draft, &writes);
	collect_jobs(work, &writes);
	drop_old(sequencer, &writes);
	status = store_batch_commit(sequencer->store, &writes);
	if (status == ITN_EXISTS || status == ITN_FAILED)
		name_stuck(sequencer, batch, 0);
	if (status == ITN_OK)
		*ret_result = (struct sequencer_result){
			.last_seq = writes.last_seq,
			.more = batch->more || work->again,
			.events = writes.event_count,
			.notifications = writes.notification_count,
		};
	return status == ITN_EXISTS ? ITN_FAILED : status;
}

size_t sequencer_next_size(size_t size, size_t enough, size_t max, enum itn_status status, bool more, bool slow)
{
	size_t half = size > 1 ? size / 2 : 1;

	if (status != ITN_OK)
		return half;
	if (slow && size > enough)
		return half > enough ? half : enough;
	if (slow && max > enough)
		max = enough;
	if (!more || size >= max)
		return size;
	return size < max / 2 ? size * 2 : max;
}

static void adapt(struct sequencer *sequencer, enum itn_status status, bool more, bool more_effects, int64_t took_ms)
{
	const struct config *config = sequencer->config;
	bool slow = took_ms > sequencer->batch_ms;

	sequencer->size =
		sequencer_next_size(sequencer->size, SLOW_SIZE, (size_t)config->batch_max, status, more, slow);
	sequencer->chunk = sequencer_next_size(sequencer->chunk, SLOW_DOCUMENTS, (size_t)config->chunk_max, status,
					       more_effects, slow);
	if (sequencer->chunk < CHUNK_MIN)
		sequencer->chunk = CHUNK_MIN;
}

/* A batch that is in the log. */
static void measure(const struct store_batch *batch, size_t events, int64_t took_us)
{
	int64_t now = clock_now_ms();

	metrics_observe(METRIC_ENGINE_BATCH_SIZE, 0, batch->count);
	metrics_observe(METRIC_ENGINE_BATCH_DURATION, 0, (uint64_t)took_us);
	metrics_add(METRIC_ENGINE_EVENTS, events);
	for (size_t i = 0; i < batch->count; i++) {
		int64_t lag_ms = now - batch->entries[i].time;

		metrics_observe(METRIC_ENGINE_LAG, 0, lag_ms > 0 ? (uint64_t)lag_ms * 1000 : 0);
	}
}

enum itn_status sequencer_run(struct sequencer *sequencer, int64_t due_until, struct sequencer_result *ret_result)
{
	struct store_batch batch = { .count = 0 };
	struct work work = { .again = false };
	int64_t began, began_us = clock_monotonic_us();
	enum itn_status status;

	arena_reset(sequencer->arena);
	buf_reset(&sequencer->draft.json, SCRATCH_KEPT);
	status = store_batch_begin(sequencer->store, sequencer->arena, sequencer->size, JOBS_MAX, &batch);
	began = clock_monotonic_ms();
	if (status != ITN_OK) {
		adapt(sequencer, status, false, false, 0);
		return status;
	}
	status = compute(sequencer, &batch, due_until, &work);
	if (status == ITN_OK && batch.count == 0 && batch.job_count == 0 && sequencer->draft.events.count == 0) {
		store_batch_abort(sequencer->store);
		*ret_result = (struct sequencer_result){ .last_seq = batch.head.last_seq };
		return ITN_OK;
	}
	if (status != ITN_OK)
		store_batch_abort(sequencer->store);
	else
		status = commit(sequencer, &batch, &work, ret_result);
	if (status == ITN_OK)
		measure(&batch, ret_result->events, clock_monotonic_us() - began_us);
	adapt(sequencer, status, batch.more, work.again, clock_monotonic_ms() - began);
	return status;
}
