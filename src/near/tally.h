/* Which shingles a number of documents have, exactly. */
#ifndef SHEAF_NEAR_TALLY_H
#define SHEAF_NEAR_TALLY_H

#include "near/job.h"
#include "near/values.h"

/* Leaves the values of a document that are to be counted, each once, in bag->value: *n of them. */
typedef sheaf_status (*sheaf_i_take_fn)(const void *arg, sheaf_i_bag *bag, uint32_t doc, int64_t *n);

/* The values that `least` of the documents have, with the number of those; no more than `bound` are taken in all.
   phase: what the user is told. */
sheaf_status sheaf_i_tally(sheaf_i_values *out, sheaf_i_job *j, const char *phase, const sheaf_i_docs *docs,
                           sheaf_i_take_fn take, const void *arg, int64_t bound, int64_t least);

#endif
