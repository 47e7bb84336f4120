#include "core/id.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/random.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic uint64_t process_part;
static _Atomic uint32_t counter;

static void fill_random(void *bytes, size_t size)
{
	char *at = bytes;

	while (size) {
		ssize_t got = getrandom(at, size, 0);

		if (got < 0 && errno != EINTR)
			_exit(EX_OSERR);
		if (got > 0) {
			at += got;
			size -= (size_t)got;
		}
	}
}

static void seed(void)
{
	uint64_t part;
	uint32_t start;

	fill_random(&part, sizeof(part));
	fill_random(&start, sizeof(start));
	atomic_store(&process_part, part);
	atomic_store(&counter, start);
}

static void seed_first(void)
{
	seed();
	pthread_atfork(NULL, NULL, seed);
}

static void put_hex(char *at, uint64_t value, unsigned digits)
{
	while (digits--) {
		at[digits] = "0123456789abcdef"[value & 15];
		value >>= 4;
	}
}

void id_new(char ret[ID_LEN + 1])
{
	struct timespec now;

	pthread_once(&once, seed_first);
	clock_gettime(CLOCK_REALTIME, &now);
	put_hex(ret, (uint64_t)now.tv_sec, 8);
	put_hex(ret + 8, atomic_load(&process_part), 10);
	put_hex(ret + 18, atomic_fetch_add(&counter, 1), 6);
	ret[ID_LEN] = '\0';
}

void id_random_hex(char *ret, unsigned len)
{
	for (unsigned i = 0; i < len; i += 16) {
		uint64_t part;

		fill_random(&part, sizeof(part));
		put_hex(ret + i, part, len - i < 16 ? len - i : 16);
	}
	ret[len] = '\0';
}
