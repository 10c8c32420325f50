/* k-means with many seeds on one latent space: how often a run goes wrong.
 *
 *     thousand_seeds CORPUS.jsonl K [SEEDS]
 *
 * Reads and fits the space once with the defaults of `sheaf cluster`, clusters it anew with seeds 0 .. SEEDS - 1 and
 * prints a Markdown row: runs with an empty cluster, runs that put more than 60 % into one cluster, share of the
 * largest cluster (mean and worst), clusters that had to be refilled on the way, AMI against the labels.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sheaf/sheaf.h"

typedef struct {
    int64_t with_empty, lopsided, repaired;
    double share_sum, share_worst, ami_sum, ami_min, ami_max;
} tally;

/* Class numbers in order of first appearance. */
static int32_t *classes_of(const sheaf_corpus *c)
{
    int64_t n = sheaf_corpus_size(c);
    int32_t *class = malloc((size_t)n * sizeof *class), known = 0;
    sheaf_str *name = malloc((size_t)n * sizeof *name);
    for (int64_t i = 0; class && name && i < n; i++) {
        sheaf_str l = sheaf_corpus_label(c, i);
        int32_t j = 0;
        while (j < known && (name[j].n != l.n || memcmp(name[j].p, l.p, l.n))) j++;
        if (j == known) name[known++] = l;
        class[i] = j;
    }
    free(name);
    return class;
}

/* Clusters that stay empty are dropped from a result: fewer than asked for. */
static sheaf_status add_run(sheaf_ctx *ctx, tally *t, const sheaf_clustering *c, int32_t k, const int32_t *class)
{
    int64_t n, largest = 0, empty = k - sheaf_clustering_k(c);
    const int32_t *label = sheaf_clustering_labels(c, &n);
    for (int32_t j = 1; j <= sheaf_clustering_k(c); j++) {
        int64_t size = sheaf_clustering_count(c, j);
        if (size > largest) largest = size;
        if (size == 0) empty++;
    }
    double share = (double)largest / (double)n;
    sheaf_scores s;
    sheaf_status st = sheaf_scores_compute(ctx, &s, class, label, n);
    t->with_empty += empty > 0;
    t->lopsided += share > 0.6;
    t->repaired += sheaf_clustering_quality(c).empty_repaired;
    t->share_sum += share;
    if (share > t->share_worst) t->share_worst = share;
    t->ami_sum += s.ami;
    if (s.ami < t->ami_min) t->ami_min = s.ami;
    if (s.ami > t->ami_max) t->ami_max = s.ami;
    return st;
}

static sheaf_status run(sheaf_ctx *ctx, const char *path, int32_t k, int64_t seeds)
{
    sheaf_fit_opts o;
    sheaf_fit_opts_init(&o, sizeof o);
    o.stage = SHEAF_FIT_SPACE;
    sheaf_model *m = NULL;
    sheaf_status st = sheaf_model_fit(ctx, &m, &path, 1, &o);
    if (st != SHEAF_OK) return st;
    int32_t *class = classes_of(sheaf_model_corpus(m));
    tally t = {.ami_min = 1};
    for (int64_t seed = 0; class && seed < seeds && st == SHEAF_OK; seed++) {
        sheaf_clustering *c = NULL;
        sheaf_cluster_opts co;
        sheaf_cluster_opts_init(&co, sizeof co);
        co.k = k;
        co.seed = (uint64_t)seed;
        st = sheaf_cluster_fit_terms(ctx, &c, sheaf_model_space(m), sheaf_model_terms(m), &co);
        if (st == SHEAF_OK) st = add_run(ctx, &t, c, k, class);
        sheaf_clustering_free(c);
    }
    double n = (double)seeds;
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    printf("| %s | %d | %lld | %lld | %lld | %.3f (%.3f) | %lld | %.3f (%.3f-%.3f) |\n", name, (int)k, (long long)seeds,
           (long long)t.with_empty, (long long)t.lopsided, t.share_sum / n, t.share_worst, (long long)t.repaired,
           t.ami_sum / n, t.ami_min, t.ami_max);
    free(class);
    sheaf_model_free(m);
    return st;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: thousand_seeds CORPUS.jsonl K [SEEDS]\n");
        return 2;
    }
    sheaf_ctx *ctx;
    if (sheaf_ctx_new(&ctx, NULL) != SHEAF_OK) return 4;
    sheaf_status st = run(ctx, argv[1], atoi(argv[2]), argc > 3 ? atoll(argv[3]) : 1000);
    if (st != SHEAF_OK) fprintf(stderr, "thousand_seeds: %s\n", sheaf_ctx_message(ctx));
    sheaf_ctx_free(ctx);
    return st == SHEAF_OK ? 0 : 1;
}
