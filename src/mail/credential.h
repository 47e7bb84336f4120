/** Secrets that are no settings, so that no list of processes and no environment shows them. */
#ifndef ITN_MAIL_CREDENTIAL_H
#define ITN_MAIL_CREDENTIAL_H

#include "core/error.h"
#include "core/status.h"

/** The content of `path` or, when that is NULL, of the credential `name` that systemd passed ($CREDENTIALS_DIRECTORY),
 * without the line end behind it; free it. NULL when there is neither. ITN_INVALID: it can't be read, or is not one
 * line. */
enum itn_status credential_read(const char *path, const char *name, char **ret_secret, struct error *error) must_check;

#endif
