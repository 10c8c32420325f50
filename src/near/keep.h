/* What decides which document of a group is kept, and which may be compared: dates, columns, the order of keeping. */
#ifndef SHEAF_NEAR_KEEP_H
#define SHEAF_NEAR_KEEP_H

#include "near/job.h"

/* Fills date and field, where they are asked for, and order. With SHEAF_KEEP_CENTRAL the order is that of
   ids: who is central is only known later. Old documents come last, by id. */
sheaf_status sheaf_i_keep_order(sheaf_i_job *j);

/* May two documents be a pair, as far as side, dates and field go? */
static inline bool sheaf_i_comparable(const sheaf_i_job *j, int64_t a, int64_t b)
{
    if (j->t.part[1] && sheaf_i_side(j, a) == sheaf_i_side(j, b)) return false;
    if (j->field && j->field[a] == j->field[b]) return false;
    if (!(j->o.window > 0)) return true;
    if (j->date[a] == SHEAF_I_NO_DATE || j->date[b] == SHEAF_I_NO_DATE) return false;
    const int64_t apart = j->date[a] > j->date[b] ? j->date[a] - j->date[b] : j->date[b] - j->date[a];
    return (double)apart <= j->o.window * 1e6;
}

#endif
