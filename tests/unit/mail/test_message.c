#include "../unit.h"

#include "core/status.h"
#include "mail/message.h"

static struct buf out;

static const char *write_message(struct str subject, struct str body)
{
	struct mail_message message = {
		.from = STR("itn@example.org"),
		.to = STR("ada@example.com"),
		.subject = subject,
		.body = body,
		.id = STR("6b044a03bb6b76ae6ddd39bf.1-1.0123456789abcdef"),
		.date = INT64_C(1764000000123),
	};
	buf_reset(&out, SIZE_MAX);
	mail_message_write(&out, &message);
	buf_add_char(&out, '\0');
	return out.ptr;
}

static void a_message_has_all_its_headers(void **state unused_arg)
{
	check_text("plain", write_message(STR("Shipment SH-1 was delivered"), STR("One.\n\nTwo.\n")),
		   "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\n"
		   "From: itn@example.org\r\nTo: ada@example.com\r\nSubject: Shipment SH-1 was delivered\r\n"
		   "Message-ID: <6b044a03bb6b76ae6ddd39bf.1-1.0123456789abcdef@example.org>\r\n"
		   "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		   "Content-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n"
		   "\r\nOne.\r\n\r\nTwo.\r\n");
}

static void subjects_are_encoded_where_they_must(void **state unused_arg)
{
	static const struct {
		const char *subject, *header;
	} cases[] = {
		{ "plain", "Subject: plain\r\nMess" },
		{ "2 = 1 + 1?", "Subject: 2 = 1 + 1?\r\nMess" },
		{ "Grüße", "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\nMess" },
		{ "=?utf-8?B?eA==?=", "Subject: =?utf-8?B?PT91dGYtOD9CP2VBPT0/PQ==?=\r\nMess" },
		{ "a\r\nBcc: x@y", "Subject: =?utf-8?B?YQ0KQmNjOiB4QHk=?=\r\nMess" },
		{ "a\nb", "Subject: =?utf-8?B?YQpi?=\r\nMess" },
		{ "a\rb", "Subject: =?utf-8?B?YQ1i?=\r\nMess" },
		{ " outer", "Subject: =?utf-8?B?IG91dGVy?=\r\nMess" },
		{ "0123456789012345678901234567890123456789012345678901234567890123456",
		  "Subject: =?utf-8?B?MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4?=\r\n"
		  " =?utf-8?B?OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Ng==?=\r\nMess" },
		{ "ääääääääääääääääääääää",
		  "Subject: =?utf-8?B?w6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6Q=?=\r\n"
		  " =?utf-8?B?w6TDpMOk?=\r\nMess" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_has(cases[i].subject, write_message(str_from(cases[i].subject), STR("")), cases[i].header);
}

static void bodies_are_quoted_where_they_must(void **state unused_arg)
{
	static const struct {
		const char *body, *quoted;
	} cases[] = {
		{ "", "\r\n\r\n" },
		{ "\n", "\r\n\r\n\r\n" },
		{ "no end", "\r\n\r\nno end\r\n" },
		{ "1 = 1\n", "\r\n\r\n1 =3D 1\r\n" },
		{ "ü\n", "\r\n\r\n=C3=BC\r\n" },
		{ "space \n", "\r\n\r\nspace=20\r\n" },
		{ "tab\t\n", "\r\n\r\ntab=09\r\n" },
		{ ".\n..\n", "\r\n\r\n=2E\r\n=2E.\r\n" },
		{ "From here\n", "\r\n\r\n=46rom here\r\n" },
		{ "a\rb\n", "\r\n\r\na=0Db\r\n" },
		/* 75 and a soft break, 76 at the end of a line */
		{ "0123456789012345678901234567890123456789012345678901234567890123456789012345\n",
		  "\r\n\r\n0123456789012345678901234567890123456789012345678901234567890123456789012345\r\n" },
		{ "01234567890123456789012345678901234567890123456789012345678901234567890123456\n",
		  "\r\n\r\n012345678901234567890123456789012345678901234567890123456789012345678901234=\r\n56\r\n" },
		{ "012345678901234567890123456789012345678901234567890123456789012345678901234.6\n",
		  "\r\n\r\n012345678901234567890123456789012345678901234567890123456789012345678901234=\r\n=2E6\r\n" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *text = write_message(STR("s"), str_from(cases[i].body));
		check_text(cases[i].body, strstr(text, "\r\n\r\n"), cases[i].quoted);
	}
}

/* Whatever is put in: no line is too long or ends otherwise, no header comes in, all is ASCII. */
static void nothing_breaks_the_form(void **state unused_arg)
{
	char text[600];
	uint32_t random = 1;
	for (int round = 0; round < 3000; round++) {
		size_t len = random % sizeof(text);
		for (size_t i = 0; i < len; i++) {
			random = random * 1664525 + 1013904223;
			text[i] = round % 3 ? "\r\n :.=?aF\xc3\xbc \t"[random >> 28 & 15 ? (random >> 24) % 13 : 0]
					    : (char)(random >> 24);
		}
		random = random * 1664525 + 1013904223;
		struct str s = { text, len };
		const char *written = write_message(s, s);
		size_t headers = 0, column = 0, total = out.len - 1;
		const char *end = strstr(written, "\r\n\r\n");
		for (size_t i = 0; i < total; i++) {
			char c = written[i];
			assert_true((c >= ' ' && c <= '~') || c == '\t' || c == '\r' || c == '\n');
			if (c == '\r' || c == '\n') {
				assert_true(c == '\r' ? written[i + 1] == '\n' : written[i - 1] == '\r');
				column = 0;
				continue;
			}
			if (column == 0 && written + i < end && c != ' ')
				headers++;
			if (column == 0 && written + i > end)
				assert_true(c != '.');
			assert_true(++column <= 78);
		}
		check_int("headers", (long long)headers, 9);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_has_all_its_headers),
		cmocka_unit_test(subjects_are_encoded_where_they_must),
		cmocka_unit_test(bodies_are_quoted_where_they_must),
		cmocka_unit_test(nothing_breaks_the_form),
	};
	int failed = cmocka_run_group_tests_name("mail message", tests, NULL, NULL);
	buf_free(&out);
	return failed;
}
