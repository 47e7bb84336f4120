/* The least that nginx can talk FastCGI to: one epoll loop that walks over the records of requests and gives every one
 * the same answer. What itn-api does for GET /livez is measured against it.
 *
 *   raw_fcgi SOCKET
 */
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum { FCGI_END_REQUEST = 3, FCGI_STDIN = 5, FCGI_STDOUT = 6, HEADER = 8, EVENTS = 64, ROOM = 65536 + HEADER + 255 };

struct conn {
	int fd;
	size_t len;
	unsigned char bytes[2 * ROOM];
};

static const char page[] = "Status: 200\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\r\n"
			   "{\"status\":\"alive\"}\n";
static unsigned char answer[HEADER + sizeof(page) + 8 + HEADER + HEADER + 8];
static size_t answer_len;

static void add_record(unsigned char type, const void *content, size_t len)
{
	unsigned char *at = answer + answer_len;
	size_t padding = (8 - len % 8) % 8;

	memcpy(at, (unsigned char[]){ 1, type, 0, 1, (unsigned char)(len >> 8), (unsigned char)len,
				      (unsigned char)padding, 0 }, HEADER);
	if (len)
		memcpy(at + HEADER, content, len);
	answer_len += HEADER + len + padding;
}

/* Length of the first record, 0 while it is not whole. */
static size_t record_len(const unsigned char *at, size_t len)
{
	if (len < HEADER)
		return 0;
	size_t whole = HEADER + ((size_t)at[4] << 8 | at[5]) + at[6];
	return whole <= len ? whole : 0;
}

static int answer_all(struct conn *conn)
{
	size_t done = 0, record;

	while ((record = record_len(conn->bytes + done, conn->len - done)) > 0) {
		const unsigned char *at = conn->bytes + done;
		done += record;
		if (at[1] == FCGI_STDIN && !at[4] && !at[5] && write(conn->fd, answer, answer_len) != (ssize_t)answer_len)
			return -1;
	}
	conn->len -= done;
	memmove(conn->bytes, conn->bytes + done, conn->len);
	return 0;
}

static void conn_read(struct conn *conn)
{
	ssize_t n = read(conn->fd, conn->bytes + conn->len, sizeof(conn->bytes) - conn->len);

	if (n > 0) {
		conn->len += (size_t)n;
		if (answer_all(conn) == 0)
			return;
	}
	close(conn->fd);
	free(conn);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		errx(EX_USAGE, "the path is too long: %s", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1024))
		err(EX_OSERR, "%s", path);
	return fd;
}

static void watch(int epoll, int fd, void *what)
{
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN, .data.ptr = what }))
		err(EX_OSERR, "epoll_ctl");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(EX_USAGE, "usage: raw_fcgi SOCKET");
	signal(SIGPIPE, SIG_IGN); /* a peer that went away is no reason to end */
	add_record(FCGI_STDOUT, page, sizeof(page) - 1);
	add_record(FCGI_STDOUT, NULL, 0);
	add_record(FCGI_END_REQUEST, "\0\0\0\0\0\0\0", 8);
	int listener = listen_at(argv[1]), epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(epoll, listener, NULL);
	for (;;) {
		struct epoll_event events[EVENTS];
		int count = epoll_wait(epoll, events, EVENTS, -1);
		for (int n = 0; n < count; n++) {
			if (events[n].data.ptr) {
				conn_read(events[n].data.ptr);
				continue;
			}
			struct conn *conn = malloc(sizeof(*conn));
			if (!conn)
				err(EX_OSERR, "malloc");
			conn->len = 0;
			conn->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
			if (conn->fd < 0)
				free(conn);
			else
				watch(epoll, conn->fd, conn);
		}
	}
}
