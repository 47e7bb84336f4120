#include "admin/http_probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/net.h"

#define CONNECT_MS   2000
#define READ_SECONDS 5
#define ANSWER_MAX   16384
#define SCHEME       "http://"

struct target {
	struct net_address address;
	char host[300]; /* as the URL writes it */
	const char *prefix;
	int prefix_len;
};

static enum itn_status target_parse(const char *url, struct target *ret, struct error *error)
{
	const char *host = strncmp(url, SCHEME, strlen(SCHEME)) == 0 ? url + strlen(SCHEME) : "";
	size_t len = strcspn(host, "/");
	char address[sizeof(ret->host) + 8];
	const char *colon;

	if (len == 0 || len >= sizeof(ret->host))
		return error_set(error, ITN_INVALID, "%s is no http:// URL of a host", url);
	snprintf(ret->host, sizeof(ret->host), "%.*s", (int)len, host);
	colon = strrchr(ret->host, ':');
	snprintf(address, sizeof(address), "%s%s", ret->host, colon && !strchr(colon, ']') ? "" : ":80");
	ret->prefix = host + len;
	ret->prefix_len = (int)strlen(ret->prefix);
	while (ret->prefix_len && ret->prefix[ret->prefix_len - 1] == '/')
		ret->prefix_len--;
	return net_address_parse(address, &ret->address, error);
}

static bool send_all(int fd, struct str text)
{
	while (text.len) {
		ssize_t sent = send(fd, text.ptr, text.len, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		text.ptr += sent;
		text.len -= (size_t)sent;
	}
	return true;
}

static const char *head_end(const struct http_answer *answer)
{
	return answer->text.len ? strstr(answer->text.ptr, "\r\n\r\n") : NULL;
}

/* Reads to the end; of an answer that keeps the connection, its head. */
static bool receive(int fd, struct http_answer *answer)
{
	const char *end;

	while (answer->text.len < ANSWER_MAX && !(answer->status == 101 && head_end(answer))) {
		char *room = buf_reserve(&answer->text, 4096);
		ssize_t got = recv(fd, room, 4095, 0);

		if (got < 0)
			return false;
		room[got] = '\0';
		if (got == 0)
			break;
		answer->text.len += (size_t)got;
		if (sscanf(answer->text.ptr, "HTTP/%*d.%*d %d", &answer->status) != 1)
			answer->status = 0;
	}
	end = head_end(answer);
	if (end)
		answer->body = (struct str){ end + 4, answer->text.len - (size_t)(end + 4 - answer->text.ptr) };
	return end && answer->status;
}

enum itn_status http_probe(const char *url, const char *path, const char *fields, struct http_answer *ret,
			   struct error *error)
{
	struct target target;
	struct buf request = { 0 };
	struct timeval limit = { .tv_sec = READ_SECONDS };
	enum itn_status status = target_parse(url, &target, error);
	int fd;

	if (status == ITN_OK)
		status = net_connect(&target.address, CONNECT_MS, &fd, error);
	if (status != ITN_OK)
		return status;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	buf_printf(&request, "GET %.*s%s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target.prefix_len, target.prefix, path,
		   target.host, fields);
	errno = 0;
	if (!send_all(fd, buf_str(&request)) || !receive(fd, ret))
		status = error_set(error, ITN_UNAVAILABLE, "%s",
				   errno == EAGAIN ? "no answer in time"
				   : errno         ? strerror(errno)
						   : "no answer in HTTP");
	buf_free(&request);
	close(fd);
	return status;
}
