#include "core/utf8.h"

static bool continues(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xC2 && lead <= 0xDF)
		return 2;
	if (lead >= 0xE0 && lead <= 0xEF)
		return 3;
	if (lead >= 0xF0 && lead <= 0xF4)
		return 4;
	return 0;
}

/* Table 3-7 of the Unicode Standard: only the second byte has a narrower range. */
static bool second_byte_fits(unsigned char lead, unsigned char second)
{
	switch (lead) {
	case 0xE0:
		return second >= 0xA0;
	case 0xED:
		return second <= 0x9F;
	case 0xF0:
		return second >= 0x90;
	case 0xF4:
		return second <= 0x8F;
	default:
		return true;
	}
}

size_t utf8_decode(struct str s, uint32_t *ret_code_point)
{
	static const unsigned char lead_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	const unsigned char *bytes = (const unsigned char *)s.ptr;
	size_t length = s.len ? sequence_length(bytes[0]) : 0;
	uint32_t code;

	if (!length || length > s.len)
		return 0;
	code = bytes[0] & lead_bits[length];
	for (size_t i = 1; i < length; i++) {
		if (!continues(bytes[i]))
			return 0;
		code = code << 6 | (bytes[i] & 0x3Fu);
	}
	if (length > 1 && !second_byte_fits(bytes[0], bytes[1]))
		return 0;
	*ret_code_point = code;
	return length;
}

size_t utf8_encode(uint32_t code, char ret[4])
{
	if (code < 0x80) {
		ret[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		ret[0] = (char)(0xC0 | code >> 6);
		ret[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		ret[0] = (char)(0xE0 | code >> 12);
		ret[1] = (char)(0x80 | (code >> 6 & 0x3F));
		ret[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	ret[0] = (char)(0xF0 | code >> 18);
	ret[1] = (char)(0x80 | (code >> 12 & 0x3F));
	ret[2] = (char)(0x80 | (code >> 6 & 0x3F));
	ret[3] = (char)(0x80 | (code & 0x3F));
	return 4;
}

bool utf8_valid(struct str s, size_t *ret_code_points)
{
	size_t count = 0;

	while (s.len) {
		uint32_t code;
		size_t length = utf8_decode(s, &code);

		if (!length)
			return false;
		s.ptr += length;
		s.len -= length;
		count++;
	}
	if (ret_code_points)
		*ret_code_points = count;
	return true;
}

static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7F && code <= 0x9F);
}

static bool is_space(uint32_t code)
{
	if (code >= 0x2000 && code <= 0x200A)
		return true;
	switch (code) {
	case 0x09:
	case 0x0A:
	case 0x0B:
	case 0x0C:
	case 0x0D:
	case 0x20:
	case 0x85:
	case 0xA0:
	case 0x1680:
	case 0x2028:
	case 0x2029:
	case 0x202F:
	case 0x205F:
	case 0x3000:
		return true;
	default:
		return false;
	}
}

static bool has(struct str s, bool (*property)(uint32_t code))
{
	while (s.len) {
		uint32_t code;
		size_t length = utf8_decode(s, &code);

		if (!length)
			return false;
		if (property(code))
			return true;
		s.ptr += length;
		s.len -= length;
	}
	return false;
}

bool utf8_has_control(struct str s)
{
	return has(s, is_control);
}

bool utf8_has_space(struct str s)
{
	return has(s, is_space);
}

bool utf8_has_outer_space(struct str s)
{
	size_t last = s.len;

	if (!s.len)
		return false;
	do
		last--;
	while (last && continues((unsigned char)s.ptr[last]));
	for (int side = 0; side < 2; side++) {
		uint32_t code;
		struct str from = side ? (struct str){ s.ptr + last, s.len - last } : s;

		if (utf8_decode(from, &code) && is_space(code))
			return true;
	}
	return false;
}
