#include "contract.h"

#include "store/notifications.h"

#define DAY_MS INT64_C(86400000)

static const struct notification_patience patience = { 1000, 60000, DAY_MS };

/* One to be made by a batch: "NAME-1", queued (or left unsent) at `at`. */
static struct notification new_one(struct fixture *f, const char *name, bool can_be_sent, int64_t at)
{
	struct notification one = {
		.id = arena_printf(f->arena, "%s-1", name),
		.event = arena_str(f->arena, str_from(name)),
		.to = STR("ada@example.org"),
		.subject = STR("Trade $x.y is “completed”"),
		.body = STR("A line\nand 'another';\n"),
	};
	notification_made(&one, can_be_sent, at);
	return one;
}

static void make(struct fixture *f, const struct notification *notifications, size_t count)
{
	fixture_engine(f);
	check_status(
		"a batch makes them",
		commit_alone(f, (struct store_writes){ .notifications = notifications, .notification_count = count }),
		ITN_OK);
}

static struct notification stored(struct fixture *f, struct str id)
{
	struct notification found;
	check_status("it is there", store_notification(f->store, f->arena, id, &found), ITN_OK);
	return found;
}

static void check_same(const char *name, const struct notification *actual, const struct notification *expected)
{
	check_str(name, actual->id, expected->id);
	check_str(name, actual->event, expected->event);
	check_int(name, actual->channel, expected->channel);
	check_str(name, actual->to, expected->to);
	check_str(name, actual->subject, expected->subject);
	check_str(name, actual->body, expected->body);
	check_text(name, notification_status_name(actual->status), notification_status_name(expected->status));
	check_int(name, actual->attempts, expected->attempts);
	check_int(name, actual->queued_at, expected->queued_at);
	check_int(name, actual->next_at, expected->next_at);
	check_str(name, actual->last_error, expected->last_error);
	check_int(name, actual->version, expected->version);
}

static void a_batch_makes_notifications(void **state)
{
	struct fixture *f = *state;
	struct notification made[] = { new_one(f, "a", true, 1000), new_one(f, "b", false, 2000) };
	make(f, made, COUNT_OF(made));
	for (size_t i = 0; i < COUNT_OF(made); i++) {
		struct notification found = stored(f, made[i].id);
		check_same(made[i].id.ptr, &found, &made[i]);
	}
	struct notification found;
	check_status("another", store_notification(f->store, f->arena, STR("c-1"), &found), ITN_NOT_FOUND);
	check_status("none", store_notification(f->store, f->arena, STR(""), &found), ITN_NOT_FOUND);
}

static void a_notification_is_made_once(void **state)
{
	struct fixture *f = *state;
	struct notification made = new_one(f, "a", true, 1000);
	make(f, &made, 1);
	struct counter_write counter = { STR("n"), 1 };
	struct store_writes again = {
		.notifications = &made, .notification_count = 1, .counters = &counter, .counter_count = 1
	};
	check_status("again", commit_alone(f, again), ITN_EXISTS);
	check_int("the first one stays", stored(f, made.id).version, 1);
}

static void an_aborted_batch_makes_none(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	drain(f);
	struct notification made = new_one(f, "a", true, 1000), found;
	struct trade_write stale = { &trade, 7 };
	struct store_writes writes = {
		.notifications = &made, .notification_count = 1, .trades = &stale, .trade_count = 1
	};
	check_status("a guard fails", commit_alone(f, writes), ITN_CONFLICT);
	check_status("nothing", store_notification(f->store, f->arena, made.id, &found), ITN_NOT_FOUND);
}

struct seen {
	struct arena *arena;
	struct str ids[64];
	struct store_cursor last;
	size_t count;
};

static void see(void *context, const struct notification *notification)
{
	struct seen *seen = context;
	assert_true(seen->count < COUNT_OF(seen->ids));
	seen->last = (struct store_cursor){ notification->queued_at, arena_str(seen->arena, notification->id) };
	seen->ids[seen->count++] = seen->last.key;
}

