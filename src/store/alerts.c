#include "store/alerts.h"

#include "store/engine_ops.h"
#include "store/measure.h"

enum itn_status store_alert(struct store *store, struct arena *arena, struct str id, struct alert *ret_alert)
{
	return store_measure(store->ops->alert(store, arena, id, ret_alert));
}

enum itn_status store_alert_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version)
{
	struct arena *arena = arena_new(1024);
	struct alert alert;
	enum itn_status status = store_alert(store, arena, id, &alert);
	if (!status) {
		alert_write_json(out, &alert);
		*ret_version = alert.version;
	}
	arena_free(arena);
	return status;
}

enum itn_status store_clock(struct store *store, int64_t *ret_now)
{
	return store->ops->clock(store, ret_now);
}

enum itn_status store_batch_alert(struct store_engine *engine, struct arena *arena, struct str id,
				  struct alert *ret_alert)
{
	return store_measure(engine->store->ops->batch_alert(engine, arena, id, ret_alert));
}

enum itn_status store_batch_unresolved(struct store_engine *engine, struct arena *arena, enum alert_kind kind,
				       const struct alert_about *about, struct alert *ret_alert)
{
	return store_measure(engine->store->ops->batch_unresolved(engine, arena, kind, about, ret_alert));
}

enum itn_status store_batch_late(struct store_engine *engine, struct arena *arena, int64_t until,
				 struct store_cursor *cursor, size_t max, struct cargo **ret_cargo, size_t *ret_count)
{
	return store_measure(engine->store->ops->batch_late(engine, arena, until, cursor, max, ret_cargo, ret_count));
}
