/* Shingles that so many documents have that they count for nothing: signatures, disclaimers, navigation. */
#ifndef SHEAF_NEAR_FREQUENT_H
#define SHEAF_NEAR_FREQUENT_H

#include "near/job.h"
#include "near/values.h"

typedef struct sheaf_i_common {
    sheaf_i_values values;
} sheaf_i_common;

static inline bool sheaf_i_common_has(const sheaf_i_common *c, uint64_t value)
{
    return sheaf_i_values_find(&c->values, value) >= 0;
}

/* Finds them exactly: those in more than the share of all documents, and in two at least. */
sheaf_status sheaf_i_common_find(sheaf_i_common *c, sheaf_i_job *j);

#endif
