#include "core/mailbox.h"

#include "core/utf8.h"

#define LOCAL_MAX 64

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool consists_of(struct str s, const char *others)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_alphanumeric(s.ptr[i]) && (unsigned char)s.ptr[i] < 0x80 &&
		    (!s.ptr[i] || !strchr(others, s.ptr[i])))
			return false;
	return s.len > 0;
}

static bool is_literal(struct str domain)
{
	struct str inner = { domain.ptr + 1, domain.len - 2 };

	return domain.len > 2 && domain.ptr[0] == '[' && domain.ptr[domain.len - 1] == ']' && consists_of(inner, ".:");
}

struct str mailbox_domain(struct str address)
{
	const char *at = memchr(address.ptr, '@', address.len);

	return (struct str){ at + 1, address.len - (size_t)(at + 1 - address.ptr) };
}

bool mailbox_valid(struct str address)
{
	const char *at = address.len ? memchr(address.ptr, '@', address.len) : NULL;
	struct str local, domain;

	if (!at || address.len > MAILBOX_MAX || !utf8_valid(address, NULL) || utf8_has_control(address) ||
	    utf8_has_space(address))
		return false;
	local = (struct str){ address.ptr, (size_t)(at - address.ptr) };
	domain = mailbox_domain(address);
	return local.len <= LOCAL_MAX && consists_of(local, "!#$%&'*+-/=?^_`{|}~.") &&
	       (consists_of(domain, "-.") || is_literal(domain));
}
