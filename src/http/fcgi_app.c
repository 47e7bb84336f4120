#include "http/fcgi_app.h"

#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/log.h"
#include "core/memory.h"
#include "http/fcgi.h"
#include "http/fcgi_reader.h"

#define HEADER FCGI_HEADER_LEN
/** Parameters and the headers around them, in pages, and room to spare. */
#define PIPE_BYTES (2 * FCGI_PARAMS_BYTES_MAX)
/** What libfcgi may write at the end of a request: its buffer, the end of STDOUT, END_REQUEST. */
#define END_MAX (HEADER + FCGI_APP_RECORD + 3 * HEADER)

struct fcgi_app {
	FCGX_Request request;
	int pipe_in;
	int pipe_out; /**< what libfcgi reads */
};

enum itn_status fcgi_app_set_up(struct error *error)
{
	static const int numbers[] = { SIGPIPE, SIGUSR1, SIGTERM };
	struct sigaction before[3];
	for (size_t i = 0; i < 3; i++)
		(void)sigaction(numbers[i], NULL, &before[i]);
	if (before[0].sa_handler == SIG_DFL)
		before[0].sa_handler = SIG_IGN;
	int code = FCGX_Init();
	for (size_t i = 0; i < 3; i++)
		(void)sigaction(numbers[i], &before[i], NULL);
	return code == 0 ? ITN_OK : error_set(error, ITN_FAILED, "libfcgi can't start: %d", code);
}

/** Neither end blocks: a fault is an error then, never a thread that waits. */
static bool open_pipe(struct fcgi_app *app)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	if (fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES) < PIPE_BYTES) {
		int code = errno;
		close(fds[0]);
		close(fds[1]);
		errno = code;
		return false;
	}
	app->pipe_out = fds[0];
	app->pipe_in = fds[1];
	return true;
}

