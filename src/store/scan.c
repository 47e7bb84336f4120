#include "store/scan.h"

#include "store/engine_ops.h"
#include "store/measure.h"

enum itn_status store_scan_state(struct store *store, store_scan_fn *row, void *context, struct error *error)
{
	return store->ops->scan_state(store, row, context, error);
}

enum itn_status store_scan_log(struct store *store, int64_t after, int64_t until, store_scan_event_fn *row,
			       void *context)
{
	return store_measure(store->ops->scan_log(store, after, until, row, context));
}

enum itn_status store_scan_postings(struct store *store, int64_t after, int64_t until, store_scan_posting_fn *row,
				    void *context)
{
	return store_measure(store->ops->scan_postings(store, after, until, row, context));
}

enum itn_status store_scan_ids(struct store *store, store_scan_id_fn *row, void *context)
{
	return store->ops->scan_ids(store, row, context);
}

enum itn_status store_scan_documents(struct store *store, enum entity_kind entity, const struct str *keys, size_t count,
				     store_scan_document_fn *row, void *context)
{
	return store_measure(store->ops->scan_documents(store, entity, keys, count, row, context));
}

enum itn_status store_scan_claims(struct store *store, struct str after, size_t max, store_scan_claim_fn *row,
				  void *context)
{
	return store_measure(store->ops->scan_claims(store, after, max, row, context));
}