static void check_list(struct fixture *f, enum notification_status status, size_t page, const char *expected)
{
	struct seen seen = { .arena = f->arena };
	struct buf text = { 0 };
	size_t before;
	do {
		before = seen.count;
		check_status("a page",
			     store_notifications(f->store, status, before ? &seen.last : NULL, page, see, &seen),
			     ITN_OK);
		check_bool("no more than asked for", seen.count - before <= page, true);
	} while (seen.count - before == page);
	for (size_t i = 0; i < seen.count; i++)
		buf_printf(&text, "%.*s ", STR_ARG(seen.ids[i]));
	check_str(notification_status_name(status), buf_str(&text), str_from(expected));
	buf_free(&text);
}

static void lists_are_by_status_in_pages(void **state)
{
	struct fixture *f = *state;
	struct notification made[] = {
		new_one(f, "d", true, 1000),  new_one(f, "b", true, 2000), new_one(f, "a", true, 2000),
		new_one(f, "c", true, 2000),  new_one(f, "e", true, 3000), new_one(f, "x", false, 2000),
		new_one(f, "w", false, 2000),
	};
	check_list(f, NOTIFICATION_QUEUED, 2, "");
	make(f, made, COUNT_OF(made));
	static const size_t pages[] = { 1, 2, 3, 5, 1000 };
	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		check_list(f, NOTIFICATION_QUEUED, pages[i], "d-1 a-1 b-1 c-1 e-1 ");
		check_list(f, NOTIFICATION_UNSENT, pages[i], "w-1 x-1 ");
		check_list(f, NOTIFICATION_DEAD, pages[i], "");
	}
}

static void check_due(struct fixture *f, int64_t now, size_t max, const char *expected)
{
	struct notification *due = NULL;
	struct buf text = { 0 };
	size_t count = 77;
	check_status("due", store_notifications_due(f->store, f->arena, now, max, &due, &count), ITN_OK);
	for (size_t i = 0; i < count; i++) {
		struct notification whole = stored(f, due[i].id);
		check_same("as a whole", &due[i], &whole);
		buf_printf(&text, "%.*s ", STR_ARG(due[i].id));
	}
	check_str("due", buf_str(&text), str_from(expected));
	buf_free(&text);
}

static void what_is_due_comes_first(void **state)
{
	struct fixture *f = *state;
	struct notification made[] = {
		new_one(f, "c", true, 3000),
		new_one(f, "a", true, 1000),
		new_one(f, "b", true, 2000),
		new_one(f, "u", false, 1000),
	};
	make(f, made, COUNT_OF(made));
	check_due(f, 999, 10, "");
	check_due(f, 1000, 10, "a-1 ");
	check_due(f, 5000, 10, "a-1 b-1 c-1 ");
	check_due(f, 5000, 2, "a-1 b-1 ");
	struct notification failed = made[1];
	notification_failed(&failed, STR("451 later"), false, &patience, 5000, 0);
	check_status("failed", store_notification_change(f->store, &failed, 1), ITN_OK);
	check_due(f, 5999, 10, "b-1 c-1 ");
	check_due(f, 6000, 10, "b-1 c-1 a-1 ");
	struct notification sent = made[2];
	notification_sent(&sent);
	check_status("sent", store_notification_change(f->store, &sent, 1), ITN_OK);
	check_due(f, 6000, 10, "c-1 a-1 ");
	check_list(f, NOTIFICATION_SENT, 10, "b-1 ");
}

static void a_change_is_compare_and_set(void **state)
{
	struct fixture *f = *state;
	struct notification made = new_one(f, "a", true, 1000), changed = made, found;
	make(f, &made, 1);
	notification_failed(&changed, STR("550 no “such” user"), true, &patience, 2000, 0);
	check_status("changed", store_notification_change(f->store, &changed, 1), ITN_OK);
	found = stored(f, made.id);
	check_same("as written", &found, &changed);
	check_status("not twice", store_notification_change(f->store, &changed, 1), ITN_CONFLICT);
	changed.id = STR("b-1");
	check_status("not one that isn't there", store_notification_change(f->store, &changed, 2), ITN_CONFLICT);
	found = stored(f, made.id);
	check_int("nothing else happened", found.version, 2);
}

