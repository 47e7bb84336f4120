#include "bus/publisher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/link.h"
#include "core/metrics.h"

/** KEYS: stream, log, feed. ARGV: what to do, log, first seq (or last for drop and reset), entries to keep, frames.
 *  Answers {"ok" | "conflict" | "missing", last}. */
static const char script[] =
	"local stream, logkey, feed = KEYS[1], KEYS[2], KEYS[3]\n"
	"local verb, log, first = ARGV[1], ARGV[2], tonumber(ARGV[3])\n"
	"local function stream_last()\n"
	"  if redis.call('TYPE', stream).ok ~= 'stream' or redis.call('XLEN', stream) == 0 then return nil end\n"
	"  local info = redis.call('XINFO', 'STREAM', stream)\n"
	"  for i = 1, #info, 2 do\n"
	"    if info[i] == 'last-generated-id' then return tonumber(string.match(info[i + 1], '^%d+')) end\n"
	"  end\n"
	"end\n"
	"local last = stream_last()\n"
	"if redis.pcall('GET', logkey) ~= log then\n"
	"  if verb == 'position' or verb == 'drop' or verb == 'reset' then return {'missing', 0} end\n"
	"  redis.call('SET', logkey, log)\n"
	"  last = nil\n"
	"end\n"
	"if verb == 'drop' then\n"
	"  if last ~= first then return {'conflict', last or 0} end\n"
	"  redis.call('DEL', stream)\n"
	"  return {'ok', last}\n"
	"end\n"
	"if verb == 'reset' then\n"
	"  if last ~= first then return {'conflict', last or 0} end\n"
	"  redis.call('PUBLISH', feed, string.format('%s reset %.0f\\n', log, last))\n"
	"  return {'ok', last}\n"
	"end\n"
	"if verb == 'position' then\n"
	"  if not last then return {'missing', 0} end\n"
	"  return {'ok', last}\n"
	"end\n"
	"if not last then\n"
	"  redis.call('DEL', stream)\n"
	"  if verb == 'publish' and first ~= 1 then return {'missing', 0} end\n"
	"elseif last ~= first - 1 then\n"
	"  return {'conflict', last}\n"
	"end\n"
	"local lines = {}\n"
	"for i = 5, #ARGV do\n"
	"  redis.call('XADD', stream, string.format('%.0f-0', first + i - 5), 'f', ARGV[i])\n"
	"  lines[#lines + 1] = ARGV[i]\n"
	"end\n"
	"redis.call('XTRIM', stream, 'MAXLEN', '~', ARGV[4])\n"
	"if verb == 'publish' then\n"
	"  local head = string.format('%s %.0f %d\\n', log, first, #lines)\n"
	"  redis.call('PUBLISH', feed, head .. table.concat(lines, '\\n'))\n"
	"end\n"
	"return {'ok', first + #lines - 1}\n";

enum { ARGS_BEFORE_FRAMES = 10 };

struct bus_publisher {
	struct bus_redis redis;
	char keep[24];
	redisContext *link;
	char sha[41];
	const char **args; /**< of the command being made, `room` of them */
	size_t *lens;
	size_t room;
};

enum itn_status bus_publisher_new(const char *redis, const char *network, uint64_t stream_max,
				  struct bus_publisher **ret, struct error *error)
{
	struct bus_redis parsed;
	enum itn_status status = bus_redis_parse(redis, network, &parsed, error);
	if (status != ITN_OK)
		return status;
	struct bus_publisher *publisher = calloc(1, sizeof(*publisher));
	if (!publisher)
		return error_set(error, ITN_FAILED, "no memory for the publisher");
	publisher->redis = parsed;
	snprintf(publisher->keep, sizeof(publisher->keep), "%llu", (unsigned long long)stream_max);
	*ret = publisher;
	return ITN_OK;
}

static void link_close(struct bus_publisher *publisher)
{
	redisFree(publisher->link);
	publisher->link = NULL;
}

static void link_lose(struct bus_publisher *publisher)
{
	link_close(publisher);
	metrics_add(METRIC_REDIS_ERRORS, 1);
}

static enum itn_status refused(const redisReply *reply, struct error *error)
{
	metrics_add(METRIC_REDIS_ERRORS, 1);
	return error_set(error, ITN_UNAVAILABLE, "%s", reply->str);
}

void bus_publisher_free(struct bus_publisher *publisher)
{
	if (!publisher)
		return;
	link_close(publisher);
	free(publisher->args);
	free(publisher->lens);
	free(publisher);
}

static enum itn_status link_ready(struct bus_publisher *publisher, struct error *error)
{
	if (publisher->link && bus_link_stale(publisher->link))
		link_lose(publisher);
	if (publisher->link)
		return ITN_OK;
	publisher->link = bus_link_open(&publisher->redis, error);
	if (!publisher->link) {
		link_lose(publisher);
		return ITN_UNAVAILABLE;
	}
	redisReply *reply = redisCommand(publisher->link, "SCRIPT LOAD %s", script);
	if (reply && reply->type == REDIS_REPLY_STRING && reply->len == sizeof(publisher->sha) - 1) {
		memcpy(publisher->sha, reply->str, sizeof(publisher->sha));
		freeReplyObject(reply);
		return ITN_OK;
	}
	error_set(error, ITN_UNAVAILABLE, "%s",
		  reply && reply->type == REDIS_REPLY_ERROR ? reply->str : bus_link_why(publisher->link));
	freeReplyObject(reply);
	link_lose(publisher);
	return ITN_UNAVAILABLE;
}

