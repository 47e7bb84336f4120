#include "domain/stock.h"

#include "core/json_out.h"

int64_t stock_available(const struct stock *stock)
{
	return stock->on_hand - stock->reserved;
}

bool stock_is_low(const struct stock *stock)
{
	return stock->reorder_level > 0 && stock_available(stock) < stock->reorder_level;
}

bool stock_counted(struct stock *stock, int64_t reorder_level)
{
	bool changed = !stock->tracked || (reorder_level >= 0 && reorder_level != stock->reorder_level);

	stock->tracked = true;
	if (reorder_level >= 0)
		stock->reorder_level = reorder_level;
	return changed;
}

static void write_members(struct json_out *out, const struct stock *stock)
{
	json_out_member_str(out, "name", stock->item);
	json_out_member_int(out, "quantity", stock->on_hand);
	json_out_member_int(out, "reserved", stock->reserved);
	json_out_member_int(out, "available", stock_available(stock));
	json_out_member_int(out, "incoming", stock->incoming);
	if (stock->reorder_level)
		json_out_member_int(out, "reorderLevel", stock->reorder_level);
	json_out_member_int(out, "version", stock->version);
}

static void write_item(struct json_out *out, const struct stock *stock)
{
	json_out_object(out);
	write_members(out, stock);
	json_out_object_end(out);
}

void stock_write_item(struct buf *out, const struct stock *stock)
{
	struct json_out json = json_out_to(out);

	write_item(&json, stock);
}

void stock_write_record(struct buf *out, const struct stock *stock)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_str(&json, "stationId", stock->station);
	write_members(&json, stock);
	json_out_object_end(&json);
}

void stock_write_json(struct buf *out, const struct stock *records, size_t count)
{
	struct json_out json = json_out_to(out);
	int64_t updated_at = records[0].updated_at;

	json_out_object(&json);
	json_out_member_str(&json, "_id", records[0].station);
	json_out_member_str(&json, "stationId", records[0].station);
	json_out_key(&json, "items");
	json_out_array(&json);
	for (size_t i = 0; i < count; i++) {
		write_item(&json, &records[i]);
		if (records[i].updated_at > updated_at)
			updated_at = records[i].updated_at;
	}
	json_out_array_end(&json);
	json_out_member_time(&json, "updatedAt", updated_at);
	json_out_object_end(&json);
}
