#include "mail/message.h"

#include <stdio.h>
#include <time.h>

#include "core/mailbox.h"
#include "core/utf8.h"

#define LINE_MAX_QP   76
#define PLAIN_SUBJECT 66 /* behind "Subject: " in a line of 78, with room to spare */
/* Bytes of text in an encoded word: "=?utf-8?B?", four for each three, "?=", with "Subject: " at most 76. */
#define WORD_BYTES 39

static void add_date(struct buf *out, int64_t ms)
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)(ms / 1000);
	struct tm at;

	gmtime_r(&seconds, &at);
	buf_printf(out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n", days + 3 * at.tm_wday, at.tm_mday,
		   months + 3 * at.tm_mon, at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
}

static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < ' ' || s.ptr[i] > '~' || (s.ptr[i] == '=' && i + 1 < s.len && s.ptr[i + 1] == '?'))
			return false;
	return s.len <= PLAIN_SUBJECT && s.len > 0 && s.ptr[0] != ' ' && s.ptr[s.len - 1] != ' ';
}

static void add_base64(struct buf *out, struct str s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *bytes = (const unsigned char *)s.ptr;

	for (size_t i = 0; i < s.len; i += 3) {
		unsigned three = (unsigned)bytes[i] << 16;

		if (i + 1 < s.len)
			three |= (unsigned)bytes[i + 1] << 8;
		if (i + 2 < s.len)
			three |= bytes[i + 2];
		buf_add_char(out, digits[three >> 18]);
		buf_add_char(out, digits[three >> 12 & 63]);
		buf_add_char(out, i + 1 < s.len ? digits[three >> 6 & 63] : '=');
		buf_add_char(out, i + 2 < s.len ? digits[three & 63] : '=');
	}
}

/* Bytes of the text's beginning that are whole characters and fit into an encoded word; at least one. */
static size_t word_length(struct str s)
{
	size_t len = 0;
	uint32_t c;

	while (len < s.len) {
		size_t next = utf8_decode((struct str){ s.ptr + len, s.len - len }, &c);

		next = next ? next : 1;
		if (len + next > WORD_BYTES)
			break;
		len += next;
	}
	return len;
}

static void add_subject(struct buf *out, struct str subject)
{
	buf_add_cstr(out, "Subject: ");
	if (is_plain(subject)) {
		buf_add_str(out, subject);
	} else {
		for (size_t at = 0, len; at < subject.len; at += len) {
			struct str rest = { subject.ptr + at, subject.len - at };

			len = word_length(rest);
			buf_add_cstr(out, at ? "\r\n =?utf-8?B?" : "=?utf-8?B?");
			add_base64(out, (struct str){ rest.ptr, len });
			buf_add_cstr(out, "?=");
		}
	}
	buf_add_cstr(out, "\r\n");
}

/* A dot or "From " at the beginning of a line would mean something to some that pass the mail on. */
static bool is_literal(char c, bool first, bool last)
{
	if (c == ' ' || c == '\t')
		return !last;
	return c > ' ' && c <= '~' && c != '=' && !(first && (c == '.' || c == 'F'));
}

static void add_quoted_line(struct buf *out, struct str line)
{
	size_t column = 0;

	for (size_t i = 0; i < line.len; i++) {
		char c = line.ptr[i];
		bool literal = is_literal(c, column == 0, i + 1 == line.len);

		/* Room for a soft break behind it, unless it ends the line. */
		if (column + (literal ? 1 : 3) > LINE_MAX_QP - (i + 1 < line.len ? 1 : 0)) {
			buf_add_cstr(out, "=\r\n");
			column = 0;
			literal = is_literal(c, true, i + 1 == line.len);
		}
		if (literal)
			buf_add_char(out, c);
		else
			buf_printf(out, "=%02X", (unsigned char)c);
		column += literal ? 1 : 3;
	}
	buf_add_cstr(out, "\r\n");
}

static void add_body(struct buf *out, struct str body)
{
	while (body.len) {
		const char *end = memchr(body.ptr, '\n', body.len);
		size_t len = end ? (size_t)(end - body.ptr) : body.len;

		add_quoted_line(out, (struct str){ body.ptr, len });
		len += end != NULL;
		body = (struct str){ body.ptr + len, body.len - len };
	}
}

void mail_message_write(struct buf *out, const struct mail_message *message)
{
	add_date(out, message->date);
	buf_printf(out, "From: %.*s\r\nTo: %.*s\r\n", STR_ARG(message->from), STR_ARG(message->to));
	add_subject(out, message->subject);
	buf_printf(out, "Message-ID: <%.*s@%.*s>\r\n", STR_ARG(message->id), STR_ARG(mailbox_domain(message->from)));
	buf_add_cstr(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
			  "Content-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n\r\n");
	add_body(out, message->body);
}
