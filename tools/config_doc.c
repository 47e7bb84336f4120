/** config-doc: writes docs/configuration.md on stdout. */
#include <stdio.h>
#include <stdlib.h>

#include "core/config.h"

int main(void)
{
	struct buf page = { 0 };
	bool written;

	config_markdown(&page);
	written = fwrite(page.ptr, 1, page.len, stdout) == page.len && fflush(stdout) == 0;
	buf_free(&page);
	return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
