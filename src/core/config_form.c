#include "core/config_row.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/mailbox.h"
#include "core/net.h"

#define NETWORK_MAX  32
#define INSTANCE_MAX 63

static bool refuse(struct error *error, const char *must)
{
	error_set(error, ITN_INVALID, "%s", must);
	return false;
}

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool check_network(const char *text, struct error *error)
{
	size_t len = strlen(text);

	if (len > NETWORK_MAX || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") != len)
		return refuse(error, "must be 1 to 32 of a-z, 0-9, '-' and '_'");
	return true;
}

bool check_store(const char *text, struct error *error)
{
	if (begins(text, "sqlite:") && text[strlen("sqlite:")])
		return true;
	if (begins(text, "mongodb://") || begins(text, "mongodb+srv://"))
		return true;
	return refuse(error, "must be sqlite:PATH or a mongodb:// URI");
}

bool check_address(const char *text, struct error *error)
{
	struct net_address address;

	return net_address_parse(text, &address, error) == ITN_OK;
}

bool check_listen(const char *text, struct error *error)
{
	struct net_address address;

	if (strcmp(text, "inherited") == 0 || net_address_parse(text, &address, NULL) == ITN_OK)
		return true;
	return refuse(error, "must be unix:PATH, HOST:PORT or 'inherited'");
}

static bool is_ip_address(const char *text, size_t len)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr binary;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	return inet_pton(AF_INET, address, &binary) == 1 || inet_pton(AF_INET6, address, &binary) == 1;
}

bool check_peers(const char *text, struct error *error)
{
	for (;;) {
		size_t len = strcspn(text, ",");

		if (!is_ip_address(text, len))
			return refuse(error, "must be IP addresses separated by commas");
		if (!text[len])
			return true;
		text += len + 1;
	}
}

bool check_mailbox(const char *text, struct error *error)
{
	if (mailbox_valid(str_from(text)))
		return true;
	return refuse(error, "must be an e-mail address without quotes");
}

bool check_mailboxes(const char *text, struct error *error)
{
	bool valid = true;

	if (strcmp(text, "none") == 0)
		return true;
	for (size_t len; valid; text += len + 1) {
		len = strcspn(text, ",");
		valid = mailbox_valid((struct str){ text, len });
		if (valid && !text[len])
			return true;
	}
	return refuse(error, "must be e-mail addresses separated by commas, or none");
}

bool check_smtp(const char *text, struct error *error)
{
	const char *host = text + strcspn(text, ":") + strlen("://");

	if (strcmp(text, "none") == 0)
		return true;
	if ((begins(text, "smtp://") || begins(text, "smtps://")) && strcspn(host, "/:") && !strpbrk(text, " \t\r\n@?#"))
		return true;
	return refuse(error, "must be smtp://HOST[:PORT], smtps://HOST[:PORT] or none; user and password have settings of their own");
}

bool check_url(const char *text, struct error *error)
{
	const char *host = text + strlen("http://");

	if (!begins(text, "http://") || strcspn(host, "/") == 0 || strpbrk(text, " \t\r\n"))
		return refuse(error, "must be an http:// URL");
	return true;
}

bool check_instance(const char *text, struct error *error)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t len = strlen(text), head = strspn(text, letters);

	while (head && text[head] && strchr("@:._-", text[head]))
		head += 1 + strspn(text + head + 1, letters);
	if (len == 0 || len > INSTANCE_MAX || head != len)
		return refuse(error, "must be 1 to 63 of A-Z, a-z, 0-9, '@', ':', '.', '_' and '-', a letter or digit first");
	return true;
}
