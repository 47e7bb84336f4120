/** The faults of a body as one text, for tables of cases: "pointer detail; pointer detail". */
#ifndef ITN_TESTS_DOMAIN_FAULTS_TEXT_H
#define ITN_TESTS_DOMAIN_FAULTS_TEXT_H

#include "../unit.h"

#include "core/buf.h"
#include "core/fault.h"

static inline struct str faults_text(const struct faults *faults)
{
	struct buf text = { 0 };
	struct str kept;

	for (size_t i = 0; i < faults->count && i < FAULTS_MAX; i++)
		buf_printf(&text, "%s%.*s %.*s", i ? "; " : "", STR_ARG(faults->at[i].pointer),
			   STR_ARG(faults->at[i].detail));
	kept = arena_str(faults->arena, buf_str(&text));
	buf_free(&text);
	return kept;
}

#endif
