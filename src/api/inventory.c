#include "api/list.h"
#include "api/show.h"

void inventory_show(struct api *api, struct http_request *req, struct http_response *res)
{
	show_answer(store_inventory_json, "Inventory not found", api, req, res);
}

void inventory_list(struct api *api, struct http_request *req, struct http_response *res)
{
	list_answer(LIST_INVENTORY, api, req, res);
}
