/** man-page PROGRAM SUMMARY: makes a manual page of a template on stdin, on stdout.
 *
 *  A template is mdoc(7). In it @SUMMARY@ is what the program says of itself, and a line @SETTINGS@ becomes the items
 * of its rows of config.def.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/config.h"

static void add_line(struct buf *page, const char *line, const char *summary, enum config_user who)
{
	const char *mark = strstr(line, "@SUMMARY@");

	if (strcmp(line, "@SETTINGS@\n") == 0)
		config_mdoc(page, who);
	else if (mark)
		buf_printf(page, "%.*s%s%s", (int)(mark - line), line, summary, mark + strlen("@SUMMARY@"));
	else
		buf_add_cstr(page, line);
}

int main(int argc, char **argv)
{
	enum config_user who = argc == 3 ? config_user_of(argv[1]) : 0;
	struct buf page = { 0 };
	char line[512];
	bool written;

	if (!who) {
		fputs("usage: man-page PROGRAM SUMMARY <TEMPLATE >PAGE\n", stderr);
		return EX_USAGE;
	}
	while (fgets(line, sizeof(line), stdin))
		add_line(&page, line, argv[2], who);
	written = !ferror(stdin) && fwrite(page.ptr, 1, page.len, stdout) == page.len && fflush(stdout) == 0;
	buf_free(&page);
	return written ? EXIT_SUCCESS : EX_IOERR;
}
