/* itn-api without FastCGI: its router and handlers, called by the client's fiber. */
#include "api/api.h"
#include <stdlib.h>
#include <string.h>

#include "api/waiter.h"
#include "core/clock.h"
#include "core/memory.h"
#include "http/request.h"
#include "http/response.h"
#include "sim.h"

#define WAITING_MAX 4

struct waiter {
	struct store *store;
	unsigned inside;
};

bool waiter_enter(struct waiter *waiter)
{
	if (waiter->inside == WAITING_MAX)
		return false;
	waiter->inside++;
	return true;
}

void waiter_leave(struct waiter *waiter)
{
	waiter->inside--;
}

bool waiter_wait(struct waiter *waiter, struct str event_id, int seconds)
{
	int64_t deadline = clock_monotonic_ms() + seconds * 1000;
	enum store_progress progress = PROGRESS_ACCEPTED;

	if (!waiter_enter(waiter))
		return false;
	while (progress != PROGRESS_DONE && clock_monotonic_ms() < deadline && process_is_alive(fiber_process())) {
		if (store_progress(waiter->store, &event_id, 1, &progress) != ITN_OK)
			progress = PROGRESS_ACCEPTED;
		if (progress != PROGRESS_DONE)
			clock_sleep_ms(2 + sim_pick(18));
	}
	waiter_leave(waiter);
	return progress == PROGRESS_DONE;
}

struct worker {
	struct api api;
	struct waiter waiter;
};

void worker_start(unsigned seat)
{
	struct process *process = process_new(PROCESS_WORKER, seat);
	struct worker *worker = arena_calloc(sim.arena, 1, sizeof(*worker));
	struct error error = { "" };

	if (store_open(&process->config, &process->store, &error) != ITN_OK)
		sim_fail("a worker can't open the store: %s", error.text);
	worker->waiter.store = process->store;
	worker->api = (struct api){ .config = &process->config, .store = process->store, .waiter = &worker->waiter };
	process->state = worker;
	sim.workers[seat] = process;
}

struct exchange {
	struct http_sink sink;
	struct buf head, body;
};

static bool gather(struct http_sink *sink, struct str head, struct str body, bool last unused_arg)
{
	struct exchange *exchange = (struct exchange *)sink;

	buf_add_str(&exchange->head, head);
	buf_add_str(&exchange->body, body);
	return true;
}

/* A header's value in the head, in the arena; absent when it is not there. */
static struct str header_of(struct arena *arena, struct str head, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = head.ptr, *end = head.ptr + head.len; at < end;) {
		const char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);

		line_end = line_end ? line_end : end;
		if ((size_t)(line_end - at) > len + 2 && !memcmp(at, name, len) && at[len] == ':')
			return arena_str(arena, (struct str){ at + len + 2, (size_t)(line_end - at) - len - 2 });
		at = line_end + 2;
	}
	return STR_NONE;
}

static size_t add_headers(struct arena *arena, const char *lines, struct http_variable *variables, size_t count)
{
	while (lines && *lines) {
		size_t len = strcspn(lines, "\n"), name_len = strcspn(lines, ":");
		char *name = arena_cstr(arena, arena_printf(arena, "HTTP_%.*s", (int)name_len, lines));

		for (char *c = name; *c; c++)
			*c = *c == '-' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
		variables[count++] = (struct http_variable){
			str_from(name),
			arena_str(arena, (struct str){ lines + name_len + 2, len - name_len - 2 }),
		};
		lines += len + (lines[len] == '\n');
	}
	return count;
}

static void read_answer(struct arena *arena, const struct exchange *exchange, struct answer *ret)
{
	struct str head = buf_str(&exchange->head);
	struct str status = header_of(arena, head, "Status"), seq = header_of(arena, head, "ITN-Seq");
	struct str link = header_of(arena, head, "Link");

	ret->status = status.len ? (int)strtol(status.ptr, NULL, 10) : 0;
	ret->seq = seq.len ? strtoll(seq.ptr, NULL, 10) : -1;
	ret->log = header_of(arena, head, "ITN-Log");
	ret->etag = header_of(arena, head, "ETag");
	ret->location = header_of(arena, head, "Location");
	ret->waited = str_is_set(header_of(arena, head, "Preference-Applied"));
	if (link.len)
		ret->link = arena_str(arena, (struct str){ link.ptr + 1, strcspn(link.ptr, ">") - 1 });
	ret->body = arena_str(arena, buf_str(&exchange->body));
}

static void exchange_run(struct process *process, struct arena *arena, const char *method, const char *uri,
			 const char *header, const char *body, struct answer *ret)
{
	struct worker *worker = process->state;
	struct router router = { api_routes, api_route_count, &worker->api, process->config.body_max, "" };
	struct exchange exchange = { .sink = { gather, NULL } };
	struct http_variable variables[16];
	size_t count = 0;
	struct http_request req;
	struct http_response res = { 0 };

	variables[count++] = (struct http_variable){ STR("REQUEST_METHOD"), str_from(method) };
	variables[count++] = (struct http_variable){ STR("REQUEST_URI"), str_from(uri) };
	if (body)
		variables[count++] = (struct http_variable){ STR("CONTENT_TYPE"), STR("application/json") };
	count = add_headers(arena, header, variables, count);
	http_request_init(&req, arena, variables, count, body ? str_from(body) : STR(""));
	http_response_init(&res, &req, &exchange.sink);
	router_answer(&router, &req, &res);
	if (http_response_finish(&res) && process_is_alive(process)) {
		ret->answered = true;
		read_answer(arena, &exchange, ret);
	}
	http_response_free(&res);
	buf_free(&exchange.head);
	buf_free(&exchange.body);
}

void worker_call(struct arena *arena, const char *method, const char *uri, const char *header, const char *body,
		 struct answer *ret)
{
	struct process *process = sim.workers[sim_pick((unsigned)sim.worker_seats)], *caller = fiber_process();

	*ret = (struct answer){ .seq = -1 };
	if (!process || !process_is_alive(process)) {
		fiber_yield();
		return;
	}
	ret->sent = true;
	fiber_move(process);
	fiber_yield();
	trace("%s %s %s", method, uri, body ? body : "");
	exchange_run(process, arena, method, uri, header, body, ret);
	if (ret->answered)
		trace("answers %d %.*s", ret->status, ret->body.len > 300 ? 300 : (int)ret->body.len, ret->body.ptr);
	else
		trace("does not answer");
	fiber_move(caller);
	fiber_yield();
}
