#include <assert.h>
#include <string.h>

#include "core/clock.h"

#define MS_PER_DAY 86400000
#define YEAR_0000  INT64_C(-62167219200000)
#define YEAR_10000 INT64_C(253402300800000)

struct date {
	unsigned year;
	unsigned month;
	unsigned day;
};

/* Both count years from March, so that the leap day is the last day of a year, and days from 0000-03-01. */
#define DAYS_TO_1970 719468
#define DAYS_PER_ERA 146097

static int64_t days_from_date(struct date date)
{
	int64_t year = (int64_t)date.year - (date.month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

static struct date date_from_days(int64_t days)
{
	int64_t shifted = days + DAYS_TO_1970;
	int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
	unsigned day = (unsigned)(shifted - era * DAYS_PER_ERA);
	unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned day_of_year = day - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * day_of_year + 2) / 153;
	struct date date;

	date.day = day_of_year - (153 * month + 2) / 5 + 1;
	date.month = month < 10 ? month + 3 : month - 9;
	date.year = (unsigned)((int64_t)year + era * 400 + (date.month <= 2));
	return date;
}

static void put2(char *at, unsigned value)
{
	at[0] = (char)('0' + value / 10 % 10);
	at[1] = (char)('0' + value % 10);
}

void time_format(int64_t ms, char ret[TIME_LEN + 1])
{
	int64_t days = (ms >= 0 ? ms : ms - (MS_PER_DAY - 1)) / MS_PER_DAY;
	unsigned rest = (unsigned)(ms - days * MS_PER_DAY);
	struct date date;

	assert(ms >= YEAR_0000 && ms < YEAR_10000);
	date = date_from_days(days);
	memcpy(ret, "0000-00-00T00:00:00.000Z", TIME_LEN + 1);
	put2(ret, date.year / 100);
	put2(ret + 2, date.year);
	put2(ret + 5, date.month);
	put2(ret + 8, date.day);
	put2(ret + 11, rest / 3600000);
	put2(ret + 14, rest / 60000 % 60);
	put2(ret + 17, rest / 1000 % 60);
	ret[20] = (char)('0' + rest / 100 % 10);
	put2(ret + 21, rest);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take_char(struct str *rest, const char *any_of)
{
	if (!rest->len || !rest->ptr[0] || !strchr(any_of, rest->ptr[0]))
		return false;
	rest->ptr++;
	rest->len--;
	return true;
}

static bool take_number(struct str *rest, size_t digits, unsigned min, unsigned max, unsigned *ret)
{
	unsigned value = 0;

	if (rest->len < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (!is_digit(rest->ptr[i]))
			return false;
		value = value * 10 + (unsigned)(rest->ptr[i] - '0');
	}
	if (value < min || value > max)
		return false;
	rest->ptr += digits;
	rest->len -= digits;
	*ret = value;
	return true;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct str *rest, int64_t *ret_days)
{
	struct date date;

	if (!take_number(rest, 4, 0, 9999, &date.year) || !take_char(rest, "-") ||
	    !take_number(rest, 2, 1, 12, &date.month) || !take_char(rest, "-") ||
	    !take_number(rest, 2, 1, days_in_month(date.year, date.month), &date.day))
		return false;
	*ret_days = days_from_date(date);
	return true;
}

static bool take_fraction(struct str *rest, unsigned *ret_ms)
{
	unsigned ms = 0;
	unsigned weight = 100;

	if (!take_char(rest, "."))
		return true;
	if (!rest->len || !is_digit(rest->ptr[0]))
		return false;
	for (; rest->len && is_digit(rest->ptr[0]); rest->ptr++, rest->len--) {
		ms += weight * (unsigned)(rest->ptr[0] - '0');
		weight /= 10;
	}
	*ret_ms = ms;
	return true;
}

static bool take_time(struct str *rest, unsigned *ret_ms, bool *ret_leap)
{
	unsigned hour;
	unsigned minute;
	unsigned second;
	unsigned ms = 0;

	if (!take_number(rest, 2, 0, 23, &hour) || !take_char(rest, ":") || !take_number(rest, 2, 0, 59, &minute) ||
	    !take_char(rest, ":") || !take_number(rest, 2, 0, 60, &second) || !take_fraction(rest, &ms))
		return false;
	*ret_leap = second == 60;
	if (second == 60) {
		second = 59;
		ms = 999;
	}
	*ret_ms = ((hour * 60 + minute) * 60 + second) * 1000 + ms;
	return true;
}

static bool take_offset(struct str *rest, int64_t *ret_ms)
{
	unsigned hour;
	unsigned minute;
	int sign;

	if (take_char(rest, "Zz")) {
		*ret_ms = 0;
		return true;
	}
	sign = rest->len && rest->ptr[0] == '-' ? -1 : 1;
	if (!take_char(rest, "+-") || !take_number(rest, 2, 0, 23, &hour) || !take_char(rest, ":") ||
	    !take_number(rest, 2, 0, 59, &minute))
		return false;
	*ret_ms = sign * ((int64_t)hour * 60 + minute) * 60000;
	return true;
}

static bool is_last_second_of_day(int64_t ms)
{
	int64_t of_day = ((ms % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY;

	return of_day == MS_PER_DAY - 1;
}

bool time_parse(struct str s, int64_t *ret_ms)
{
	int64_t days;
	int64_t offset;
	int64_t ms;
	unsigned of_day;
	bool leap;

	if (!take_date(&s, &days) || !take_char(&s, "Tt ") || !take_time(&s, &of_day, &leap) ||
	    !take_offset(&s, &offset) || s.len)
		return false;
	ms = days * MS_PER_DAY + of_day - offset;
	if (ms < YEAR_0000 || ms >= YEAR_10000 || (leap && !is_last_second_of_day(ms)))
		return false;
	*ret_ms = ms;
	return true;
}
