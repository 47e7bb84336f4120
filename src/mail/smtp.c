#include "mail/smtp.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

#define REPLY_MAX 200

/* What the conversation is about; a reply belongs to the command before it. */
enum stage { STAGE_GREETING, STAGE_SENDER, STAGE_RECIPIENT, STAGE_CONTENT, STAGE_GOODBYE };

struct smtp {
	CURL *curl; /* NULL: nothing is kept */
	char *url, *ca_file, *user, *password;
	long use_ssl;
	int64_t timeout_ms;
	_Atomic bool stopping;

	/* of the mail on its way */
	struct str message;
	size_t read;
	enum stage stage, replied_at;
	int code; /* of the last reply; 0: none yet */
	bool timed_out;
	char reply[REPLY_MAX];
	char reason[CURL_ERROR_SIZE];
};

static const struct {
	const char *name;
	long use_ssl;
} starttls_modes[] = { { "require", CURLUSESSL_ALL }, { "try", CURLUSESSL_TRY }, { "never", CURLUSESSL_NONE } };

static char *copy(const char *text)
{
	char *new = text ? strdup(text) : NULL;

	if (text && !new)
		memory_exhausted();
	return new;
}

enum itn_status smtp_new(const struct smtp_settings *settings, struct smtp **ret_smtp, struct error *error)
{
	bool always_tls = strncmp(settings->url, "smtps:", 6) == 0 || strcmp(settings->starttls, "require") == 0;
	struct smtp *smtp;

	if (settings->user && !always_tls)
		return error_set(error, ITN_INVALID,
				 "the mail server's user needs smtps:// or STARTTLS required: the password would go "
				 "out in clear");
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return error_set(error, ITN_FAILED, "libcurl can't be used");
	smtp = memory_calloc(1, sizeof(*smtp));
	smtp->url = copy(settings->url);
	smtp->ca_file = copy(settings->ca_file);
	smtp->user = copy(settings->user);
	smtp->password = copy(settings->password);
	smtp->timeout_ms = settings->timeout_ms;
	for (size_t i = 0; i < sizeof(starttls_modes) / sizeof(starttls_modes[0]); i++)
		if (strcmp(settings->starttls, starttls_modes[i].name) == 0)
			smtp->use_ssl = starttls_modes[i].use_ssl;
	*ret_smtp = smtp;
	return ITN_OK;
}

void smtp_rest(struct smtp *smtp)
{
	if (smtp->curl)
		curl_easy_cleanup(smtp->curl);
	smtp->curl = NULL;
}

void smtp_free(struct smtp *smtp)
{
	if (!smtp)
		return;
	smtp_rest(smtp);
	free(smtp->url);
	free(smtp->ca_file);
	free(smtp->user);
	if (smtp->password)
		explicit_bzero(smtp->password, strlen(smtp->password));
	free(smtp->password);
	free(smtp);
	curl_global_cleanup();
}

void smtp_stop(struct smtp *smtp)
{
	smtp->stopping = true;
}

static size_t give_message(char *to, size_t size, size_t count, void *context)
{
	struct smtp *smtp = context;
	size_t len = smtp->message.len - smtp->read, room = size * count;

	len = len < room ? len : room;
	memcpy(to, smtp->message.ptr + smtp->read, len);
	smtp->read += len;
	return len;
}

static size_t take_nothing(char *from unused_arg, size_t size, size_t count, void *context unused_arg)
{
	return size * count;
}

static int go_on(void *context, curl_off_t down unused_arg, curl_off_t downed unused_arg, curl_off_t up unused_arg,
		 curl_off_t upped unused_arg)
{
	return ((struct smtp *)context)->stopping;
}

