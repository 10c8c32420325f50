/* sheaf eval */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

static const char *const SCORES[] = {"ari", "ami", "nmi", "v", "homogeneity", "completeness", "purity"};
#define N_SCORES ((int)(sizeof SCORES / sizeof *SCORES))

static double score_of(const sheaf_scores *s, int which)
{
    const double values[N_SCORES] = {s->ari, s->ami, s->nmi, s->v, s->homogeneity, s->completeness, s->purity};
    return values[which];
}

/* "ari=0.3" */
static int parse_minimum(const char *text, int *which, double *least)
{
    char name[32], *end;
    size_t n = strcspn(text, "=");
    if (!text[n] || n >= sizeof name)
        return fail(EXIT_USAGE, "for example --min ari=0.3,nmi=0.5", "--min: '%s' is not SCORE=VALUE", text);
    memcpy(name, text, n);
    name[n] = 0;
    int code = choose("min", name, SCORES, N_SCORES, which);
    if (code) return code;
    *least = strtod(text + n + 1, &end);
    if (!text[n + 1] || *end || !isfinite(*least))
        return fail(EXIT_USAGE, NULL, "--min: '%s' is not a number", text + n + 1);
    return EXIT_DONE;
}

static int check_minimum(const settings *s, const sheaf_scores *scores)
{
    int code = EXIT_DONE;
    for (int i = 0; i < s->minimum.n; i++) {
        int which = 0;
        double least = 0;
        if (parse_minimum(s->minimum.items[i], &which, &least)) return EXIT_USAGE;
        double got = score_of(scores, which);
        if (got >= least) continue;
        if (!s->quiet) fprintf(stderr, "sheaf: %s %.4f is below %.4f\n", SCORES[which], got, least);
        code = EXIT_NO;
    }
    return code;
}

static sheaf_status write_scores(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    return sheaf_write_scores(out, what, o);
}

static sheaf_status write_confusion(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    return sheaf_write_confusion(out, what, o);
}

static void tell_unmatched(const settings *s, const sheaf_eval *e)
{
    sheaf_eval_counts n = sheaf_eval_documents(e);
    if (n.only_result || n.only_gold || n.unlabelled)
        note(s, "%lld documents scored; %lld only in the result, %lld only in gold, %lld without a label",
             (long long)n.scored, (long long)n.only_result, (long long)n.only_gold, (long long)n.unlabelled);
}

static int evaluate(settings *s, const sheaf_table *result, const sheaf_table *gold)
{
    sheaf_eval_fields f = {s->fit.read.id_field, s->cluster_field, s->fit.read.label_field, s->inputs.items[0],
                           gold ? s->inputs.items[1] : NULL};
    sheaf_eval *e;
    sheaf_status st = sheaf_eval_tables(s->ctx, &e, result, gold, &f);
    if (st != SHEAF_OK) return fail_status(s, st, false);
    tell_unmatched(s, e);
    int code = write_result(s, s->output, s->emit == EMIT_CONFUSION ? write_confusion : write_scores, e);
    sheaf_scores scores = sheaf_eval_scores(e);
    if (!code) code = check_minimum(s, &scores);
    sheaf_eval_free(e);
    return code;
}

int run_eval(settings *s)
{
    if (s->inputs.n < 1 || s->inputs.n > 2)
        return fail(EXIT_USAGE, "sheaf eval RESULT [GOLD]", "sheaf eval takes one or two files, not %d", s->inputs.n);
    for (int i = 0; i < s->minimum.n; i++) {
        int which;
        double least;
        int code = parse_minimum(s->minimum.items[i], &which, &least);
        if (code) return code;
    }
    sheaf_table *result = NULL, *gold = NULL;
    sheaf_status st = sheaf_table_read(s->ctx, &result, s->inputs.items[0]);
    if (st == SHEAF_OK && s->inputs.n == 2) st = sheaf_table_read(s->ctx, &gold, s->inputs.items[1]);
    int code = st == SHEAF_OK ? evaluate(s, result, gold) : fail_status(s, st, false);
    sheaf_table_free(result);
    sheaf_table_free(gold);
    return code;
}