enum itn_status fcgi_app_new(struct fcgi_app **ret, struct error *error)
{
	struct fcgi_app *app = memory_calloc(1, sizeof(*app));
	FCGX_InitRequest(&app->request, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	app->request.keepConnection = 1;
	if (!open_pipe(app)) {
		free(app);
		return error_set(error, ITN_FAILED, "can't make a pipe of %d bytes: %s", PIPE_BYTES, strerror(errno));
	}
	*ret = app;
	return ITN_OK;
}

static void close_pipe(struct fcgi_app *app)
{
	if (app->pipe_out >= 0)
		close(app->pipe_out);
	if (app->pipe_in >= 0)
		close(app->pipe_in);
	app->pipe_out = app->pipe_in = -1;
}

void fcgi_app_free(struct fcgi_app *app)
{
	if (!app)
		return;
	fcgi_app_release(app);
	close_pipe(app);
	free(app);
}

/** BEGIN_REQUEST, PARAMS and their end in one write. A record holds 65,535 bytes, so there may be two of PARAMS. */
static bool write_request(struct fcgi_app *app, uint16_t id, struct str params)
{
	unsigned char begin[2 * HEADER] = { 0 }, first[HEADER], second[HEADER], last[HEADER];
	size_t part = params.len > FCGI_MAX_LENGTH ? FCGI_MAX_LENGTH : params.len, rest = params.len - part;
	char *bytes = (char *)(uintptr_t)params.ptr;
	fcgi_header(begin, FCGI_BEGIN_REQUEST, id, HEADER, 0);
	begin[HEADER + 1] = FCGI_RESPONDER;
	begin[HEADER + 2] = FCGI_KEEP_CONN;
	fcgi_header(first, FCGI_PARAMS, id, part, 0);
	fcgi_header(second, FCGI_PARAMS, id, rest, 0);
	fcgi_header(last, FCGI_PARAMS, id, 0, 0);
	struct iovec parts[] = {
		{ begin, sizeof(begin) },        { first, part ? HEADER : 0 },
		{ bytes, part },                 { second, rest ? HEADER : 0 },
		{ rest ? bytes + part : NULL, rest }, { last, HEADER },
	};
	size_t len = sizeof(begin) + (part ? HEADER + part : 0) + (rest ? HEADER + rest : 0) + HEADER;
	return writev(app->pipe_in, parts, 6) == (ssize_t)len;
}

/** libfcgi closes the end that it reads when it does not like what it reads; what it left there must not be the
 *  beginning of the next request either. */
static void renew_pipe(struct fcgi_app *app)
{
	log_error("libfcgi took no request", LOG_INT("errno", errno));
	if (app->request.ipcFd < 0)
		app->pipe_out = -1;
	FCGX_Free(&app->request, 0);
	app->request.ipcFd = -1;
	app->request.keepConnection = 1;
	close_pipe(app);
	(void)open_pipe(app);
}

/** NAME=VALUE texts; the first is libfcgi's own, FCGI_ROLE. */
static size_t split_variables(char *const *texts, struct arena *arena, struct http_variable **ret)
{
	size_t count = 0, taken = 0;
	while (texts[count])
		count++;
	struct http_variable *variables = arena_calloc(arena, count, sizeof(*variables));
	for (size_t i = 1; i < count; i++) {
		char *sign = strchr(texts[i], '=');
		if (!sign)
			continue;
		variables[taken].name = (struct str){ texts[i], (size_t)(sign - texts[i]) };
		variables[taken++].value = str_from(sign + 1);
	}
	*ret = variables;
	return taken;
}

bool fcgi_app_begin(struct fcgi_app *app, uint16_t id, struct str params, int fd, struct arena *arena,
		    struct http_variable **ret, size_t *ret_count)
{
	FCGX_Request *request = &app->request;
	request->ipcFd = app->pipe_out;
	if (app->pipe_out < 0 || !write_request(app, id, params) || FCGX_Accept_r(request) != 0 ||
	    FCGX_GetError(request->in) != 0) {
		renew_pipe(app);
		return false;
	}
	request->ipcFd = fd;
	*ret_count = split_variables(request->envp, arena, ret);
	return true;
}

bool fcgi_app_write(struct fcgi_app *app, struct str bytes)
{
	return FCGX_PutStr(bytes.ptr, (int)bytes.len, app->request.out) == (int)bytes.len &&
	       FCGX_GetError(app->request.out) == 0;
}

bool fcgi_app_flush(struct fcgi_app *app)
{
	return FCGX_FFlush(app->request.out) == 0 && FCGX_GetError(app->request.out) == 0;
}

/** What FCGX_Finish_r() does, without its closing of a connection that did not take the end. */
static bool close_streams(struct fcgi_app *app)
{
	bool closed = FCGX_FClose(app->request.err) == 0;
	return FCGX_FClose(app->request.out) == 0 && closed;
}

static bool send_all(int fd, const unsigned char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

/** A peer must not see the end without the mark, or it could have sent its next request before the mark comes. So
 *  libfcgi's end takes the way through the pipe. */
static bool finish_marked(struct fcgi_app *app)
{
	unsigned char end[END_MAX + HEADER];
	int fd = app->request.ipcFd;
	app->request.ipcFd = app->pipe_in;
	bool closed = close_streams(app);
	app->request.ipcFd = fd;
	ssize_t len = read(app->pipe_out, end, END_MAX);
	if (!closed || len < 0)
		return false;
	fcgi_header(end + len, FCGI_STDOUT, (uint16_t)app->request.requestId, 0, 0);
	return send_all(fd, end, (size_t)len + HEADER);
}

bool fcgi_app_finish(struct fcgi_app *app, bool mark)
{
	if (FCGX_GetError(app->request.out) != 0)
		return false;
	return mark ? finish_marked(app) : close_streams(app);
}

void fcgi_app_release(struct fcgi_app *app)
{
	FCGX_Free(&app->request, 0);
	app->request.ipcFd = -1;
}
