/* Refinement of many documents from a sample of them. */
#ifndef SHEAF_REFINE_SAMPLE_H
#define SHEAF_REFINE_SAMPLE_H

#include "refine/refine.h"

/* label: of all documents of r, 0 .. k - 1 or -1. A sample of those that take part is refined, with split and
   merge and regrouping; then every other one goes where its words gain most by the sums of the sample. `of`: one from
   each of so many. */
sheaf_status sheaf_i_sample_refine(const sheaf_i_rows *r, int32_t k, int32_t *label, double size_weight, int64_t of,
                                   sheaf_i_refine_report *report);

#endif
