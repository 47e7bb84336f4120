#include "../unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/fault.h"

static void pieces_are_aligned_and_apart(unused_arg void **state)
{
	struct arena *arena = arena_new(64);
	unsigned char *pieces[200];

	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		pieces[i] = arena_alloc(arena, i);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		memset(pieces[i], (int)i, i);
	}
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		for (size_t n = 0; n < i; n++)
			assert_int_equal(pieces[i][n], i);
	}
	arena_free(arena);
}

static void a_piece_may_be_larger_than_any_block(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	char *small = arena_alloc(arena, 10);
	char *large = arena_alloc(arena, 3000000);

	memset(small, 1, 10);
	memset(large, 2, 3000000);
	assert_int_equal(small[9], 1);
	arena_free(arena);
}

static void a_reset_keeps_the_first_block(unused_arg void **state)
{
	struct arena *arena = arena_new(1000);
	void *first = arena_alloc(arena, 100);

	for (int i = 0; i < 100; i++)
		(void)arena_alloc(arena, 500);
	arena_reset(arena);
	assert_ptr_equal(arena_alloc(arena, 100), first);
	arena_free(arena);
}

static void an_unused_arena_can_be_reset_and_freed(unused_arg void **state)
{
	struct arena *arena = arena_new(0);

	arena_reset(arena);
	arena_free(arena);
	arena_free(NULL);
}

static void counted_elements_are_zeroed(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	uint64_t *numbers;

	memset(arena_alloc(arena, 800), 0xFF, 800);
	arena_reset(arena);
	numbers = arena_calloc(arena, 100, sizeof(*numbers));
	for (int i = 0; i < 100; i++)
		assert_int_equal(numbers[i], 0);
	arena_free(arena);
}

static void copies_end_with_nul(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct str copy = arena_str(arena, (struct str){ "abcdef", 3 });

	check_str("a copy", copy, STR("abc"));
	assert_int_equal(copy.ptr[3], 0);
	check_str("a copy with a NUL inside", arena_str(arena, STR("a\0b")), STR("a\0b"));
	check_str("absent stays absent", arena_str(arena, STR_NONE), STR_NONE);
	check_str("empty stays set", arena_str(arena, STR("")), STR(""));
	check_text("a C string", arena_cstr(arena, STR("xyz")), "xyz");
	check_text("an absent C string", arena_cstr(arena, STR_NONE), "");
	arena_free(arena);
}

static void formatted_texts_have_any_length(unused_arg void **state)
{
	struct arena *arena = arena_new(0);

	for (int len = 0; len < 1000; len += 1 + len / 50) {
		struct str text = arena_printf(arena, "%*s", len, "");

		assert_int_equal(text.len, len);
		assert_int_equal(text.ptr[len], 0);
	}
	check_str("a number", arena_printf(arena, "/items/%d", 7), STR("/items/7"));
	arena_free(arena);
}

static int exit_status_of_overflow(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		(void)arena_calloc(arena_new(0), SIZE_MAX / 2, 4);
		_exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void an_overflow_ends_the_process(unused_arg void **state)
{
	assert_int_equal(exit_status_of_overflow(), EX_OSERR);
}

static void an_error_is_one_line_and_cut(unused_arg void **state)
{
	struct error error = { "" };

	check_int("gives its status back", error_set(&error, ITN_UNAVAILABLE, "can't\nreach %s", "it"), ITN_UNAVAILABLE);
	check_text("newlines become spaces", error.text, "can't reach it");
	(void)error_set(&error, ITN_FAILED, "%*s", 2000, "x");
	check_int("cut", (long long)strlen(error.text), (long long)sizeof(error.text) - 1);
	check_int("no error wanted", error_set(NULL, ITN_GAP, "x"), ITN_GAP);
}

static void faults_beyond_the_limit_are_counted(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct faults faults;
	char pointer[] = "/items/0";

	faults_init(&faults, arena);
	assert_false(faults_any(&faults));
	for (int i = 0; i < FAULTS_MAX + 10; i++)
		faults_add(&faults, str_from(pointer), "must be at most %d", i);
	pointer[1] = 'X';
	assert_true(faults_any(&faults));
	check_int("all are counted", (long long)faults.count, FAULTS_MAX + 10);
	check_str("the pointer is copied", faults.at[0].pointer, STR("/items/0"));
	check_str("the last listed one", faults.at[FAULTS_MAX - 1].detail, STR("must be at most 63"));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_aligned_and_apart),
		cmocka_unit_test(a_piece_may_be_larger_than_any_block),
		cmocka_unit_test(a_reset_keeps_the_first_block),
		cmocka_unit_test(an_unused_arena_can_be_reset_and_freed),
		cmocka_unit_test(counted_elements_are_zeroed),
		cmocka_unit_test(copies_end_with_nul),
		cmocka_unit_test(formatted_texts_have_any_length),
		cmocka_unit_test(an_overflow_ends_the_process),
		cmocka_unit_test(an_error_is_one_line_and_cut),
		cmocka_unit_test(faults_beyond_the_limit_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
