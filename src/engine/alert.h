/** Alerts in a draft: raised with a criticalEvent, resolved by the fact that ends them, acknowledged by clients.
 *
 *  Of one kind about one thing at most one is unresolved; while one is, raising another one changes nothing (its
 *  criticalEvent is told all the same). Causes of one thing run in the order of its lane, so that what raises comes
 *  before what resolves it.
 */
#ifndef ITN_ENGINE_ALERT_H
#define ITN_ENGINE_ALERT_H

#include "engine/draft.h"

/** Raises one, unless one of this kind about the same is unresolved. `event` is the id of its criticalEvent, which is told
 *  already, `message` a literal of ours. */
enum itn_status alert_raise(struct draft *draft, enum alert_kind kind, const struct alert_about *about,
			    const char *message, struct str event) must_check;
/** Resolves the one that is unresolved, if there is one, and tells it. */
enum itn_status alert_resolve(struct draft *draft, enum alert_kind kind, const struct alert_about *about,
			      struct job *cause) must_check;

/** A criticalEvent about the trade or cargo as it is now (draft_warn_trade(), draft_warn_cargo()) and its alert.
 *  @param ret_event  the criticalEvent's id */
enum itn_status alert_trade(struct draft *draft, struct draft_trade *document, enum alert_kind kind,
			    const char *message, struct job *cause, struct str *ret_event) must_check;
enum itn_status alert_cargo(struct draft *draft, struct draft_cargo *document, enum alert_kind kind,
			    const char *message, struct job *cause, struct str *ret_event) must_check;

/** A client has seen it: decides the request, of which its event has the id.
 *  @param ret_verdict  VERDICT_CHANGED, or VERDICT_SAME: somebody had already
 *  @return also ITN_NOT_FOUND */
enum itn_status alert_acknowledge(struct draft *draft, const struct entry *request, enum verdict *ret_verdict) must_check;

/** Puts all that changed into the writes. */
void alert_writes(struct draft *draft, struct store_writes *writes);

#endif