static void note_command(struct smtp *smtp, const char *line, size_t len)
{
	static const struct {
		const char *verb;
		enum stage stage;
	} verbs[] = {
		{ "MAIL ", STAGE_SENDER },
		{ "RCPT ", STAGE_RECIPIENT },
		{ "DATA", STAGE_CONTENT },
		{ "QUIT", STAGE_GOODBYE },
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (len >= strlen(verbs[i].verb) && memcmp(line, verbs[i].verb, strlen(verbs[i].verb)) == 0)
			smtp->stage = verbs[i].stage;
}

/* "550 5.1.1 no such user": a line of a reply, of which the last one counts. */
static void note_reply(struct smtp *smtp, const char *line, size_t len)
{
	size_t kept = 0;

	if (smtp->stage == STAGE_GOODBYE || len < 3 || strspn(line, "0123456789") < 3)
		return;
	smtp->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	smtp->replied_at = smtp->stage;
	for (size_t i = 0; i < len && kept < sizeof(smtp->reply) - 1; i++)
		if (line[i] >= ' ' && line[i] <= '~')
			smtp->reply[kept++] = line[i];
	smtp->reply[kept] = '\0';
}

static int overhear(CURL *curl unused_arg, curl_infotype type, char *data, size_t len, void *context)
{
	struct smtp *smtp = context;

	if (type == CURLINFO_HEADER_OUT)
		note_command(smtp, data, len);
	else if (type == CURLINFO_DATA_OUT)
		smtp->stage = STAGE_CONTENT;
	else if (type == CURLINFO_HEADER_IN)
		note_reply(smtp, data, len);
	return 0;
}

static CURL *curl_new(struct smtp *smtp)
{
	CURL *curl = curl_easy_init();

	if (!curl)
		memory_exhausted();
	curl_easy_setopt(curl, CURLOPT_URL, smtp->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_USE_SSL, smtp->use_ssl);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (smtp->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, smtp->ca_file);
	if (smtp->user) {
		curl_easy_setopt(curl, CURLOPT_USERNAME, smtp->user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, smtp->password ? smtp->password : "");
	}
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)smtp->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)smtp->timeout_ms);
	/* Also bounds how long a goodbye waits for its answer. */
	curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(smtp->timeout_ms + 999) / 1000);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_message);
	curl_easy_setopt(curl, CURLOPT_READDATA, smtp);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_nothing);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, smtp);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, overhear);
	curl_easy_setopt(curl, CURLOPT_DEBUGDATA, smtp);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, smtp->reason);
	return curl;
}

static enum smtp_result judge(const struct smtp *smtp, CURLcode result, struct error *error)
{
	bool of_this_mail = smtp->replied_at == STAGE_RECIPIENT || smtp->replied_at == STAGE_CONTENT;

	if (result == CURLE_OK)
		return SMTP_TAKEN;
	if (smtp->stopping) {
		error_set(error, ITN_UNAVAILABLE, "broken off");
		return SMTP_STOPPED;
	}
	if (smtp->timed_out || smtp->code < 400) {
		error_set(error, ITN_UNAVAILABLE, "%s", smtp->reason[0] ? smtp->reason : curl_easy_strerror(result));
		return SMTP_AWAY;
	}
	error_set(error, ITN_UNAVAILABLE, "%s", smtp->reply);
	if (!of_this_mail || smtp->code == 421)
		return SMTP_AWAY;
	return smtp->code >= 500 ? SMTP_REFUSED : SMTP_DEFERRED;
}

static CURLcode perform(struct smtp *smtp, const char *from, const char *to, struct str message)
{
	struct curl_slist *recipients = curl_slist_append(NULL, to);
	CURLcode result;

	if (!recipients)
		memory_exhausted();
	if (!smtp->curl)
		smtp->curl = curl_new(smtp);
	smtp->message = message;
	smtp->read = 0;
	smtp->stage = smtp->replied_at = STAGE_GREETING;
	smtp->code = 0;
	smtp->reply[0] = smtp->reason[0] = '\0';
	curl_easy_setopt(smtp->curl, CURLOPT_MAIL_FROM, from);
	curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, recipients);
	curl_easy_setopt(smtp->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)message.len);
	result = curl_easy_perform(smtp->curl);
	smtp->timed_out = result == CURLE_OPERATION_TIMEDOUT;
	curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(recipients);
	return result;
}

/* A server may have enough of a connection after so many mails or so much time. */
static bool was_kept_too_long(const struct smtp *smtp)
{
	long connections = 1;

	curl_easy_getinfo(smtp->curl, CURLINFO_NUM_CONNECTS, &connections);
	return connections == 0 && smtp->read == 0 && !smtp->timed_out;
}

enum smtp_result smtp_send(struct smtp *smtp, const char *from, const char *to, struct str message, struct error *error)
{
	enum smtp_result result = judge(smtp, perform(smtp, from, to, message), error);

	if (result != SMTP_AWAY || !was_kept_too_long(smtp))
		return result;
	smtp_rest(smtp);
	return judge(smtp, perform(smtp, from, to, message), error);
}
