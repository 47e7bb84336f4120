/** A mail as it goes over the wire (RFC 5322, RFC 2045, RFC 2047): plain text in UTF-8, lines that end with CRLF. Pure.
 *
 *  Whatever the texts have in them, they add no header field: the subject is an encoded word wherever it is not plain
 * ASCII of one short line, the body is quoted-printable, and addresses are those that mailbox_valid() lets pass.
 */
#ifndef ITN_MAIL_MESSAGE_H
#define ITN_MAIL_MESSAGE_H

#include <stdint.h>

#include "core/buf.h"
#include "core/str.h"

struct mail_message {
	struct str from, to;      /**< valid mailboxes */
	struct str subject, body; /**< UTF-8; lines of the body end with "\n" */
	struct str id;            /**< what stands before the '@' of the Message-ID: letters, digits, '-' and '.' */
	int64_t date;             /**< ms */
};

/** Appends it, with headers. No line is longer than 78 characters, but for addresses and ids that are. */
void mail_message_write(struct buf *out, const struct mail_message *message);

#endif
