/** A place in the log as clients write it: SEQ (behind the event of this number), or LOG:SEQ, which also says in which
 * log. */
#ifndef ITN_DOMAIN_POSITION_H
#define ITN_DOMAIN_POSITION_H

#include <stdint.h>

#include "core/status.h"
#include "core/str.h"

/** @param log, last_seq  the log as it is
 *  @param ret_after      written on ITN_OK
 *  @return ITN_OK, ITN_INVALID (it has neither form), ITN_GAP (of another log, or beyond the end of this one) */
enum itn_status position_parse(struct str text, struct str log, int64_t last_seq, int64_t *ret_after) must_check;

#endif
