/** A write that clients may send again: the header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header).
 *
 *  Every write goes through begin and end, with the header or without. Without it the write gets new ids and no more
 *  happens. With it, the ids are those of the key's first try, stored before anything is written (store/claims.h), and
 * the answer is stored before it is sent:
 *
 *  - the same request again: the first answer again, byte for byte (status, own header lines, body);
 *  - another request with the key: 422;
 *  - a 2xx or 4xx is an answer, a 5xx is none: the next try goes on with the same ids.
 *
 *  A creation has the same outcome whoever tries it, in any number at once: all of them write the same document. A
 *  decision on a document's state may come out differently on another version, so that one try at a time decides:
 * others are answered 409 meanwhile. A try that was thought dead and is not does no harm: it writes only where it still
 * holds the claim after it has read the document, and where the document is as it was then.
 */
#ifndef ITN_API_IDEMPOTENCY_H
#define ITN_API_IDEMPOTENCY_H

#include "api/api.h"
#include "store/claims.h"

/** Characters of a key at most. */
#define IDEMPOTENCY_KEY_MAX 255

/** What a write needs to know: its ids and its time are claim.document, claim.event and claim.at. */
struct idempotency {
	struct api *api;
	struct http_request *req;
	struct http_response *res;
	bool keyed;
	bool again;         /**< another try came before: its write may have been done */
	bool lost;          /**< the answer is made and is not this try's to store */
	struct claim claim; /**< as the store has it */
	char document[ID_LEN + 1], event[ID_LEN + 1];
};

enum idempotency_kind { IDEMPOTENT_CREATION, IDEMPOTENT_DECISION };

/** False: an answer is made. */
bool idempotency_begin(struct idempotency *once, enum idempotency_kind kind, struct api *api, struct http_request *req,
		       struct http_response *res) must_check;
/** Stores the answer, or what takes its place is made of the answer. After it, nothing is to be done but send it. */
void idempotency_end(struct idempotency *once);

/** Of a decision, after its document was read and before it is written. False: another try has the claim, an answer is
 *  made. */
bool idempotency_holds(struct idempotency *once) must_check;
/** From now on the engine decides, for all tries: who is overtaken by one that asks too waits for the same verdict.
 *  False: an answer is made. */
bool idempotency_ask(struct idempotency *once) must_check;

#endif
