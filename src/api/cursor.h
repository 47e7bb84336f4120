/** The opaque `after` of a page: a place in a list, as text whose checksum tells ours from accidents; a client
 *  may forge one, which names a place like any other. */
#ifndef ITN_API_CURSOR_H
#define ITN_API_CURSOR_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/buf.h"
#include "store/store.h"

/** base64url (RFC 4648, without padding) of the list's kind, time, key and a checksum. */
void cursor_write(struct buf *out, enum store_list_kind kind, const struct store_cursor *cursor);
/** False for anything that cursor_write() did not make for this kind. */
bool cursor_read(struct arena *arena, struct str text, enum store_list_kind kind, struct store_cursor *ret_cursor);

#endif
