#include "engine/travel.h"

#include "engine/ledger.h"

static struct account transit_of(struct str shipment)
{
	return (struct account){ ACCOUNT_TRANSIT, shipment };
}

static const struct account external = { ACCOUNT_EXTERNAL, { NULL, 0 } };

enum itn_status travel_prefetch(struct draft *draft, const struct cargo *cargo)
{
	draft_want_stock(draft, cargo->destination, &cargo->items);
	ledger_want(draft, cargo->id, &cargo->items);
	return draft_prefetch(draft);
}

/* On their way to the cargo's destination. */
static enum itn_status depart(struct draft *draft, const struct cargo *cargo, const struct movement *movement,
			      struct job *job)
{
	struct draft_stock *there;
	int64_t moved;
	enum itn_status status = draft_stock(draft, cargo->destination, movement->item, &there);

	if (status == ITN_OK)
		status = ledger_move(draft, movement, job, &moved);
	if (status != ITN_OK)
		return status;
	there->stock.incoming += moved;
	there->untold = job;
	return ITN_OK;
}

enum itn_status travel_take(struct draft *draft, const struct cargo *cargo, struct draft_trade *trade, struct job *job)
{
	struct movement movement = {
		.from = { ACCOUNT_STATION, trade->trade.station },
		.to = transit_of(cargo->id),
		.trade = trade->trade.id,
		.shipment = cargo->id,
	};
	enum itn_status status = ITN_OK;

	for (size_t i = 0; i < trade->trade.reserved.count && status == ITN_OK; i++) {
		const struct line *line = &trade->trade.reserved.at[i];
		struct draft_stock *here;

		movement.item = line->name;
		movement.quantity = line->quantity;
		status = draft_stock(draft, trade->trade.station, line->name, &here);
		if (status == ITN_OK)
			status = depart(draft, cargo, &movement, job);
		if (status == ITN_OK)
			here->stock.reserved -= line->quantity;
	}
	trade->trade.goods = GOODS_MOVED;
	trade->touched = true;
	return status;
}

static enum itn_status send(struct draft *draft, const struct cargo *cargo, const struct line *line, struct job *job)
{
	struct movement movement = {
		.item = line->name,
		.from = external,
		.to = transit_of(cargo->id),
		.shipment = cargo->id,
	};
	int64_t in_transit;
	enum itn_status status = ledger_balance(draft, movement.to, line->name, &in_transit);

	if (status != ITN_OK || in_transit >= line->quantity)
		return status;
	movement.quantity = line->quantity - in_transit;
	return depart(draft, cargo, &movement, job);
}

enum itn_status travel_send(struct draft *draft, const struct cargo *cargo, struct job *job)
{
	enum itn_status status = ITN_OK;

	for (size_t i = 0; i < cargo->items.count && status == ITN_OK; i++)
		status = send(draft, cargo, &cargo->items.at[i], job);
	return status;
}

/* What departed before there was a ledger enters it when it arrives. */
static enum itn_status make_up(struct draft *draft, const struct movement *arrival, struct job *job)
{
	struct movement missing = *arrival;
	int64_t in_transit;
	enum itn_status status = ledger_balance(draft, arrival->from, arrival->item, &in_transit);

	if (status != ITN_OK || in_transit >= arrival->quantity)
		return status;
	missing.from = external;
	missing.to = arrival->from;
	missing.quantity -= in_transit;
	return ledger_move(draft, &missing, job, NULL);
}

static enum itn_status receive(struct draft *draft, struct str shipment, struct str station, struct str trade,
			       const struct line *line, struct job *job)
{
	struct movement movement = {
		.item = line->name,
		.quantity = line->quantity,
		.from = transit_of(shipment),
		.to = { ACCOUNT_STATION, station },
		.trade = trade,
		.shipment = shipment,
	};
	struct draft_stock *stock;
	int64_t moved;
	enum itn_status status = draft_stock(draft, station, line->name, &stock);

	if (status == ITN_OK)
		status = make_up(draft, &movement, job);
	if (status == ITN_OK)
		status = ledger_move(draft, &movement, job, &moved);
	if (status != ITN_OK)
		return status;
	stock->stock.incoming -= moved < stock->stock.incoming ? moved : stock->stock.incoming;
	stock->untold = job;
	return ITN_OK;
}

enum itn_status travel_receive(struct draft *draft, struct str shipment, struct str station, struct str trade,
			       const struct lines *lines, struct job *job)
{
	enum itn_status status = ITN_OK;

	for (size_t i = 0; i < lines->count && status == ITN_OK; i++)
		status = receive(draft, shipment, station, trade, &lines->at[i], job);
	return status;
}
