/** Answers that say what went wrong: application/problem+json (RFC 9457), from one table (problem.def).
 *
 *  Members: type ("/problems/CODE"), title, status, detail, instance (the request's path), requestId,
 *  errors: [{pointer, detail}] when there are faults, error (one line: detail, or the faults joined), message (the same
 *  line, on 404), outcome ("not-done" or "outcome-unknown", on 503 and 507). Both carry Retry-After: 1.
 */
#ifndef ITN_HTTP_PROBLEM_H
#define ITN_HTTP_PROBLEM_H

#include "core/fault.h"
#include "core/status.h"
#include "http/response.h"

enum problem {
#define PROBLEM(name, code, status, title) PROBLEM_##name,
#include "http/problem.def"
#undef PROBLEM
	PROBLEMS
};

/** Makes the answer a problem document; headers set before stay. `faults` may be NULL. The detail is one sentence for
 *  people (NULL: the faults joined, or the title). Texts from clients may be anything: control characters are escaped,
 *  invalid UTF-8 is replaced. Only before anything of the answer was sent. */
void problem_reply(struct http_response *res, enum problem problem, const struct faults *faults, const char *detail, ...)
	printf_like(4, 5);

/** For documents and tests. */
const char *problem_code(enum problem problem);
int problem_status(enum problem problem);
const char *problem_title(enum problem problem);

#endif
