#include "mail/credential.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"

#define SECRET_MAX 1024

static enum itn_status read_line(FILE *file, const char *path, char **ret_secret, struct error *error)
{
	char line[SECRET_MAX + 2];
	size_t len = fread(line, 1, sizeof(line) - 1, file);
	enum itn_status status = ITN_OK;

	if (ferror(file))
		return error_set(error, ITN_INVALID, "%s can't be read", path);
	while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	line[len] = '\0';
	if (len == 0 || len > SECRET_MAX || strlen(line) != len || strpbrk(line, "\r\n"))
		status = error_set(error, ITN_INVALID, "%s must have one line of at most %d bytes", path, SECRET_MAX);
	else if (!(*ret_secret = strdup(line)))
		memory_exhausted();
	explicit_bzero(line, sizeof(line));
	return status;
}

enum itn_status credential_read(const char *path, const char *name, char **ret_secret, struct error *error)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char passed[4096];
	enum itn_status status;
	FILE *file;

	*ret_secret = NULL;
	if (!path && folder && *folder) {
		snprintf(passed, sizeof(passed), "%s/%s", folder, name);
		path = access(passed, F_OK) == 0 ? passed : NULL;
	}
	if (!path)
		return ITN_OK;
	file = fopen(path, "re");
	if (!file)
		return error_set(error, ITN_INVALID, "%s can't be read: %s", path, strerror(errno));
	setvbuf(file, NULL, _IONBF, 0);
	status = read_line(file, path, ret_secret, error);
	fclose(file);
	return status;
}
