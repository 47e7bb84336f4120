#include "bus/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

static struct timeval timeval_ms(unsigned ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };
}

const char *bus_link_why(const redisContext *link)
{
	if (link->err == REDIS_ERR_IO && errno == EAGAIN)
		return "no answer in time";
	return link->err ? link->errstr : "no answer";
}

redisContext *bus_link_open(const struct bus_redis *redis, struct error *error)
{
	const struct net_address *to = &redis->address;
	struct timeval limit = timeval_ms(BUS_CONNECT_MS);
	redisContext *link = to->is_unix ? redisConnectUnixWithTimeout(to->host, limit)
					 : redisConnectWithTimeout(to->host, to->port, limit);
	if (!link) {
		error_set(error, ITN_UNAVAILABLE, "no memory for a connection");
		return NULL;
	}
	if (link->err || redisSetTimeout(link, timeval_ms(BUS_COMMAND_MS)) != REDIS_OK) {
		error_set(error, ITN_UNAVAILABLE, "can't connect: %s", link->errstr);
		redisFree(link);
		return NULL;
	}
	fcntl(link->fd, F_SETFD, FD_CLOEXEC);
	return link;
}

bool bus_link_stale(const redisContext *link)
{
	struct pollfd pollfd = { .fd = link->fd, .events = POLLIN | POLLRDHUP };
	return link->err || poll(&pollfd, 1, 0) != 0;
}
