#include "bus/feed_message.h"

#include <stdlib.h>
#include <string.h>

#include "bus/redis.h"

void feed_message_free(struct feed_message *message)
{
	free(message->room);
	*message = (struct feed_message){ 0 };
}

static void frames_reserve(struct feed_message *message, size_t count)
{
	if (count > message->room_count) {
		message->room = reallocarray(message->room, count, sizeof(*message->room));
		if (!message->room)
			abort();
		message->room_count = count;
	}
	message->frames.frames = message->room;
	message->frames.count = 0;
}

static bool number(struct str word, int64_t *ret)
{
	int64_t value = 0;
	if (word.len == 0 || word.len > 16)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.ptr[i] < '0' || word.ptr[i] > '9')
			return false;
		value = value * 10 + (word.ptr[i] - '0');
	}
	*ret = value;
	return true;
}

/** Cuts off and returns what stands before `end`; absent when there is no `end`. */
static struct str cut(struct str *text, char end)
{
	const char *at = text->len ? memchr(text->ptr, end, text->len) : NULL;
	if (!at)
		return STR_NONE;
	struct str head = { text->ptr, (size_t)(at - text->ptr) };
	*text = (struct str){ at + 1, text->len - head.len - 1 };
	return head;
}

static bool parse_frames(struct feed_message *message, struct str body, int64_t count)
{
	if (count < 1 || (size_t)count > body.len)
		return false;
	frames_reserve(message, (size_t)count);
	for (int64_t left = count; left > 1; left--) {
		struct str frame = cut(&body, '\n');
		if (frame.len == 0)
			return false;
		message->room[message->frames.count++] = frame;
	}
	if (body.len == 0 || memchr(body.ptr, '\n', body.len))
		return false;
	message->room[message->frames.count++] = body;
	return true;
}

bool feed_message_parse(struct feed_message *message, struct str text)
{
	struct str head = cut(&text, '\n');
	struct str log = cut(&head, ' ');
	if (log.len == 0 || log.len > BUS_LOG_MAX)
		return false;
	message->frames.log = log;
	if (head.len > 6 && memcmp(head.ptr, "reset ", 6) == 0) {
		message->is_reset = true;
		return number((struct str){ head.ptr + 6, head.len - 6 }, &message->last);
	}
	message->is_reset = false;
	struct str first = cut(&head, ' ');
	int64_t count;
	return number(first, &message->frames.first_seq) && message->frames.first_seq > 0 && number(head, &count) &&
	       parse_frames(message, text, count);
}

/** An entry is [id, [name, value, …]]. */
static bool entry_parse(const redisReply *entry, int64_t *ret_seq, struct str *ret_frame)
{
	if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
	    entry->element[0]->type != REDIS_REPLY_STRING || entry->element[1]->type != REDIS_REPLY_ARRAY ||
	    entry->element[1]->elements < 2)
		return false;
	struct str id = { entry->element[0]->str, (size_t)entry->element[0]->len };
	const redisReply *value = entry->element[1]->element[1];
	*ret_frame = (struct str){ value->str, (size_t)value->len };
	return value->type == REDIS_REPLY_STRING && value->len > 0 && number(cut(&id, '-'), ret_seq);
}

static bool take_entries(struct feed_message *message, const redisReply *entries)
{
	frames_reserve(message, entries->elements ? entries->elements : 1);
	for (size_t i = 0; i < entries->elements; i++) {
		int64_t seq;
		struct str frame;
		if (!entry_parse(entries->element[i], &seq, &frame))
			return false;
		if (i == 0)
			message->frames.first_seq = seq;
		else if (seq != message->frames.first_seq + (int64_t)i)
			return true;
		message->room[message->frames.count++] = frame;
	}
	return true;
}

bool feed_message_from_stream(struct feed_message *message, const redisReply *reply, int64_t *ret_last)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		return false;
	const redisReply *log = reply->element[0];
	const redisReply *end = reply->element[1];
	const redisReply *entries = reply->element[2];
	if (end->type != REDIS_REPLY_ARRAY || entries->type != REDIS_REPLY_ARRAY)
		return false;
	message->is_reset = false;
	message->frames.log = log->type == REDIS_REPLY_STRING ? (struct str){ log->str, (size_t)log->len } : STR_NONE;
	struct str frame;
	*ret_last = 0;
	if (end->elements > 0 && !entry_parse(end->element[0], ret_last, &frame))
		return false;
	return take_entries(message, entries);
}
