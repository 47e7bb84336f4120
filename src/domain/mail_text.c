#include "domain/mail_text.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/utf8.h"

#define GOODS_SHOWN 20

static bool breaks_lines(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static void add_value(struct buf *out, struct str value)
{
	uint32_t c;

	for (size_t i = 0, len; i < value.len; i += len) {
		struct str rest = { value.ptr + i, value.len - i };

		len = utf8_decode(rest, &c);
		if (len && !breaks_lines(c))
			buf_add(out, rest.ptr, len);
		else
			buf_add_char(out, '?');
		len = len ? len : 1;
	}
}

/* "NAME: VALUE"; nothing for an absent value. */
static void add_field(struct buf *out, const char *name, struct str value)
{
	if (!str_is_set(value))
		return;
	buf_printf(out, "%s: ", name);
	add_value(out, value);
	buf_add_char(out, '\n');
}

static void add_time(struct buf *out, const char *name, int64_t ms)
{
	char at[TIME_LEN + 1];

	if (!ms)
		return;
	time_format(ms, at);
	add_field(out, name, str_from(at));
}

static void add_goods(struct buf *out, const struct lines *lines)
{
	if (lines->count)
		buf_add_cstr(out, "Goods:\n");
	for (size_t i = 0; i < lines->count && i < GOODS_SHOWN; i++) {
		buf_printf(out, "  %lld ", (long long)lines->at[i].quantity);
		add_value(out, lines->at[i].name);
		buf_add_char(out, '\n');
	}
	if (lines->count > GOODS_SHOWN)
		buf_printf(out, "  and %zu more\n", lines->count - GOODS_SHOWN);
}

static void add_reason_of_mail(struct buf *out, struct str address, const char *whose)
{
	buf_add_cstr(out, "\nThis mail was sent because ");
	add_value(out, address);
	buf_printf(out, " is %s.\n", whose);
}

static struct str take(struct arena *arena, struct buf *buf)
{
	struct str text = arena_str(arena, buf_str(buf));

	buf_free(buf);
	return text;
}

static void trade_body(struct arena *arena, const struct trade *trade, struct buf *body, struct notification *ret)
{
	buf_add_char(body, '\n');
	add_field(body, "Buyer", trade->buyer);
	add_field(body, "Seller", trade->seller);
	add_field(body, "From", trade->station);
	add_field(body, "Destination", trade->destination);
	add_field(body, "Shipment", trade->shipment);
	add_field(body, "Reason", trade->reason);
	add_goods(body, &trade->items);
	add_reason_of_mail(body, trade->buyer_email, "the buyer's address of this trade");
	ret->body = take(arena, body);
	ret->to = trade->buyer_email;
	ret->channel = CHANNEL_MAIL;
}

void mail_trade_too_large(struct arena *arena, const struct trade *trade, struct notification *ret)
{
	struct buf body = { 0 };

	ret->subject = arena_printf(arena, "Your trade %.*s is delayed for its size", STR_ARG(trade->id));
	buf_printf(&body,
		   "Your trade %.*s is delayed for its size: it has %zu lines.\n"
		   "It is loaded and completed as any other.\n",
		   STR_ARG(trade->id), trade->items.count);
	trade_body(arena, trade, &body, ret);
}

void mail_trade_changed(struct arena *arena, const struct trade *trade, enum trade_status from,
			struct notification *ret)
{
	const char *status = trade_status_name(trade->status);
	struct buf body = { 0 };

	ret->subject = arena_printf(arena, "Your trade %.*s is %s", STR_ARG(trade->id), status);
	buf_printf(&body, "Your trade %.*s is %s; it was %s.\n", STR_ARG(trade->id), status, trade_status_name(from));
	trade_body(arena, trade, &body, ret);
}

static struct str cargo_subject(struct arena *arena, const struct cargo *cargo, const char *what)
{
	struct buf subject = { 0 };

	buf_add_cstr(&subject, "Shipment ");
	add_value(&subject, cargo->id);
	buf_printf(&subject, " %s", what);
	return take(arena, &subject);
}

/* The body begins with the subject as a sentence, which goes on with `more`. */
static void cargo_body(struct arena *arena, const struct cargo *cargo, const char *more, struct str to,
		       const char *whose, struct notification *ret)
{
	struct buf body = { 0 };

	buf_printf(&body, "%.*s%s\n\n", STR_ARG(ret->subject), more);
	add_field(&body, "Origin", cargo->origin);
	add_field(&body, "Destination", cargo->destination);
	add_field(&body, "Location", cargo->location);
	add_time(&body, "Expected", cargo->eta);
	add_time(&body, "Departed", cargo->departed_at);
	add_time(&body, "Delivered", cargo->delivered_at);
	buf_printf(&body, "Trades: %lld\n", (long long)cargo->trade_count);
	add_goods(&body, &cargo->items);
	add_reason_of_mail(&body, to, whose);
	ret->body = take(arena, &body);
	ret->to = to;
	ret->channel = CHANNEL_MAIL;
}

#define ITS_ADDRESS "this shipment's address"

void mail_cargo_too_large(struct arena *arena, const struct cargo *cargo, struct notification *ret)
{
	char more[64];

	snprintf(more, sizeof(more), ": it has %zu lines of its own.", cargo->own_items.count);
	ret->subject = cargo_subject(arena, cargo, "is delayed for its size");
	cargo_body(arena, cargo, more, cargo->email, ITS_ADDRESS, ret);
}

void mail_cargo_delayed(struct arena *arena, const struct cargo *cargo, struct str admin, struct notification *ret)
{
	ret->subject = cargo_subject(arena, cargo, "is delayed");
	cargo_body(arena, cargo, ".", admin, "an administrator's address", ret);
}

void mail_cargo_delivered(struct arena *arena, const struct cargo *cargo, struct notification *ret)
{
	ret->subject = cargo_subject(arena, cargo, "was delivered");
	cargo_body(arena, cargo, ".", cargo->email, ITS_ADDRESS, ret);
}
