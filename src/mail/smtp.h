/** A mail server, over one connection that is kept while there is more to send. libcurl's only door. One thread, but
 * for smtp_stop(). */
#ifndef ITN_MAIL_SMTP_H
#define ITN_MAIL_SMTP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/status.h"
#include "core/str.h"

struct smtp;

/** Texts are copied; NULL where nothing is set. */
struct smtp_settings {
	const char *url;      /**< smtp://HOST[:PORT][/NAME], smtps://… */
	const char *starttls; /**< "require", "try", "never"; of no meaning with smtps:// */
	const char *ca_file;  /**< certificates of authorities; NULL: the system's */
	const char *user, *password;
	int64_t timeout_ms; /**< for one mail, the way to the server included */
};

/** Connects to nothing yet. ITN_INVALID: a password would go over the wire in clear. */
enum itn_status smtp_new(const struct smtp_settings *settings, struct smtp **ret_smtp, struct error *error) must_check;
/** NULL is allowed. */
void smtp_free(struct smtp *smtp);

enum smtp_result {
	SMTP_TAKEN,    /**< the server has it */
	SMTP_REFUSED,  /**< it takes this mail never: 5xx to the recipient or to the content */
	SMTP_DEFERRED, /**< it takes this mail perhaps later: 4xx to the recipient or to the content */
	SMTP_AWAY,    /**< it takes no mail now: can't be reached, does not answer in time, lets us not in. A mail whose
		       * end    was not acknowledged may have been taken all the same */
	SMTP_STOPPED, /**< smtp_stop() was called; as for SMTP_AWAY it may have been taken */
};
/** Sends one mail and waits for the outcome. Both addresses must be mailbox_valid(); `message` is as
 * mail_message_write() writes it. On all but SMTP_TAKEN the error says why, mostly in the server's own words. */
enum smtp_result smtp_send(struct smtp *smtp, const char *from, const char *to, struct str message,
			   struct error *error) must_check;
/** Nothing to send for a while: says goodbye. */
void smtp_rest(struct smtp *smtp);
/** A mail on its way is broken off within a second, and no other begun. Any thread. */
void smtp_stop(struct smtp *smtp);

#endif
