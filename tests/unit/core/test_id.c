#include "../unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/id.h"
#include "core/status.h"

#define THREADS 4
#define EACH    5000

static char made[THREADS * EACH][ID_LEN + 1];

static void *make_ids(void *first)
{
	char (*ids)[ID_LEN + 1] = first;

	for (int i = 0; i < EACH; i++)
		id_new(ids[i]);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, ID_LEN);
}

static void ids_of_many_threads_differ(unused_arg void **state)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_ids, made[i * EACH]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	qsort(made, COUNT_OF(made), sizeof(made[0]), compare);
	for (size_t i = 0; i < COUNT_OF(made); i++) {
		assert_true(id_valid(str_from(made[i])));
		assert_true(i == 0 || compare(made[i - 1], made[i]) != 0);
	}
}

static void an_id_begins_with_its_second(unused_arg void **state)
{
	char id[ID_LEN + 1];
	char second[9];
	time_t before = time(NULL);
	long made_at;

	id_new(id);
	memcpy(second, id, 8);
	second[8] = '\0';
	made_at = strtol(second, NULL, 16);
	assert_true(made_at >= before - 1 && made_at <= time(NULL) + 1);
}

static void a_child_has_a_random_part_of_its_own(unused_arg void **state)
{
	char mine[ID_LEN + 1];
	char child[ID_LEN + 1] = "";
	int ends[2];
	pid_t pid;

	id_new(mine);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		id_new(child);
		_exit(write(ends[1], child, ID_LEN) == ID_LEN ? 0 : 1);
	}
	assert_int_equal(read(ends[0], child, ID_LEN), ID_LEN);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_memory_not_equal(mine + 8, child + 8, 10);
	close(ends[0]);
	close(ends[1]);
}

static void only_24_lower_case_hex_digits_are_an_id(unused_arg void **state)
{
	static const struct {
		struct str text;
		bool valid;
	} cases[] = {
		{ STR("0123456789abcdef01234567"), true },
		{ STR("0123456789ABCDEF01234567"), false },
		{ STR("0123456789abcdef0123456"), false },
		{ STR("0123456789abcdef012345678"), false },
		{ STR("0123456789abcdeg01234567"), false },
		{ STR("0123456789abcde\0" "01234567"), false },
		{ STR(""), false },
		{ STR_NONE, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_bool(cases[i].text.ptr ? cases[i].text.ptr : "absent", id_valid(cases[i].text), cases[i].valid);
}

static void random_digits_have_the_asked_length(unused_arg void **state)
{
	char before[65] = "";

	for (unsigned len = 0; len <= 64; len++) {
		char digits[66];

		memset(digits, '!', sizeof(digits));
		id_random_hex(digits, len);
		assert_int_equal(strspn(digits, "0123456789abcdef"), len);
		assert_int_equal(digits[len], '\0');
		assert_int_equal(digits[len + 1], '!');
		assert_true(len < 16 || memcmp(before, digits, 15) != 0);
		memcpy(before, digits, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_of_many_threads_differ),
		cmocka_unit_test(an_id_begins_with_its_second),
		cmocka_unit_test(a_child_has_a_random_part_of_its_own),
		cmocka_unit_test(only_24_lower_case_hex_digits_are_an_id),
		cmocka_unit_test(random_digits_have_the_asked_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