static void what_is_not_queued_can_be_queued_again(void **state)
{
	struct fixture *f = *state;
	struct notification made[] = {
		new_one(f, "dead", true, 1000),
		new_one(f, "sent", true, 1000),
		new_one(f, "unsent", false, 1000),
		new_one(f, "queued", true, 1000),
	};
	make(f, made, COUNT_OF(made));
	struct notification dead = made[0], sent = made[1];
	notification_failed(&dead, STR("550 no"), true, &patience, 2000, 0);
	notification_sent(&sent);
	check_status("dead", store_notification_change(f->store, &dead, 1), ITN_OK);
	check_status("sent", store_notification_change(f->store, &sent, 1), ITN_OK);
	struct store *elsewhere = fixture_open_again(f);
	for (size_t i = 0; i < 3; i++) {
		const char *name = made[i].id.ptr;
		check_status(name, store_notification_resend(elsewhere, made[i].id, 5000), ITN_OK);
		struct notification found = stored(f, made[i].id);
		check_text(name, notification_status_name(found.status), "queued");
		check_int(name, found.attempts, 0);
		check_int(name, found.queued_at, 5000);
		check_int(name, found.next_at, 5000);
		check_str(name, found.last_error, STR_NONE);
		check_status(name, store_notification_resend(elsewhere, made[i].id, 6000), ITN_CONFLICT);
	}
	check_status("queued", store_notification_resend(elsewhere, made[3].id, 5000), ITN_CONFLICT);
	check_status("none", store_notification_resend(elsewhere, STR("none-1"), 5000), ITN_NOT_FOUND);
	check_due(f, 5000, 10, "queued-1 dead-1 sent-1 unsent-1 ");
	store_close(elsewhere);
}

static void the_old_ones_of_a_status_are_forgotten(void **state)
{
	struct fixture *f = *state;
	struct notification made[8];
	for (int i = 0; i < 8; i++)
		made[i] = new_one(f, (const char *[]){ "a", "b", "c", "d", "e", "f", "g", "h" }[i], i == 7,
				  1000 * (i + 1));
	make(f, made, COUNT_OF(made));
	size_t count = 77;
	check_status("none is so old", store_notifications_forget(f->store, NOTIFICATION_UNSENT, 1000, 10, &count),
		     ITN_OK);
	check_int("none", (long long)count, 0);
	check_status("two at most", store_notifications_forget(f->store, NOTIFICATION_UNSENT, 4000, 2, &count), ITN_OK);
	check_int("two", (long long)count, 2);
	check_list(f, NOTIFICATION_UNSENT, 10, "c-1 d-1 e-1 f-1 g-1 ");
	check_status("the rest", store_notifications_forget(f->store, NOTIFICATION_UNSENT, 4000, 10, &count), ITN_OK);
	check_int("one", (long long)count, 1);
	check_list(f, NOTIFICATION_UNSENT, 10, "d-1 e-1 f-1 g-1 ");
	check_status("another status", store_notifications_forget(f->store, NOTIFICATION_SENT, 9000, 10, &count),
		     ITN_OK);
	check_int("none", (long long)count, 0);
	check_list(f, NOTIFICATION_QUEUED, 10, "h-1 ");
}

static void a_new_store_has_this_program_s_schema(void **state)
{
	struct fixture *f = *state;
	struct store_head head;
	int64_t schema = 0;
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("at once", head.schema, STORE_SCHEMA);
	check_status("nothing to migrate", store_migrate(fixture_engine(f), &schema), ITN_OK);
	check_int("the same", schema, STORE_SCHEMA);
	struct store_engine *heir = fixture_other_engine(f, f->store, "heir");
	check_status("not without the lease", store_migrate(f->engine, &schema), ITN_LOST_LEASE);
	store_engine_close(heir);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(a_batch_makes_notifications),
	CONTRACT(a_notification_is_made_once),
	CONTRACT(an_aborted_batch_makes_none),
	CONTRACT(lists_are_by_status_in_pages),
	CONTRACT(what_is_due_comes_first),
	CONTRACT(a_change_is_compare_and_set),
	CONTRACT(what_is_not_queued_can_be_queued_again),
	CONTRACT(the_old_ones_of_a_status_are_forgotten),
	CONTRACT(a_new_store_has_this_program_s_schema),
};

const struct contract_group contract_notifications = { "notifications", tests, COUNT_OF(tests) };
