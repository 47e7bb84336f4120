/** What Redis has of a network and how it is, for an administrator. Changes nothing. */
#ifndef ITN_BUS_VITALS_H
#define ITN_BUS_VITALS_H

#include <stdbool.h>

#include "bus/redis.h"

struct bus_vitals {
	char log[BUS_LOG_MAX + 1]; /**< identity of the log that the stream is of; "" when none is noted */
	bool has_stream;
	int64_t stream_last;   /**< seq that the stream ends with */
	int64_t stream_length; /**< events in it */
	int64_t memory;        /**< bytes in use; 0: Redis does not say */
	int64_t memory_max;    /**< bytes that it may use; 0: no limit */
	char policy[32];       /**< what it does at that limit, such as "noeviction" */
};

/** @param redis, network  the settings of these names
 *  @return ITN_OK, ITN_INVALID (a setting), ITN_UNAVAILABLE (the error says why) */
enum itn_status bus_vitals(const char *redis, const char *network, struct bus_vitals *ret,
			   struct error *error) must_check;

#endif
