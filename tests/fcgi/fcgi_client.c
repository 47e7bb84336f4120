#include "fcgi_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct client connect_to(int family, const void *address, socklen_t len)
{
	struct client client = { .fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	if (client.fd < 0 || connect(client.fd, address, len) < 0) {
		perror("connect");
		abort();
	}
	return client;
}

struct client client_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return connect_to(AF_UNIX, &address, sizeof(address));
}

struct client client_connect_tcp(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect_to(AF_INET, &address, sizeof(address));
}

void client_close(struct client *client)
{
	close(client->fd);
	buf_free(&client->in);
}

void put_record(struct buf *out, unsigned type, uint16_t id, struct str content, unsigned padding)
{
	static const char zeros[255];
	unsigned char header[8] = { 1, (unsigned char)type, (unsigned char)(id >> 8), (unsigned char)id,
				    (unsigned char)(content.len >> 8), (unsigned char)content.len,
				    (unsigned char)padding, 0 };
	buf_add(out, header, sizeof(header));
	buf_add_str(out, content);
	buf_add(out, zeros, padding);
}

void put_begin(struct buf *out, uint16_t id, unsigned role, bool keep)
{
	char body[8] = { (char)(role >> 8), (char)role, keep ? 1 : 0 };
	put_record(out, BEGIN, id, (struct str){ body, sizeof(body) }, 0);
}

static void put_length(struct buf *out, size_t len)
{
	if (len >= 128) {
		buf_add_char(out, (char)(0x80 | (len >> 24)));
		buf_add_char(out, (char)(len >> 16));
		buf_add_char(out, (char)(len >> 8));
	}
	buf_add_char(out, (char)len);
}

void put_param(struct buf *params, struct str name, struct str value)
{
	put_length(params, name.len);
	put_length(params, value.len);
	buf_add_str(params, name);
	buf_add_str(params, value);
}

static void put_stream(struct buf *out, unsigned type, uint16_t id, struct str content)
{
	while (content.len > 0) {
		size_t part = content.len < 65535 ? content.len : 65535;
		put_record(out, type, id, (struct str){ content.ptr, part }, 0);
		content = (struct str){ content.ptr + part, content.len - part };
	}
	put_record(out, type, id, STR(""), 0);
}

void put_request(struct buf *out, uint16_t id, bool keep, const char *method, const char *uri, struct str body)
{
	struct buf params = { 0 };
	char length[24];
	put_param(&params, STR("REQUEST_METHOD"), str_from(method));
	put_param(&params, STR("REQUEST_URI"), str_from(uri));
	if (body.len > 0) {
		(void)snprintf(length, sizeof(length), "%zu", body.len);
		put_param(&params, STR("CONTENT_LENGTH"), str_from(length));
		put_param(&params, STR("CONTENT_TYPE"), STR("application/json"));
	}
	put_begin(out, id, 1, keep);
	put_stream(out, PARAMS, id, buf_str(&params));
	put_stream(out, STDIN, id, body);
	buf_free(&params);
}

bool client_send(struct client *client, struct str bytes)
{
	while (bytes.len > 0) {
		ssize_t sent = send(client->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		bytes = (struct str){ bytes.ptr + sent, bytes.len - (size_t)sent };
	}
	return true;
}

bool client_request(struct client *client, uint16_t id, bool keep, const char *method, const char *uri, struct str body)
{
	struct buf out = { 0 };
	put_request(&out, id, keep, method, uri, body);
	bool sent = client_send(client, buf_str(&out));
	buf_free(&out);
	return sent;
}

bool client_readable(const struct client *client, int timeout_ms)
{
	struct pollfd fd = { .fd = client->fd, .events = POLLIN };
	return poll(&fd, 1, timeout_ms) > 0;
}

/** Reads some more; false at the end of the connection. */
static bool read_more(struct client *client)
{
	if (!client_readable(client, CLIENT_PATIENCE_MS)) {
		fprintf(stderr, "nothing came in %d ms\n", CLIENT_PATIENCE_MS);
		abort();
	}
	ssize_t len = recv(client->fd, buf_reserve(&client->in, 65536), 65536, 0);
	if (len <= 0)
		return false;
	client->in.len += (size_t)len;
	return true;
}

static void drop(struct buf *buf, size_t len)
{
	memmove(buf->ptr, buf->ptr + len, buf->len - len);
	buf->len -= len;
}

bool client_record(struct client *client, struct client_record *ret)
{
	while (client->in.len < 8)
		if (!read_more(client))
			return false;
	unsigned char header[8];
	memcpy(header, client->in.ptr, 8);
	size_t len = (size_t)header[4] << 8 | header[5];
	while (client->in.len < 8 + len + header[6])
		if (!read_more(client))
			return false;
	*ret = (struct client_record){ .type = header[1], .id = (uint16_t)(header[2] << 8 | header[3]) };
	buf_add(&ret->content, client->in.ptr + 8, len);
	drop(&client->in, 8 + len + header[6]);
	return true;
}

static void split_answer(struct client_answer *answer)
{
	buf_add_char(&answer->text, '\0');
	if (strncmp(answer->text.ptr, "Status: ", 8) == 0)
		answer->status = atoi(answer->text.ptr + 8);
	char *gap = strstr(answer->text.ptr, "\r\n\r\n");
	answer->body = gap ? gap + 4 : answer->text.ptr;
	answer->body_len = (size_t)(answer->text.ptr + answer->text.len - 1 - answer->body);
}

bool client_answer(struct client *client, struct client_answer *ret)
{
	*ret = (struct client_answer){ 0 };
	struct client_record record;
	while (client_record(client, &record)) {
		if (record.type == STDOUT) {
			ret->records += record.content.len > 0;
			buf_add_str(&ret->text, buf_str(&record.content));
		}
		bool end = record.type == END && record.content.len == 8;
		if (end) {
			ret->id = record.id;
			ret->protocol_status = (unsigned char)record.content.ptr[4];
		}
		buf_free(&record.content);
		if (!end)
			continue;
		split_answer(ret);
		return true;
	}
	split_answer(ret);
	return false;
}

void client_answer_free(struct client_answer *answer)
{
	buf_free(&answer->text);
}

bool client_closed(struct client *client)
{
	char trash[65536];
	while (client_readable(client, CLIENT_PATIENCE_MS))
		if (recv(client->fd, trash, sizeof(trash), 0) <= 0)
			return true;
	return false;
}
