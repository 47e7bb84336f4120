#include "bus/vitals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/link.h"

/* The answer, or NULL when there was none; an error that Redis gives is an answer. */
static redisReply *ask(redisContext *link, const char *command, const char *key, struct error *error)
{
	redisReply *reply = key ? redisCommand(link, command, key) : redisCommand(link, command);
	if (!reply)
		error_set(error, ITN_UNAVAILABLE, "%s", bus_link_why(link));
	return reply;
}

static enum itn_status take_log(redisReply *reply, struct bus_vitals *vitals)
{
	if (reply && reply->type == REDIS_REPLY_STRING)
		snprintf(vitals->log, sizeof(vitals->log), "%s", reply->str);
	freeReplyObject(reply);
	return reply ? ITN_OK : ITN_UNAVAILABLE;
}

/* Names and values in turn. */
static enum itn_status take_stream(redisReply *reply, struct bus_vitals *vitals)
{
	size_t count = reply && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
	for (size_t i = 0; i + 1 < count; i += 2) {
		const redisReply *value = reply->element[i + 1];
		if (strcmp(reply->element[i]->str, "length") == 0)
			vitals->stream_length = value->integer;
		else if (strcmp(reply->element[i]->str, "last-generated-id") == 0)
			vitals->stream_last = strtoll(value->str, NULL, 10);
	}
	vitals->has_stream = vitals->stream_length > 0;
	freeReplyObject(reply);
	return reply ? ITN_OK : ITN_UNAVAILABLE;
}

static const char *line_of(const char *info, const char *name)
{
	const char *line = strstr(info, name);
	return line ? line + strlen(name) : "";
}

static enum itn_status take_memory(redisReply *reply, struct bus_vitals *vitals)
{
	if (reply && reply->type == REDIS_REPLY_STRING) {
		const char *policy = line_of(reply->str, "\nmaxmemory_policy:");
		vitals->memory = strtoll(line_of(reply->str, "\nused_memory:"), NULL, 10);
		vitals->memory_max = strtoll(line_of(reply->str, "\nmaxmemory:"), NULL, 10);
		snprintf(vitals->policy, sizeof(vitals->policy), "%.*s", (int)strcspn(policy, "\r\n"), policy);
	}
	freeReplyObject(reply);
	return reply ? ITN_OK : ITN_UNAVAILABLE;
}

/* A server that is loading its data or wants a password answers everything with an error. */
static enum itn_status take_pong(redisReply *reply, struct error *error)
{
	enum itn_status status = reply ? ITN_OK : ITN_UNAVAILABLE;
	if (reply && reply->type == REDIS_REPLY_ERROR)
		status = error_set(error, ITN_UNAVAILABLE, "%s", reply->str);
	freeReplyObject(reply);
	return status;
}

enum itn_status bus_vitals(const char *redis, const char *network, struct bus_vitals *ret, struct error *error)
{
	struct bus_redis parsed;
	struct bus_vitals vitals = { .has_stream = false };
	enum itn_status status = bus_redis_parse(redis, network, &parsed, error);
	if (status != ITN_OK)
		return status;
	redisContext *link = bus_link_open(&parsed, error);
	if (!link)
		return ITN_UNAVAILABLE;
	status = take_pong(ask(link, "PING", NULL, error), error);
	if (status == ITN_OK)
		status = take_log(ask(link, "GET %s", parsed.log, error), &vitals);
	if (status == ITN_OK)
		status = take_stream(ask(link, "XINFO STREAM %s", parsed.stream, error), &vitals);
	if (status == ITN_OK)
		status = take_memory(ask(link, "INFO memory", NULL, error), &vitals);
	redisFree(link);
	if (status == ITN_OK)
		*ret = vitals;
	return status;
}
