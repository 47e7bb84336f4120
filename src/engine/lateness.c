#include "engine/lateness.h"

#include "engine/alert.h"
#include "engine/notify.h"

static void count(struct draft *draft, enum cargo_status status, int64_t delta)
{
	draft_count(draft, arena_printf(draft->arena, "cargo.status.%s", cargo_status_name(status)), delta);
}

enum itn_status lateness_tell(struct draft *draft, struct draft_cargo *cargo)
{
	enum cargo_status from = cargo->cargo.status;
	struct job by = { .seq = 0 };
	struct str event;
	enum itn_status status;

	draft_tell_untold_cargo(draft, cargo);
	cargo->touched = true;
	if (!cargo_be_late(&cargo->cargo, draft->now))
		return alert_cargo(draft, cargo, ALERT_LATENESS, MESSAGE_DELAYED, NULL, &event);
	count(draft, from, -1);
	count(draft, CARGO_DELAYED, 1);
	by.cause = draft_tell_cargo(draft, cargo, NULL);
	status = alert_cargo(draft, cargo, ALERT_LATENESS, MESSAGE_DELAYED, &by, &event);
	if (status == ITN_OK)
		notify_cargo_delayed(draft, &cargo->cargo, event);
	return status;
}
