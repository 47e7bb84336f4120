/** Identities: 24 lower-case hex digits in the shape of a MongoDB ObjectId (4 bytes seconds, 5 random, 3 counter),
 *  so that ids made later sort later, nearly. Thread-safe; fork-safe (the random part is made anew in a child).
 *
 *  What makes them is in id_new.c, apart, so that a program that must be able to repeat itself links its own source of
 *  chance in its place.
 */
#ifndef ITN_CORE_ID_H
#define ITN_CORE_ID_H

#include <stdbool.h>

#include "core/str.h"

#define ID_LEN 24

/** Writes a new id and a NUL. */
void id_new(char ret[ID_LEN + 1]);
/** Whether it is exactly 24 characters of 0-9a-f. */
bool id_valid(struct str s);
/** `len` random hex digits and a NUL (getrandom(2)); for tokens, log identities and holders. */
void id_random_hex(char *ret, unsigned len);

#endif
