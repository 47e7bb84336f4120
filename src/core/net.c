#include "core/net.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clock.h"

#define UNIX_PREFIX "unix:"

static enum itn_status parse_unix(const char *path, struct net_address *ret, struct error *error)
{
	size_t len = strlen(path);

	if (!len)
		return error_set(error, ITN_INVALID, "the path of the unix socket is missing");
	if (len >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return error_set(error, ITN_INVALID, "the path of a unix socket has at most %zu bytes, this one %zu",
				 sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1, len);
	*ret = (struct net_address){ .is_unix = true };
	memcpy(ret->host, path, len);
	return ITN_OK;
}

static bool parse_port(const char *text, uint16_t *ret)
{
	unsigned value = 0;
	size_t len = strlen(text);

	if (len < 1 || len > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
	}
	if (value > UINT16_MAX)
		return false;
	*ret = (uint16_t)value;
	return true;
}

enum itn_status net_address_parse(const char *text, struct net_address *ret, struct error *error)
{
	const char *colon = strrchr(text, ':');
	const char *host = text;
	size_t len;
	uint16_t port;

	if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return parse_unix(text + strlen(UNIX_PREFIX), ret, error);
	if (!colon || !parse_port(colon + 1, &port))
		return error_set(error, ITN_INVALID, "must be HOST:PORT or unix:PATH");
	len = (size_t)(colon - text);
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	} else if (memchr(host, ':', len)) {
		return error_set(error, ITN_INVALID, "an IPv6 address stands in brackets: [ADDRESS]:PORT");
	}
	if (!len || len >= sizeof(ret->host))
		return error_set(error, ITN_INVALID, "the host is missing or too long");
	*ret = (struct net_address){ .port = port };
	memcpy(ret->host, host, len);
	return ITN_OK;
}

static struct sockaddr_un unix_name(const struct net_address *address)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	memcpy(name.sun_path, address->host, strnlen(address->host, sizeof(name.sun_path) - 1));
	return name;
}

static int unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static bool somebody_answers(const struct sockaddr_un *name)
{
	int fd = unix_socket();
	bool answers;

	if (fd < 0)
		return true;
	answers = connect(fd, (const struct sockaddr *)name, sizeof(*name)) == 0 || errno == EAGAIN;
	close(fd);
	return answers;
}

static enum itn_status clear_stale(const struct sockaddr_un *name, struct error *error)
{
	struct stat status;

	if (lstat(name->sun_path, &status) != 0)
		return ITN_OK;
	if (!S_ISSOCK(status.st_mode))
		return error_set(error, ITN_FAILED, "%s is there already and is no socket", name->sun_path);
	if (somebody_answers(name))
		return error_set(error, ITN_FAILED, "another process listens on %s already", name->sun_path);
	if (unlink(name->sun_path) != 0 && errno != ENOENT)
		return error_set(error, ITN_FAILED, "can't remove the old socket %s: %s", name->sun_path,
				 strerror(errno));
	return ITN_OK;
}

static enum itn_status listen_unix(const struct net_address *address, int backlog, unsigned mode, int *ret_fd,
				   struct error *error)
{
	struct sockaddr_un name = unix_name(address);
	enum itn_status status = clear_stale(&name, error);
	int fd;

	if (status != ITN_OK)
		return status;
	fd = unix_socket();
	if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0 && chmod(name.sun_path, mode) == 0 &&
	    listen(fd, backlog) == 0) {
		*ret_fd = fd;
		return ITN_OK;
	}
	error_set(error, ITN_FAILED, "can't listen on %s: %s", name.sun_path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ITN_FAILED;
}

static enum itn_status resolve(const struct net_address *address, int flags, struct addrinfo **ret, struct error *error)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV };
	char port[8];
	int code;

	snprintf(port, sizeof(port), "%u", (unsigned)address->port);
	code = getaddrinfo(address->host, port, &hints, ret);
	if (code)
		return error_set(error, ITN_UNAVAILABLE, "can't look up %s: %s", address->host, gai_strerror(code));
	return ITN_OK;
}

static int tcp_socket(const struct addrinfo *info)
{
	return socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, info->ai_protocol);
}

