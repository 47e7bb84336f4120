/** UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef ITN_CORE_UTF8_H
#define ITN_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

/** Reads the code point at the beginning: its length in bytes (1..4), or 0 when the text is empty or not UTF-8 there.
 */
size_t utf8_decode(struct str s, uint32_t *ret_code_point);
/** Writes a code point (no surrogate, at most U+10FFFF); returns its length in bytes. */
size_t utf8_encode(uint32_t code_point, char ret[4]);
/** Whether the text is valid UTF-8; `ret_code_points` (may be NULL) is written when it is. */
bool utf8_valid(struct str s, size_t *ret_code_points);
/** Whether valid UTF-8 has a control character (C0, DEL, C1). */
bool utf8_has_control(struct str s);
/** Whether valid UTF-8 begins or ends with white space (Unicode White_Space property). */
bool utf8_has_outer_space(struct str s);
/** Whether valid UTF-8 has any white space (Unicode White_Space property). */
bool utf8_has_space(struct str s);

#endif
