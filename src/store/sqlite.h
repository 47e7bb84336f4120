/** The store engine for SQLite on one host: URIs of the form sqlite:PATH (relative to the working directory). */
#ifndef ITN_STORE_SQLITE_H
#define ITN_STORE_SQLITE_H

#include "store/engine_ops.h"

extern const struct store_ops sqlite_ops;

#endif
