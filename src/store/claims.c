#include "store/claims.h"

#include "store/engine_ops.h"
#include "store/measure.h"

enum itn_status store_claim_add(struct store *store, const struct claim *claim)
{
	return store_measure(store->ops->claim_add(store, claim));
}

enum itn_status store_claim(struct store *store, struct arena *arena, struct str key, struct claim *ret_claim)
{
	return store_measure(store->ops->claim(store, arena, key, ret_claim));
}

enum itn_status store_claim_change(struct store *store, const struct claim *changed, int64_t from_version)
{
	return store_measure(store->ops->claim_change(store, changed, from_version));
}

enum itn_status store_entry_known(struct store *store, enum entity_kind entity, struct str key, struct str id,
				  bool *ret_known)
{
	return store_measure(store->ops->entry_known(store, entity, key, id, ret_known));
}
