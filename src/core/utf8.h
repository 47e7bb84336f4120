/** UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef ITN_CORE_UTF8_H
#define ITN_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

/** Whether the text is valid UTF-8; `ret_code_points` (may be NULL) is written when it is. */
bool utf8_valid(struct str s, size_t *ret_code_points);
/** Whether valid UTF-8 has a control character (C0, DEL, C1). */
bool utf8_has_control(struct str s);
/** Whether valid UTF-8 begins or ends with white space (Unicode White_Space property). */
bool utf8_has_outer_space(struct str s);
/** Whether valid UTF-8 has any white space (Unicode White_Space property). */
bool utf8_has_space(struct str s);

#endif
