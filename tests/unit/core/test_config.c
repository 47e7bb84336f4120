#include "../unit.h"

#include <stdlib.h>

#include "core/config.h"

/* argv with a program name before and NULL behind. */
#define ARGS(...) ((char *[]){ "itn-test" __VA_OPT__(, ) __VA_ARGS__, NULL })

static const char *const variables[] = {
#define CONFIG_UINT(key, env, def, min, max, who, help) #env,
#define CONFIG_OCTAL(key, env, def, who, help)          #env,
#define CONFIG_BOOL(key, env, def, who, help)           #env,
#define CONFIG_ENUM(key, env, def, values, who, help)   #env,
#define CONFIG_STR(key, env, def, who, help)            #env,
#define CONFIG_TEXT(key, env, def, form, who, help)     #env,
#include "core/config.def"
#undef CONFIG_UINT
#undef CONFIG_OCTAL
#undef CONFIG_BOOL
#undef CONFIG_ENUM
#undef CONFIG_STR
#undef CONFIG_TEXT
};

static int clear_environment(unused_arg void **state)
{
	for (size_t i = 0; i < COUNT_OF(variables); i++)
		unsetenv(variables[i]);
	return 0;
}

static enum itn_status load(struct config *config, enum config_user who, char **argv, struct buf *problems)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return config_load(config, who, argc, argv, problems);
}

static void load_well(struct config *config, enum config_user who, char **argv)
{
	struct buf problems = { 0 };
	enum itn_status status = load(config, who, argv, &problems);

	check_str("problems", buf_str(&problems), STR(""));
	assert_int_equal(status, ITN_OK);
	buf_free(&problems);
}

static void defaults_hold_without_anything(unused_arg void **state)
{
	struct config config;

	load_well(&config, CONFIG_ALL, ARGS());
	check_text("network", config.network, "itn");
	check_text("store", config.store, "sqlite:itn.db");
	check_int("threads", (long long)config.threads, 16);
	check_int("socket mode as bits", config.socket_mode, 0600);
}

