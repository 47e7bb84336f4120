/** Results of fallible functions, and the attributes that make callers look at them. */
#ifndef ITN_CORE_STATUS_H
#define ITN_CORE_STATUS_H

#define must_check             __attribute__((warn_unused_result))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define unused_arg             __attribute__((unused))

/** What became of a call. Results come back through `ret_` parameters, written only on ITN_OK. */
enum itn_status {
	ITN_OK = 0,
	ITN_INVALID,     /**< the caller's data are wrong; the error or faults say where */
	ITN_NOT_FOUND,   /**< nothing has this key */
	ITN_EXISTS,      /**< something else has this key already */
	ITN_CONFLICT,    /**< somebody else changed it first: read again and decide again */
	ITN_FULL,        /**< a bounded queue has no room; nothing was done */
	ITN_NO_ROOM,     /**< the disk that the store lies on is full; nothing was done */
	ITN_UNAVAILABLE, /**< the store or the bus does not answer; nothing was done */
	ITN_UNKNOWN,     /**< handed over, but whether it took effect is not known */
	ITN_LOST_LEASE,  /**< another engine holds the lease */
	ITN_GAP,         /**< the position is of another log or beyond the end of this one */
	ITN_FAILED,      /**< it can't work as it stands (wrong schema, corrupt file, a bug): don't retry */
};

/** The name of a status for logs, such as "unavailable". Never NULL. */
const char *itn_status_name(enum itn_status status);

#endif
