/** Who is told of what by mail: adds notifications to a draft, with the event that they tell of. */
#ifndef ITN_ENGINE_NOTIFY_H
#define ITN_ENGINE_NOTIFY_H

#include "engine/draft.h"

/** Each of them about the document as it is now; `event` is the id of the event that tells it. */
void notify_trade_too_large(struct draft *draft, const struct trade *trade, struct str event);
void notify_trade_changed(struct draft *draft, const struct trade *trade, enum trade_status from, struct str event);
void notify_cargo_too_large(struct draft *draft, const struct cargo *cargo, struct str event);
/** To each administrator (ITN_MAIL_ADMINS). */
void notify_cargo_delayed(struct draft *draft, const struct cargo *cargo, struct str event);
void notify_cargo_delivered(struct draft *draft, const struct cargo *cargo, struct str event);

#endif
