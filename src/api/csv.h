/** Lists as CSV (RFC 4180): a header row, CR LF, quotes where needed; items as JSON text. A cell that a spreadsheet
 *  could take for a formula (it begins with = + - @, tab or CR) gets an apostrophe in front. */
#ifndef ITN_API_CSV_H
#define ITN_API_CSV_H

#include "core/arena.h"
#include "core/buf.h"
#include "store/store.h"

void csv_header(struct buf *out, enum store_list_kind kind);
/** The line of one document's public JSON; of an inventory one line for each item. False when it is not that. */
bool csv_row(struct buf *out, struct arena *arena, enum store_list_kind kind, struct str json);

#endif
