#include "engine/pause.h"

#include <poll.h>

#include "core/clock.h"
#include "core/service.h"

void engine_pause(struct bus_listener *listener, int ms)
{
	struct pollfd fds[2] = {
		{ .fd = service_stop_fd(), .events = POLLIN },
		{ .fd = listener ? bus_listener_fd(listener) : -1, .events = POLLIN },
	};
	int64_t end = clock_monotonic_ms() + ms, left = ms;
	int step = service_alive_ms();

	while (left > 0 && poll(fds, 2, left < step ? (int)left : step) == 0) {
		service_alive();
		left = end - clock_monotonic_ms();
	}
	service_alive();
}
