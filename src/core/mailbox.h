/** E-mail addresses that can stand in an SMTP command and in a header field as they are, without any quoting.
 *
 *  LOCAL@DOMAIN (RFC 5321, section 4.1.2, Dot-string; UTF-8 outside of ASCII as RFC 6531): the local part is of RFC
 * 5322's atext and dots, the domain of letters, digits, '-' and '.', or an address in brackets. Quoted local parts are
 * not such.
 */
#ifndef ITN_CORE_MAILBOX_H
#define ITN_CORE_MAILBOX_H

#include <stdbool.h>

#include "core/str.h"

#define MAILBOX_MAX 254

bool mailbox_valid(struct str address);
/** What stands behind the '@' of a valid one. */
struct str mailbox_domain(struct str address);

#endif
