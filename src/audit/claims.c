#include "store/claims.h"
#include "audit/check.h"
#include "domain/stored.h"

#define SLICE 200

/* A creation that was answered 201: whose event must be known. */
struct creation {
	struct str claim, event, key;
	enum entity_kind entity;
};

struct claims {
	struct audit *audit;
	struct arena *arena; /* of the slice */
	struct str last;     /* key, in the arena */
	size_t count;        /* of the slice */
	struct creation creations[SLICE];
	size_t creation_count;
};

static void violated(struct audit *audit, struct str claim, const char *detail)
{
	audit_violation(audit, RULE_CLAIM_ANSWER, audit_entity(audit, "claim", claim, STR_NONE), "%s", detail);
}

static void take_creation(struct claims *claims, const struct claim *claim)
{
	struct stored body;
	struct str trade, cargo;

	stored_open(&body, claims->arena, claim->body);
	trade = stored_text_if(&body, "transactionId");
	cargo = stored_text_if(&body, "shipmentId");
	if (stored_close(&body) != ITN_OK || (!str_is_set(trade) && !str_is_set(cargo))) {
		violated(claims->audit, claim->key, "its answer is not that of a creation");
		return;
	}
	claims->creations[claims->creation_count++] = (struct creation){
		.claim = arena_str(claims->arena, claim->key),
		.event = arena_str(claims->arena, claim->event),
		.key = str_is_set(trade) ? trade : cargo,
		.entity = str_is_set(trade) ? ENTITY_TRADE : ENTITY_CARGO,
	};
}

static void take_claim(void *context, const struct claim *claim)
{
	struct claims *claims = context;

	claims->last = arena_str(claims->arena, claim->key);
	claims->count++;
	claims->audit->report->counts.claims++;
	if (claim->version < 1 || claim->expires_at < claim->at || (claim->status && !str_is_set(claim->body)))
		violated(claims->audit, claim->key, "it is not as a worker writes it");
	else if (claim->status == 201)
		take_creation(claims, claim);
}

static enum itn_status check_creations(struct claims *claims)
{
	enum itn_status status = ITN_OK;

	for (size_t i = 0; i < claims->creation_count && status == ITN_OK; i++) {
		const struct creation *creation = &claims->creations[i];
		bool known = false;

		status = store_entry_known(claims->audit->store, creation->entity, creation->key, creation->event,
					   &known);
		if (status == ITN_OK && !known)
			violated(claims->audit, creation->claim,
				 "it was answered 201, and its event is neither in the log nor waits for its number");
	}
	return status;
}

enum itn_status audit_claims(struct audit *audit)
{
	struct arena *arenas[] = { arena_new(0), arena_new(0) };
	struct claims claims = { .audit = audit, .last = STR("") };
	enum itn_status status;

	for (size_t turn = 0;; turn++) {
		claims.arena = arenas[turn % 2]; /* the last key is in the other one */
		claims.count = claims.creation_count = 0;
		arena_reset(claims.arena);
		status = store_scan_claims(audit->store, claims.last, SLICE, take_claim, &claims);
		if (status == ITN_OK)
			status = check_creations(&claims);
		if (status != ITN_OK || claims.count < SLICE || !audit_goes_on(audit))
			break;
	}
	arena_free(arenas[0]);
	arena_free(arenas[1]);
	return status;
}
