#include "world.h"

static bool keep(struct http_sink *sink, struct str head, struct str body, bool last)
{
	struct world *world = (struct world *)((char *)sink - offsetof(struct world, sink));
	(void)last;
	if (world->sends++ >= world->room)
		return false;
	buf_add_str(&world->sent, head);
	buf_add_str(&world->sent, body);
	return true;
}

static bool may_stream(struct http_sink *sink)
{
	return !((struct world *)((char *)sink - offsetof(struct world, sink)))->full;
}

void world_new(struct world *world, const char *method, const char *uri)
{
	*world = (struct world){ .arena = arena_new(0), .sink = { keep, may_stream }, .room = 1000000 };
	world_set(world, "REQUEST_METHOD", method);
	world_set(world, "REQUEST_URI", uri);
}

void world_set(struct world *world, const char *name, const char *value)
{
	if (value)
		world->variables[world->count++] = (struct http_variable){ str_from(name), str_from(value) };
}

void world_begin(struct world *world, struct str body)
{
	http_request_init(&world->req, world->arena, world->variables, world->count, body);
	http_response_init(&world->res, &world->req, &world->sink);
}

bool world_finish(struct world *world)
{
	bool sent = http_response_finish(&world->res);
	buf_add_char(&world->sent, '\0');
	return sent;
}

void world_free(struct world *world)
{
	http_response_free(&world->res);
	buf_free(&world->sent);
	arena_free(world->arena);
}
