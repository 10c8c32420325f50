/* Units: documents with the same set that nothing else tells apart; one of them stands for all in the search.
 *
 * Nothing else: side, and where the options ask for them the date and the field of not_same. All of a unit have the
 * same partners outside, so a thousand identical documents cost one search. Inside a unit all are partners of each
 * other, unless they share a field that partners must not share, or lack the date that they must have.
 */
#ifndef SHEAF_NEAR_UNITS_H
#define SHEAF_NEAR_UNITS_H

#include "near/job.h"

typedef struct {
    sheaf_ctx *ctx;
    int64_t n;
    uint32_t *doc;      /* members, unit after unit, each in the order of keeping */
    uint32_t *start;    /* n + 1; units go by their first members' places in the order of keeping */
    uint32_t *of;       /* the unit of each document, SHEAF_I_NONE: has no set */
    uint32_t *clique;   /* the first document, by id, of the unit with the same words in the same order */
} sheaf_i_units;

sheaf_status sheaf_i_units_make(sheaf_i_units *u, sheaf_i_job *j);
void sheaf_i_units_end(sheaf_i_units *u);

static inline uint32_t sheaf_i_unit_first(const sheaf_i_units *u, int64_t unit) { return u->doc[u->start[unit]]; }
static inline uint32_t sheaf_i_unit_docs(const sheaf_i_units *u, int64_t unit)
{
    return u->start[unit + 1] - u->start[unit];
}
/* Are its members partners of each other? */
static inline bool sheaf_i_unit_mutual(const sheaf_i_job *j, const sheaf_i_units *u, int64_t unit)
{
    if (j->t.part[1] || j->field) return false;
    return !(j->o.window > 0) || j->date[sheaf_i_unit_first(u, unit)] != SHEAF_I_NO_DATE;
}
/* The same words in the same order? */
bool sheaf_i_same_words(const sheaf_i_job *j, int64_t a, int64_t b);

#endif