static bool listen_on(const struct addrinfo *info, int backlog, int *ret_fd)
{
	int fd = tcp_socket(info);
	int reason;

	if (fd < 0)
		return false;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) == 0 &&
	    bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, backlog) == 0) {
		*ret_fd = fd;
		return true;
	}
	reason = errno;
	close(fd);
	errno = reason;
	return false;
}

static enum itn_status listen_tcp(const struct net_address *address, int backlog, int *ret_fd, struct error *error)
{
	struct addrinfo *list;
	enum itn_status status = resolve(address, AI_PASSIVE, &list, error);
	bool listening = false;

	if (status != ITN_OK)
		return status;
	for (struct addrinfo *info = list; info && !listening; info = info->ai_next)
		listening = listen_on(info, backlog, ret_fd);
	if (!listening)
		error_set(error, ITN_FAILED, "can't listen on %s:%u: %s", address->host, (unsigned)address->port,
			  strerror(errno));
	freeaddrinfo(list);
	return listening ? ITN_OK : ITN_FAILED;
}

enum itn_status net_listen(const struct net_address *address, int backlog, unsigned mode, int *ret_fd,
			   struct error *error)
{
	if (address->is_unix)
		return listen_unix(address, backlog, mode, ret_fd, error);
	return listen_tcp(address, backlog, ret_fd, error);
}

static bool wait_connected(int fd, int64_t deadline_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int reason = 0;
	int ready;

	do {
		int64_t left = deadline_ms - clock_monotonic_ms();

		ready = poll(&poll_fd, 1, left > 0 ? (int)left : 0);
	} while (ready < 0 && errno == EINTR);
	if (ready == 0)
		reason = ETIMEDOUT;
	else if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size) != 0)
		reason = errno;
	errno = reason;
	return reason == 0;
}

static bool connect_within(int fd, const struct sockaddr *name, socklen_t size, int64_t deadline_ms)
{
	if (connect(fd, name, size) != 0 && (errno != EINPROGRESS || !wait_connected(fd, deadline_ms)))
		return false;
	return fcntl(fd, F_SETFL, 0) == 0;
}

/* Takes over the socket: hands it out connected, or closes it and keeps errno. */
static bool connected(int fd, const struct sockaddr *name, socklen_t size, int64_t deadline_ms, int *ret_fd)
{
	int reason;

	if (fd < 0)
		return false;
	if (connect_within(fd, name, size, deadline_ms)) {
		*ret_fd = fd;
		return true;
	}
	reason = errno;
	close(fd);
	errno = reason;
	return false;
}

static enum itn_status connect_unix(const struct net_address *address, int64_t deadline_ms, int *ret_fd,
				    struct error *error)
{
	struct sockaddr_un name = unix_name(address);

	if (connected(unix_socket(), (struct sockaddr *)&name, sizeof(name), deadline_ms, ret_fd))
		return ITN_OK;
	return error_set(error, ITN_UNAVAILABLE, "can't connect to %s: %s", name.sun_path, strerror(errno));
}

static enum itn_status connect_tcp(const struct net_address *address, int64_t deadline_ms, int *ret_fd,
				   struct error *error)
{
	struct addrinfo *list;
	enum itn_status status = resolve(address, 0, &list, error);
	bool done = false;

	if (status != ITN_OK)
		return status;
	for (struct addrinfo *info = list; info && !done; info = info->ai_next)
		done = connected(tcp_socket(info), info->ai_addr, info->ai_addrlen, deadline_ms, ret_fd);
	if (!done)
		error_set(error, ITN_UNAVAILABLE, "can't connect to %s:%u: %s", address->host, (unsigned)address->port,
			  strerror(errno));
	freeaddrinfo(list);
	return done ? ITN_OK : ITN_UNAVAILABLE;
}

enum itn_status net_connect(const struct net_address *address, int timeout_ms, int *ret_fd, struct error *error)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;

	if (address->is_unix)
		return connect_unix(address, deadline_ms, ret_fd, error);
	return connect_tcp(address, deadline_ms, ret_fd, error);
}
