/** A store for the tests of itn-api's handlers that does what the test says: it stands in for libitnstore.a and the
 * wake-up. */
#ifndef ITN_TESTS_API_FAKE_STORE_H
#define ITN_TESTS_API_FAKE_STORE_H

#include "store/alerts.h"
#include "store/claims.h"
#include "store/store.h"

struct fake_store {
	enum itn_status head; /**< what store_head() says */

	/* store_list(): rows "{"n":0}", … with keys of growing and shrinking length. */
	size_t rows;
	int list_calls;
	int list_fails_at; /**< the call that fails with list_failure, counted from 1; 0: none */
	enum itn_status list_failure;
	size_t widest_slice;

	/* One trade. */
	struct trade trade;
	struct alert alert; /**< and one alert */
	enum itn_status read;
	int lost_races;       /**< so many changes meet another version */
	struct trade arrived; /**< an earlier try wrote it since it was read; version 0: no */
	enum itn_status write;
	int too_early; /**< so many readings show it with its creation not applied; it has a station then */
	int writes;
	struct entry last_entry;
	char last_entry_id[ID_LEN + 1];

	/* Requests: the verdict comes after so many questions. */
	enum itn_status request_add;
	int questions_before_verdict;
	struct request_verdict verdict;
	int requests;
	char last_wish[512];

	/* One inventory: {}, of this version. */
	enum itn_status inventory;
	int64_t inventory_version;

	/* One claim. */
	struct claim claim;
	enum itn_status claim_add, claim_read, claim_change;
	struct claim overtaken_by; /**< this is there once a document was read; version 0: no */
	bool entry_known;
	enum itn_status known;

	enum store_progress progress;
	int wakes;
};

extern struct fake_store fake;

#endif
