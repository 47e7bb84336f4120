/** What the mails of the cascade say: address, subject and body of a notification, from the state that it tells of.
 * Pure.
 *
 *  Plain text in short lines, of which each value takes one, whatever it has in it: control characters, and those that
 * end lines or turn their direction, become '?'. Of many lines of goods the first are shown. Texts live in the arena.
 */
#ifndef ITN_DOMAIN_MAIL_TEXT_H
#define ITN_DOMAIN_MAIL_TEXT_H

#include "domain/cargo.h"
#include "domain/notification.h"
#include "domain/trade.h"

/** Rule 1, to the buyer. */
void mail_trade_too_large(struct arena *arena, const struct trade *trade, struct notification *ret);
/** Rule 10, to the buyer. */
void mail_trade_changed(struct arena *arena, const struct trade *trade, enum trade_status from,
			struct notification *ret);
/** Rule 1, to the shipment's address. */
void mail_cargo_too_large(struct arena *arena, const struct cargo *cargo, struct notification *ret);
/** Rule 6, to an administrator. */
void mail_cargo_delayed(struct arena *arena, const struct cargo *cargo, struct str admin, struct notification *ret);
/** Rule 7, to the shipment's address. */
void mail_cargo_delivered(struct arena *arena, const struct cargo *cargo, struct notification *ret);

#endif
