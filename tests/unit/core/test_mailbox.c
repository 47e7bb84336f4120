#include "../unit.h"

#include "core/mailbox.h"
#include "core/status.h"

static void addresses_stand_as_they_are_or_are_refused(void **state unused_arg)
{
	static const struct {
		const char *address;
		bool valid;
	} cases[] = {
		{ "ada@example.org", true },
		{ "a@b", true },
		{ "ada.l+x!#$%&'*/=?^_`{|}~-@ex-ample.org", true },
		{ "ada@[127.0.0.1]", true },
		{ "ada@[IPv6:::1]", true },
		{ "\xc3\xa4\x64\x61@ex\xc3\xa4mple.org", true },
		{ "-ada@example.org", true },
		{ "", false },
		{ "ada", false },
		{ "@example.org", false },
		{ "ada@", false },
		{ "ada@b@c", false },
		{ "\"a da\"@example.org", false },
		{ "\"a,b\"@example.org", false },
		{ "a,b@example.org", false },
		{ "<a@example.org>", false },
		{ "a>b@example.org", false },
		{ "a;b@example.org", false },
		{ "a:b@example.org", false },
		{ "a(b)@example.org", false },
		{ "a\\b@example.org", false },
		{ "a b@example.org", false },
		{ "a\tb@example.org", false },
		{ "a\r\nBcc: x@example.org", false },
		{ "a@example.org\r\nBcc:x", false },
		{ "a@example.org\n", false },
		{ "a\x7f@example.org", false },
		{ "a\xc2\xa0@example.org", false },
		{ "a\xe2\x80\xa8@example.org", false },
		{ "a\xff@example.org", false },
		{ "ada@exam_ple.org", false },
		{ "ada@example.org>", false },
		{ "ada@[]", false },
		{ "ada@[", false },
		{ "ada@[1.2.3.4", false },
		{ "ada@[1.2.3.4]x", false },
		{ "0123456789012345678901234567890123456789012345678901234567890123@x", true },
		{ "01234567890123456789012345678901234567890123456789012345678901234@x", false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_bool(cases[i].address, mailbox_valid(str_from(cases[i].address)), cases[i].valid);
	check_bool("a NUL in it", mailbox_valid(STR("a\0b@example.org")), false);
	check_bool("a NUL behind", mailbox_valid(STR("a@example.org\0")), false);
}

static void it_has_254_bytes_at_most(void **state unused_arg)
{
	char address[256];
	memset(address, 'a', sizeof(address));
	address[10] = '@';
	check_bool("254", mailbox_valid((struct str){ address, 254 }), true);
	check_bool("255", mailbox_valid((struct str){ address, 255 }), false);
}

static void the_domain_is_behind_the_at_sign(void **state unused_arg)
{
	check_str("domain", mailbox_domain(STR("ada@example.org")), STR("example.org"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_stand_as_they_are_or_are_refused),
		cmocka_unit_test(it_has_254_bytes_at_most),
		cmocka_unit_test(the_domain_is_behind_the_at_sign),
	};
	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
