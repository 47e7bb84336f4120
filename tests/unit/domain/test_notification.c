#include "../unit.h"

#include "domain/notification.h"

#define HOUR_MS INT64_C(3600000)

static const struct notification_patience patience = { 10000, HOUR_MS, 24 * HOUR_MS };

static struct notification queued_at(int64_t now)
{
	struct notification one = {
		.id = STR("e-1"), .event = STR("e"), .to = STR("a@b"), .subject = STR("s"), .body = STR("b\n")
	};
	notification_made(&one, true, now);
	return one;
}

static void it_is_queued_only_when_it_can_be_sent(void **state unused_arg)
{
	struct notification one = { .status = NOTIFICATION_DEAD };
	notification_made(&one, false, 5);
	check_text("unsent", notification_status_name(one.status), "unsent");
	check_int("never due", one.next_at, 0);
	check_int("since", one.queued_at, 5);
	notification_made(&one, true, 6);
	check_text("queued", notification_status_name(one.status), "queued");
	check_int("due at once", one.next_at, 6);
}

static void pauses_double_up_to_an_hour(void **state unused_arg)
{
	static const int64_t pauses[] = { 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600 };
	struct notification one = queued_at(0);
	for (size_t i = 0; i < COUNT_OF(pauses); i++) {
		int64_t now = one.next_at;
		notification_failed(&one, STR("later"), false, &patience, now, 0);
		check_text("still queued", notification_status_name(one.status), "queued");
		check_int("pause, s", (one.next_at - now) / 1000, pauses[i]);
		check_int("attempts", one.attempts, (long long)i + 1);
		check_str("why", one.last_error, STR("later"));
		check_int("version", one.version, (long long)i + 2);
	}
}

static void chance_takes_up_to_half_of_a_pause(void **state unused_arg)
{
	int64_t least = INT64_MAX, most = 0;
	for (uint32_t random = 0; random < 20000; random++) {
		struct notification one = queued_at(0);
		notification_failed(&one, STR("later"), false, &patience, 0, random);
		least = one.next_at < least ? one.next_at : least;
		most = one.next_at > most ? one.next_at : most;
	}
	check_int("least", least, 5000);
	check_int("most", most, 10000);
}

static void the_last_attempt_is_when_patience_ends(void **state unused_arg)
{
	struct notification one = queued_at(1000);
	int64_t last = 0;
	while (one.status == NOTIFICATION_QUEUED) {
		last = one.next_at;
		notification_failed(&one, STR("later"), false, &patience, last, 0);
	}
	check_text("dead", notification_status_name(one.status), "dead");
	check_int("a day after it was queued", last, 1000 + 24 * HOUR_MS);
	check_int("not due any more", one.next_at, 0);
	check_str("why", one.last_error, STR("later"));
}

static void one_that_nobody_tried_for_long_is_tried_once(void **state unused_arg)
{
	struct notification one = queued_at(0);
	notification_failed(&one, STR("later"), false, &patience, 100 * HOUR_MS, 0);
	check_text("dead", notification_status_name(one.status), "dead");
	check_int("after one attempt", one.attempts, 1);
}

static void a_final_refusal_ends_it_at_once(void **state unused_arg)
{
	struct notification one = queued_at(0);
	notification_failed(&one, STR("550 no such user"), true, &patience, 1, 0);
	check_text("dead", notification_status_name(one.status), "dead");
	check_int("attempts", one.attempts, 1);
}

static void any_but_a_queued_one_can_be_queued_again(void **state unused_arg)
{
	struct notification unsent = queued_at(0), sent = queued_at(0), dead = queued_at(0), queued = queued_at(0);
	notification_made(&unsent, false, 0);
	notification_sent(&sent);
	check_int("sent by one attempt", sent.attempts, 1);
	notification_failed(&dead, STR("no"), true, &patience, 1, 0);
	struct notification *ended[] = { &unsent, &sent, &dead };
	for (size_t i = 0; i < COUNT_OF(ended); i++) {
		int64_t version = ended[i]->version;
		check_bool("again", notification_resend(ended[i], 77), true);
		check_text("queued", notification_status_name(ended[i]->status), "queued");
		check_int("attempts", ended[i]->attempts, 0);
		check_int("since", ended[i]->queued_at, 77);
		check_int("due", ended[i]->next_at, 77);
		check_str("no error", ended[i]->last_error, STR_NONE);
		check_int("version", ended[i]->version, version + 1);
	}
	check_bool("queued", notification_resend(&queued, 77), false);
	check_int("unchanged", queued.version, 1);
	check_int("unchanged", queued.queued_at, 0);
}

static void names_are_read_back(void **state unused_arg)
{
	for (unsigned i = 0; i < NOTIFICATION_STATUSES; i++) {
		enum notification_status status = NOTIFICATION_STATUSES;
		const char *name = notification_status_name((enum notification_status)i);
		check_bool(name, notification_status_parse(str_from(name), &status), true);
		check_int(name, status, i);
	}
	enum notification_status status;
	check_bool("no name", notification_status_parse(STR("Dead"), &status), false);
	check_bool("none", notification_status_parse(STR(""), &status), false);
}

static void it_is_shown_as_json(void **state unused_arg)
{
	struct notification one = queued_at(INT64_C(1764000000000));
	struct buf out = { 0 };
	notification_write_json(&out, &one);
	check_str("queued", buf_str(&out),
		  STR("{\"id\":\"e-1\",\"eventId\":\"e\",\"channel\":\"mail\",\"to\":\"a@b\",\"subject\":\"s\","
		      "\"body\":\"b\\n\","
		      "\"status\":\"queued\",\"attempts\":0,\"queuedAt\":\"2025-11-24T16:00:00.000Z\","
		      "\"nextAt\":\"2025-11-24T16:00:00.000Z\"}"));
	notification_failed(&one, STR("550 \"no\""), true, &patience, 1, 0);
	buf_reset(&out, SIZE_MAX);
	notification_write_json(&out, &one);
	check_has("dead", (buf_add_char(&out, 0), out.ptr),
		  "\"status\":\"dead\",\"attempts\":1,\"queuedAt\":\"2025-11-24T16:00:00.000Z\",\"lastError\":\"550 "
		  "\\\"no\\\"\"}");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_queued_only_when_it_can_be_sent),
		cmocka_unit_test(pauses_double_up_to_an_hour),
		cmocka_unit_test(chance_takes_up_to_half_of_a_pause),
		cmocka_unit_test(the_last_attempt_is_when_patience_ends),
		cmocka_unit_test(one_that_nobody_tried_for_long_is_tried_once),
		cmocka_unit_test(a_final_refusal_ends_it_at_once),
		cmocka_unit_test(any_but_a_queued_one_can_be_queued_again),
		cmocka_unit_test(names_are_read_back),
		cmocka_unit_test(it_is_shown_as_json),
	};
	return cmocka_run_group_tests_name("notification", tests, NULL, NULL);
}