static void args_reserve(struct bus_publisher *publisher, size_t count)
{
	if (count <= publisher->room)
		return;
	publisher->args = reallocarray(publisher->args, count, sizeof(*publisher->args));
	publisher->lens = reallocarray(publisher->lens, count, sizeof(*publisher->lens));
	if (!publisher->args || !publisher->lens)
		abort();
	publisher->room = count;
}

static void args_set(struct bus_publisher *publisher, size_t index, struct str value)
{
	publisher->args[index] = value.ptr;
	publisher->lens[index] = value.len;
}

static redisReply *send_args(struct bus_publisher *publisher, size_t count)
{
	return redisCommandArgv(publisher->link, (int)count, publisher->args, publisher->lens);
}

/** Sends the script by its hash, and whole where the server has forgotten it. */
static redisReply *run_script(struct bus_publisher *publisher, const char *verb, struct str log, int64_t seq,
			      const struct str *frames, size_t count)
{
	char seq_text[24];
	snprintf(seq_text, sizeof(seq_text), "%lld", (long long)seq);
	const char *head[ARGS_BEFORE_FRAMES] = { "EVALSHA", publisher->sha, "3", publisher->redis.stream,
						 publisher->redis.log, publisher->redis.feed, verb, NULL, seq_text,
						 publisher->keep };
	args_reserve(publisher, ARGS_BEFORE_FRAMES + count);
	for (size_t i = 0; i < ARGS_BEFORE_FRAMES; i++)
		args_set(publisher, i, head[i] ? str_from(head[i]) : log);
	for (size_t i = 0; i < count; i++)
		args_set(publisher, ARGS_BEFORE_FRAMES + i, frames[i]);
	redisReply *reply = send_args(publisher, ARGS_BEFORE_FRAMES + count);
	if (!reply || reply->type != REDIS_REPLY_ERROR || strncmp(reply->str, "NOSCRIPT", 8) != 0)
		return reply;
	freeReplyObject(reply);
	args_set(publisher, 0, STR("EVAL"));
	args_set(publisher, 1, str_from(script));
	return send_args(publisher, ARGS_BEFORE_FRAMES + count);
}

static enum itn_status verdict(const redisReply *reply, int64_t *ret_last, struct error *error)
{
	if (reply->type == REDIS_REPLY_ERROR)
		return refused(reply, error);
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_INTEGER)
		return error_set(error, ITN_UNKNOWN, "an answer that the script does not give");
	if (strcmp(reply->element[0]->str, "missing") == 0)
		return error_set(error, ITN_NOT_FOUND, "Redis has no stream of this log");
	if (ret_last)
		*ret_last = reply->element[1]->integer;
	if (strcmp(reply->element[0]->str, "conflict") == 0)
		return error_set(error, ITN_CONFLICT, "the stream ends at %lld", reply->element[1]->integer);
	return ITN_OK;
}

static enum itn_status ask(struct bus_publisher *publisher, const char *verb, struct str log, int64_t seq,
			   const struct str *frames, size_t count, int64_t *ret_last, struct error *error)
{
	enum itn_status status = link_ready(publisher, error);
	if (status != ITN_OK)
		return status;
	redisReply *reply = run_script(publisher, verb, log, seq, frames, count);
	if (!reply) {
		error_set(error, ITN_UNKNOWN, "%s", bus_link_why(publisher->link));
		link_lose(publisher);
		return ITN_UNKNOWN;
	}
	status = verdict(reply, ret_last, error);
	freeReplyObject(reply);
	return status;
}

static size_t piece_of(const struct str *frames, size_t count)
{
	size_t taken = 0;
	size_t bytes = 0;
	while (taken < count && (taken == 0 || bytes + frames[taken].len <= BUS_PIECE_BYTES))
		bytes += frames[taken++].len;
	return taken;
}

static enum itn_status append(struct bus_publisher *publisher, const char *verb, struct str log, int64_t first_seq,
			      const struct str *frames, size_t count, int64_t *ret_last, struct error *error)
{
	enum itn_status status = ITN_OK;
	for (size_t done = 0; done < count && status == ITN_OK;) {
		size_t piece = piece_of(frames + done, count - done);
		status = ask(publisher, verb, log, first_seq + (int64_t)done, frames + done, piece, ret_last, error);
		done += piece;
	}
	return status;
}

enum itn_status bus_publish(struct bus_publisher *publisher, struct str log, int64_t first_seq,
			    const struct str *frames, size_t count, int64_t *ret_last, struct error *error)
{
	return append(publisher, "publish", log, first_seq, frames, count, ret_last, error);
}

enum itn_status bus_publish_seed(struct bus_publisher *publisher, struct str log, int64_t first_seq,
				 const struct str *frames, size_t count, int64_t *ret_last, struct error *error)
{
	return append(publisher, "seed", log, first_seq, frames, count, ret_last, error);
}

enum itn_status bus_publish_drop(struct bus_publisher *publisher, struct str log, int64_t last, struct error *error)
{
	enum itn_status status = ask(publisher, "drop", log, last, NULL, 0, NULL, error);
	return status == ITN_NOT_FOUND ? ITN_CONFLICT : status;
}

enum itn_status bus_publish_position(struct bus_publisher *publisher, struct str log, int64_t *ret_last,
				     struct error *error)
{
	enum itn_status status = ask(publisher, "position", log, 0, NULL, 0, ret_last, error);
	return status == ITN_UNKNOWN ? ITN_UNAVAILABLE : status;
}

enum itn_status bus_publish_reset(struct bus_publisher *publisher, struct str log, int64_t last, struct error *error)
{
	enum itn_status status = ask(publisher, "reset", log, last, NULL, 0, NULL, error);
	return status == ITN_NOT_FOUND ? ITN_CONFLICT : status;
}
