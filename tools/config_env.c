/** config-env: writes the sample of the daemons' environment file on stdout. Arguments are what it gives instead of a default,
 *  NAME=VALUE, and what it leaves out, NAME=. */
#include <stdio.h>
#include <stdlib.h>

#include "core/config.h"

static const char head[] =
	"# Settings of the Intergalactic Trade Network's daemons, read by their systemd units; the default of each is shown. After a\n"
	"# change: systemctl restart itn.target. A value with white space, quotes or backslashes stands in double quotes; as it may\n"
	"# hold a password (ITN_STORE), only root may read this file.\n";

int main(int argc unused_arg, char **argv)
{
	struct buf sample = { 0 };
	bool written;

	buf_add_cstr(&sample, head);
	config_sample(&sample, (const char *const *)argv + 1);
	written = fwrite(sample.ptr, 1, sample.len, stdout) == sample.len && fflush(stdout) == 0;
	buf_free(&sample);
	return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
