#include "api/position.h"

#include "api/body.h"
#include "store/store.h"

bool position_set(struct api *api, struct http_response *res)
{
	struct store_head head;
	enum itn_status status = store_head(api->store, &head);

	if (status != ITN_OK) {
		store_failure_reply(res, status);
		return false;
	}
	http_setf(res, "ITN-Seq", "%lld", (long long)head.last_seq);
	http_set(res, "ITN-Log", str_from(head.log));
	return true;
}
