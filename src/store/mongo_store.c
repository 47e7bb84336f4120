#include "store/mongo.h"

enum itn_status mongo_store_open(const struct config *config, struct store **ret_store unused_arg, struct error *error)
{
	return error_set(error, ITN_FAILED, "this build has no MongoDB engine for %s", config->store);
}

const struct store_ops mongo_ops = { .open = mongo_store_open };