static void every_default_passes_its_own_check(unused_arg void **state)
{
	struct config defaults;
	struct config again;
	char number[32];

	config_defaults(&defaults);
#define CONFIG_UINT(key, env, def, min, max, who, help)                 \
	snprintf(number, sizeof(number), "%llu", (unsigned long long)defaults.key); \
	setenv(#env, number, 1);
#define CONFIG_OCTAL(key, env, def, who, help)                \
	snprintf(number, sizeof(number), "%o", defaults.key); \
	setenv(#env, number, 1);
#define CONFIG_BOOL(key, env, def, who, help)         setenv(#env, defaults.key ? "yes" : "no", 1);
#define CONFIG_ENUM(key, env, def, values, who, help) setenv(#env, defaults.key, 1);
#define CONFIG_STR(key, env, def, who, help)          setenv(#env, defaults.key, 1);
#define CONFIG_TEXT(key, env, def, form, who, help)   setenv(#env, defaults.key, 1);
#include "core/config.def"
#undef CONFIG_UINT
#undef CONFIG_OCTAL
#undef CONFIG_BOOL
#undef CONFIG_ENUM
#undef CONFIG_STR
#undef CONFIG_TEXT
	load_well(&again, CONFIG_ALL, ARGS());
	check_int("threads", (long long)again.threads, (long long)defaults.threads);
}

static void a_flag_stands_above_the_environment(unused_arg void **state)
{
	struct config config;

	setenv("ITN_THREADS", "8", 1);
	setenv("ITN_NETWORK", "mars", 1);
	setenv("ITN_LOG_LEVEL", "", 1);
	load_well(&config, CONFIG_ALL, ARGS());
	check_int("the environment above the default", (long long)config.threads, 8);
	check_text("an empty variable is not set", config.log_level, "info");
	load_well(&config, CONFIG_ALL, ARGS("--threads=4", "--log-level", "debug"));
	check_int("a flag with =", (long long)config.threads, 4);
	check_text("a flag with its value behind", config.log_level, "debug");
	check_text("others stay", config.network, "mars");
	load_well(&config, CONFIG_ALL, ARGS("--threads=4", "--threads=5", "--check-config"));
	check_int("the last one wins", (long long)config.threads, 5);
}

static void settings_of_other_programs_are_not_looked_at(unused_arg void **state)
{
	struct buf problems = { 0 };
	struct config config;

	setenv("ITN_THREADS", "many", 1);
	load_well(&config, CONFIG_GATEWAY, ARGS());
	assert_int_equal(load(&config, CONFIG_GATEWAY, ARGS("--threads=4"), &problems), ITN_INVALID);
	check_str("their flags are unknown", buf_str(&problems),
		  STR("--threads=4 is no flag of this program; --help names them\n"));
	buf_free(&problems);
}

static void values_are_checked(unused_arg void **state)
{
	static const struct {
		const char *flag;
		bool valid;
	} cases[] = {
		{ "--threads=2", true },
		{ "--threads=256", true },
		{ "--threads=1", false },
		{ "--threads=257", false },
		{ "--threads=", false },
		{ "--threads=-4", false },
		{ "--threads=+4", false },
		{ "--threads= 4", false },
		{ "--threads=4x", false },
		{ "--threads=0x4", false },
		{ "--threads=18446744073709551620", false },
		{ "--threads=99999999999999999999999999", false },
		{ "--socket-mode=660", true },
		{ "--socket-mode=0660", true },
		{ "--socket-mode=777", true },
		{ "--socket-mode=1777", false },
		{ "--socket-mode=680", false },
		{ "--socket-mode=rw", false },
		{ "--log-level=debug", true },
		{ "--log-level=Debug", false },
		{ "--log-level=deb", false },
		{ "--log-level=debug|info", false },
		{ "--log-level=", false },
		{ "--network=mars-7_b", true },
		{ "--network=0123456789abcdef0123456789abcdef", true },
		{ "--network=0123456789abcdef0123456789abcdef0", false },
		{ "--network=Mars", false },
		{ "--network=a.b", false },
		{ "--network=a b", false },
		{ "--network=", false },
		{ "--store=sqlite:/var/lib/itn.db", true },
		{ "--store=mongodb://h1,h2/?replicaSet=rs0", true },
		{ "--store=sqlite:", false },
		{ "--store=/var/lib/itn.db", false },
		{ "--store=postgres://h", false },
		{ "--redis=127.0.0.1:6379", true },
		{ "--redis=unix:/run/redis.sock", true },
		{ "--redis=[::1]:6379", true },
		{ "--redis=::1:6379", false },
		{ "--redis=localhost", false },
		{ "--redis=localhost:", false },
		{ "--redis=:6379", false },
		{ "--redis=localhost:65536", false },
		{ "--redis=unix:", false },
		{ "--api-listen=inherited", true },
		{ "--api-listen=unix:/run/itn/api.sock", true },
		{ "--api-listen=127.0.0.1:9000", true },
		{ "--api-listen=nowhere", false },
		{ "--api-peers=127.0.0.1", true },
		{ "--api-peers=10.0.0.1,fe80::1", true },
		{ "--api-peers=10.0.0.1,", false },
		{ "--api-peers=10.0.0.1, 10.0.0.2", false },
		{ "--api-peers=localhost", false },
		{ "--api-url=http://127.0.0.1:3000", true },
		{ "--api-url=http://api.example/base", true },
		{ "--api-url=http://", false },
		{ "--api-url=http:///x", false },
		{ "--api-url=ftp://x", false },
		{ "--smtp-url=none", true },
		{ "--smtp-url=smtp://mail.example.org", true },
		{ "--smtp-url=smtps://[::1]:465/me.example.org", true },
		{ "--smtp-url=smtp://", false },
		{ "--smtp-url=smtp:///x", false },
		{ "--smtp-url=http://mail.example.org", false },
		{ "--smtp-url=smtp://user:secret@mail.example.org", false },
		{ "--smtp-url=mail.example.org", false },
		{ "--mail-admins=none", true },
		{ "--mail-admins=a@example.org", true },
		{ "--mail-admins=a@example.org,b@example.org", true },
		{ "--mail-admins=a@example.org,", false },
		{ "--mail-admins=,a@example.org", false },
		{ "--mail-admins=a@example.org, b@example.org", false },
		{ "--mail-admins=somebody", false },
		{ "--instance=itn-api@1", true },
		{ "--instance=a.b:c_d-e", true },
		{ "--instance=../x", false },
		{ "--instance=.x", false },
		{ "--instance=x/y", false },
		{ "--instance=x y", false },
		{ "--instance=0123456789012345678901234567890123456789012345678901234567890123", false },
		{ "--no-such-setting=1", false },
		{ "--log_level=info", false },
		{ "--log-leve=info", false },
		{ "--log-levels=info", false },
		{ "--threads", false },
		{ "--", false },
		{ "-v", false },
		{ "word", false },
		{ "", false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf problems = { 0 };
		struct config config;
		enum itn_status status = load(&config, CONFIG_ALL, ARGS((char *)cases[i].flag), &problems);

		check_bool(cases[i].flag, status == ITN_OK, cases[i].valid);
		check_bool(cases[i].flag, problems.len == 0, cases[i].valid);
		buf_free(&problems);
	}
}

static void all_faults_are_named_at_once(unused_arg void **state)
{
	struct buf problems = { 0 };
	struct config config;

	setenv("ITN_THREADS", "many", 1);
	setenv("ITN_STORE", "postgres://user:secret@host", 1);
	assert_int_equal(load(&config, CONFIG_ALL, ARGS("--log-level=\nx", "--body-max"), &problems), ITN_INVALID);
	check_str("problems", buf_str(&problems),
		  STR("ITN_STORE (--store) must be sqlite:PATH or a mongodb:// URI, not 'postgres://...'\n"
		      "ITN_THREADS (--threads) must be a number from 2 to 256, not 'many'\n"
		      "ITN_LOG_LEVEL (--log-level) must be one of debug|info|warn|error, not '?x'\n"
		      "--body-max needs a value\n"));
	buf_free(&problems);
}

static void actions_are_found_among_flags(unused_arg void **state)
{
	check_int("none", config_action(1, ARGS()), CONFIG_RUN);
	check_int("help", config_action(2, ARGS("--help")), CONFIG_HELP);
	check_int("version", config_action(3, ARGS("--threads=1", "--version")), CONFIG_VERSION);
	check_int("check", config_action(4, ARGS("--threads", "4", "--check-config")), CONFIG_CHECK);
	check_int("a value is no action", config_action(3, ARGS("--network", "--help")), CONFIG_RUN);
}

static void help_and_document_have_every_row(unused_arg void **state)
{
	struct buf help = { 0 };
	struct buf page = { 0 };
	struct buf engine = { 0 };

	config_help(&help, CONFIG_ALL);
	config_help(&engine, CONFIG_ENGINE);
	config_markdown(&page);
	buf_add_char(&help, '\0');
	buf_add_char(&page, '\0');
	buf_add_char(&engine, '\0');
	for (size_t i = 0; i < COUNT_OF(variables); i++) {
		check_has("help", help.ptr, variables[i]);
		check_has("page", page.ptr, variables[i]);
	}
	check_has("the engine's", engine.ptr, "ITN_LEASE_MS");
	assert_null(strstr(engine.ptr, "ITN_GATEWAY_LISTEN"));
	check_has("permission bits in octal", help.ptr, "--socket-mode=600 ");
	buf_free(&help);
	buf_free(&page);
	buf_free(&engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(defaults_hold_without_anything, clear_environment),
		cmocka_unit_test_setup(every_default_passes_its_own_check, clear_environment),
		cmocka_unit_test_setup(a_flag_stands_above_the_environment, clear_environment),
		cmocka_unit_test_setup(settings_of_other_programs_are_not_looked_at, clear_environment),
		cmocka_unit_test_setup(values_are_checked, clear_environment),
		cmocka_unit_test_setup(all_faults_are_named_at_once, clear_environment),
		cmocka_unit_test_setup(actions_are_found_among_flags, clear_environment),
		cmocka_unit_test_setup(help_and_document_have_every_row, clear_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
