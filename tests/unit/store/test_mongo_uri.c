#include "../unit.h"

#include <string.h>

#include "core/config.h"
#include "store/store.h"

static void a_uri_that_can_t_be_used_is_refused_without_its_password(unused_arg void **state)
{
	static const struct {
		const char *name, *uri, *part;
	} cases[] = {
		{ "a colon in it", "mongodb://user:tuna:fish@127.0.0.1:1/", "percent-encoded" },
		{ "an @ in it", "mongodb://user:tuna@fish@127.0.0.1:1/", "percent-encoded" },
		{ "a slash in it", "mongodb://user:tuna/fish@127.0.0.1:1/", "percent-encoded" },
		{ "like a port, then a slash", "mongodb://user:1/tunafish@127.0.0.1:1/", "percent-encoded" },
		{ "a question mark in it", "mongodb://user:1?tuna=fish@127.0.0.1:1/", "percent-encoded" },
		{ "a bracket in it", "mongodb://user:tuna[fish@127.0.0.1:1/", "percent-encoded" },
		{ "a slash in the name", "mongodb://tuna/fish@127.0.0.1:1/", "percent-encoded" },
		{ "half an escape", "mongodb://user:tunafish%2@127.0.0.1:1/", "password" },
		{ "no host", "mongodb://user:tunafish@", "URI" },
		{ "a port that is none", "mongodb://user:tunafish@127.0.0.1:port/", "host" },
		{ "a database", "mongodb://user:tunafish@127.0.0.1:1/mine", "mine" },
		{ "an option that is wrong", "mongodb://user:tunafish@127.0.0.1:1/?tls=maybe", "tls" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config = { .store = cases[i].uri, .network = "itn", .threads = 2, .store_timeout_ms = 200 };
		struct error error = { "" };
		struct store *store = NULL;

		check_int(cases[i].name, store_open(&config, &store, &error), ITN_FAILED);
		check_has(cases[i].name, error.text, cases[i].part);
		if (strstr(error.text, "tuna") || strstr(error.text, "fish"))
			fail_msg("%s: the password is told: %s", cases[i].name, error.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uri_that_can_t_be_used_is_refused_without_its_password),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
