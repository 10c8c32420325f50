/* The columns that documents carry along, behind those of a writer. */
#ifndef SHEAF_REPORT_OWN_H
#define SHEAF_REPORT_OWN_H

#include "base/mem.h"
#include "report/rows.h"

#define SHEAF_I_OURS 3 /* label title date */

typedef struct {
    const sheaf_corpus *c;
    bool has[SHEAF_I_OURS];
    sheaf_i_column *columns; /* all: first the writer's */
    int32_t n;
    sheaf_i_arena arena;
} sheaf_i_own;

/* Behind the n_base columns of `base`: label, title, date where some document has one, then the user's own columns; one
   with a name that is there already gets "input_" in front. To be ended in any case. */
sheaf_status sheaf_i_own_init(sheaf_i_own *own, sheaf_ctx *ctx, const sheaf_corpus *c, const sheaf_i_column *base,
                              int32_t n_base);
/* One more column of the writer behind them; only once. */
sheaf_status sheaf_i_own_more(sheaf_i_own *own, const char *name);
void sheaf_i_own_end(sheaf_i_own *own);
/* The cells behind the writer's. */
void sheaf_i_own_cells(sheaf_i_rows *r, const sheaf_i_own *own, int64_t doc);

#endif
