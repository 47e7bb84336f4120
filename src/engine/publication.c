#include "engine/publication.h"

#include <string.h>

#include "core/log.h"
#include "core/metrics.h"

#define FRAMES_MAX 256

struct slice {
	struct arena *arena;
	struct str frames[FRAMES_MAX];
	int64_t first;
	size_t count;
};

static void take_frame(void *context, const struct store_event_row *row)
{
	struct slice *slice = context;

	if (slice->count == 0)
		slice->first = row->seq;
	slice->frames[slice->count++] = arena_str(slice->arena, row->frame);
}

static enum itn_status read_slice(struct publication *publication, int64_t after, struct slice *slice)
{
	arena_reset(publication->arena);
	slice->arena = publication->arena;
	slice->count = 0;
	return store_events(publication->store, after, FRAMES_MAX, take_frame, slice);
}

static enum itn_status tell(struct publication *publication, int64_t last, struct error *error)
{
	enum itn_status status = bus_publish_reset(publication->bus, str_from(publication->log), last, error);

	if (status == ITN_OK)
		publication->told = last;
	publication->next = status == ITN_OK ? last + 1 : 0;
	return status;
}

static enum itn_status ask_position(struct publication *publication, struct error *error)
{
	struct store_head head;
	int64_t last;
	enum itn_status status = store_head(publication->store, &head);

	if (status != ITN_OK)
		return status;
	memcpy(publication->log, head.log, sizeof(publication->log));
	status = bus_publish_position(publication->bus, str_from(publication->log), &last, error);
	if (status != ITN_OK)
		return status;
	/* Read behind the answer: a stream that is ahead of the log then is of a log that a restore took back. */
	status = store_head(publication->store, &head);
	if (status != ITN_OK)
		return status;
	if (last > head.last_seq)
		return bus_publish_drop(publication->bus, str_from(publication->log), last, error);
	/* It may be one that was filled by somebody who could not tell. */
	if (last != publication->told)
		return tell(publication, last, error);
	publication->next = last + 1;
	return ITN_OK;
}

/* Redis lost the stream: fill it with the latest events, then tell the readers. */
static enum itn_status seed(struct publication *publication, struct error *error)
{
	struct slice slice;
	struct store_head head;
	int64_t after, last = 0;
	enum itn_status status = store_head(publication->store, &head);

	if (status != ITN_OK)
		return status;
	after = head.last_seq > publication->stream_max ? head.last_seq - publication->stream_max : 0;
	do {
		status = read_slice(publication, after, &slice);
		if (status != ITN_OK || slice.count == 0)
			break;
		status = bus_publish_seed(publication->bus, str_from(publication->log), slice.first, slice.frames,
					  slice.count, &last, error);
		after = slice.first + (int64_t)slice.count - 1;
	} while (status == ITN_OK && slice.count == FRAMES_MAX);
	publication->next = status == ITN_OK ? last + 1 : 0;
	if (status == ITN_OK && last)
		status = tell(publication, last, error);
	if (status == ITN_OK && last)
		metrics_add(METRIC_PUBLICATION_SEEDS, 1);
	if (status == ITN_OK && last)
		log_info("recent feed seeded", LOG_INT("last", last));
	return status;
}

static enum itn_status publish_slice(struct publication *publication, struct error *error)
{
	struct slice slice;
	int64_t last = 0;
	enum itn_status status = read_slice(publication, publication->next - 1, &slice);

	if (status != ITN_OK || slice.count == 0)
		return status;
	status = bus_publish(publication->bus, str_from(publication->log), slice.first, slice.frames, slice.count,
			     &last, error);
	publication->next = status == ITN_OK ? last + 1 : 0;
	if (status == ITN_OK) {
		publication->told = last;
		metrics_add(METRIC_PUBLICATIONS, slice.count);
	}
	return status;
}

/* A stream that is not there is filled and its readers told where it ends; that of an empty log begins with the first
 * event, which is announced as any other. */
enum itn_status publication_step(struct publication *publication, bool *is_first, struct error *error)
{
	enum itn_status status = ITN_OK;

	if (publication->next == 0)
		status = ask_position(publication, error);
	else
		status = publish_slice(publication, error);
	if (status == ITN_NOT_FOUND && *is_first) {
		publication->next = 1;
		return ITN_OK;
	}
	if (status == ITN_NOT_FOUND)
		return seed(publication, error);
	if (status == ITN_OK)
		*is_first = false;
	return status;
}
