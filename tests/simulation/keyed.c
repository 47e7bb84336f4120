#include <string.h>

#include "clients.h"

#define TRIES_MAX 6
/* All is well: a try whose worker died may keep others out for as long as a call may take, and its wait, and its clock was
 * ahead. */
#define LAST_TRIES 1000

bool answer_is_final(const struct answer *answer)
{
	return answer->answered && answer->status < 500 &&
	       !(answer->status == 409 && memmem(answer->body.ptr, answer->body.len, "idempotency-pending", 19));
}

/* A key is the tag of the operation that had it first. */
struct str keyed_choose(void)
{
	const struct operation *other = operations.at[sim_pick((unsigned)operations.count)];

	if (sim_once_in(8) && str_is_set(other->idempotency_key) && answer_is_final(&other->answer))
		return other->idempotency_key;
	return operations.at[operations.count - 1]->tag;
}

static void send_at_once(void *context)
{
	struct operation *operation = context;

	operation_try(operation);
	operation->tries_under_way--;
}

static void send_with_others(struct operation *operation)
{
	for (unsigned others = sim_pick(3); others; others--) {
		operation->tries_under_way++;
		fiber_start(NULL, "the same client", send_at_once, operation);
	}
	operation_try(operation);
	while (operation->tries_under_way)
		fiber_sleep(1000);
}

void keyed_send(struct operation *operation)
{
	send_with_others(operation);
	for (int tries = 1; tries < TRIES_MAX && !answer_is_final(&operation->answer); tries++) {
		fiber_sleep(1000 + sim_pick(200000));
		send_with_others(operation);
	}
	if (sim_once_in(2))
		operation_try(operation);
}

static void send_until_answered(struct operation *operation)
{
	bool known = answer_is_final(&operation->answer);

	operation_try(operation);
	for (int tries = 0; !answer_is_final(&operation->answer); tries++) {
		if (tries == LAST_TRIES)
			sim_fail("all is well, and %s is not answered", operation->tag.ptr);
		fiber_sleep(100000);
		operation_try(operation);
	}
	sim.rules[RULE_SETTLED_LATE] += !known;
}

void keyed_send_all_again(void)
{
	for (size_t i = 0; i < operations.count; i++)
		if (str_is_set(operations.at[i]->idempotency_key))
			send_until_answered(operations.at[i]);
}
