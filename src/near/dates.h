/* Dates as text to moments in time. */
#ifndef SHEAF_NEAR_DATES_H
#define SHEAF_NEAR_DATES_H

#include <stdbool.h>
#include <stdint.h>

#include "sheaf/sheaf.h"

/* ISO 8601: YYYY, YYYY-MM, YYYY-MM-DD, with a time hh:mm, hh:mm:ss or hh:mm:ss.f behind T or a space, and a zone Z,
   +hh, +hhmm or +hh:mm. What is left out is the first one: month, day, midnight, UTC. *us: microseconds since 1970.
   False: no such date. */
bool sheaf_i_parse_date(sheaf_str s, int64_t *us);

#endif
