/* sheaf align */
#include <stdio.h>

#include "settings.h"

typedef struct {
    const sheaf_align *a;
    const sheaf_table *new_run;
    const sheaf_align_opts *o;
} aligned;

static sheaf_status write_clusters(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    const aligned *a = what;
    return sheaf_write_align(out, a->a, o);
}

static sheaf_status write_documents(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    const aligned *a = what;
    return sheaf_write_aligned(out, a->a, a->new_run, a->o, o);
}

static void summary_of(const settings *s, const sheaf_align *a)
{
    const sheaf_align_counts c = sheaf_align_quality(a);
    char both[32], kept[32], only_old[32], only_new[32];
    if (s->quiet) return;
    progress_clear();
    fprintf(stderr, "sheaf: %s document%s in both, %s only in OLD, %s only in NEW; %s in clusters that stayed\n",
            grouped(c.both, both), c.both == 1 ? "" : "s", grouped(c.only_old, only_old), grouped(c.only_new, only_new),
            grouped(c.kept_docs, kept));
    fprintf(stderr, "sheaf: clusters: %d kept, %d died, %d born; %d split, %d merged\n", c.kept, c.died, c.born,
            c.split, c.merged);
}

static int align(settings *s, sheaf_table *const tables[4])
{
    sheaf_align_opts o = s->align;
    sheaf_align *a;
    o.id = s->fit.read.id_field;
    o.cluster = s->cluster_field;
    o.old_names = tables[2];
    o.new_names = tables[3];
    o.old_name = s->inputs.items[0];
    o.new_name = s->inputs.items[1];
    sheaf_status st = sheaf_align_tables(s->ctx, &a, tables[0], tables[1], &o);
    if (st != SHEAF_OK) return fail_status(s, st, false);
    summary_of(s, a);
    aligned what = {a, tables[1], &o};
    const int code = write_result(s, s->output, s->emit == EMIT_DOCUMENTS ? write_documents : write_clusters, &what);
    sheaf_align_free(a);
    return code;
}

int run_align(settings *s)
{
    if (s->inputs.n != 2)
        return fail(EXIT_USAGE, "sheaf align OLD NEW", "sheaf align takes two results, not %d", s->inputs.n);
    const char *paths[4] = {s->inputs.items[0], s->inputs.items[1], s->old_names, s->new_names};
    sheaf_table *tables[4] = {NULL};
    sheaf_status st = SHEAF_OK;
    for (int i = 0; i < 4 && st == SHEAF_OK; i++)
        if (paths[i]) st = sheaf_table_read(s->ctx, &tables[i], paths[i]);
    const int code = st == SHEAF_OK ? align(s, tables) : fail_status(s, st, false);
    for (int i = 0; i < 4; i++) sheaf_table_free(tables[i]);
    return code;
}
