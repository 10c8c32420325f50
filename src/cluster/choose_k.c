/* The number of clusters, where none is asked for.
 *
 * k = 2 .. n^(1/3) + 4 (at most 60; every number up to 10, then steps of about an eighth) is tried on a sample, four
 * seedings each, of which the tightest counts; the smallest k whose silhouette reaches 80 % of the highest is taken.
 * The highest itself is no good: with documents the silhouette goes on creeping upwards as k splits off ever smaller
 * groups of near copies. Only above .5, where the structure is clear (Kaufman and Rousseeuw 1990), it is taken. Where
 * it is not, k begins at a quarter of its bound: two or three themes of thousands of documents tell a reader little,
 * and there the silhouette, nearly level, cannot tell them from five either. Bounds
 * and share were set on collections of news, newsgroups and abstracts: 1,000 to 100,000 documents in 4 to 52 classes.
 * A seeding for the largest k serves the smaller ones too, by its first rows.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "cluster/kmeans.h"

#define SAMPLE_ROWS 4096
#define MOST 60
#define SEEDINGS 4
#define SHARE .8
#define CLEAR .5
#define MAX_ITER 10
#define TOLERANCE 1e-3
#define FIRST_STREAM 1000001 /* of the seeding's random numbers: past those of the starts */

typedef struct {
    double inertia, silhouette;
} tried;

typedef struct {
    const sheaf_i_points *p;
    uint64_t seed;
    int32_t most, n_k, k[MOST];
    int64_t row[SEEDINGS][MOST];
    tried result[MOST][SEEDINGS];
} search;

static sheaf_status seed_once(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    search *s = arg;
    uint64_t key = sheaf_i_rng_key(s->seed, SHEAF_I_RNG_SEEDING, FIRST_STREAM + (uint64_t)block);
    return sheaf_i_seed_rows(s->p, s->most, key, s->row[block]);
}

static sheaf_status try_k(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    search *s = arg;
    sheaf_status st = SHEAF_OK;
    int32_t i = s->n_k - 1 - (int32_t)(block / SEEDINGS), r = (int32_t)(block % SEEDINGS); /* long ones first */
    int32_t d = s->p->d;
    sheaf_i_kmeans m = {0};
    SHEAF_TRY(sheaf_i_kmeans_new(&m, s->p, s->k[i]));
    for (int32_t t = 0; t < s->k[i]; t++)
        memcpy(m.centre + (int64_t)t * d, s->p->x + s->row[r][t] * d, (size_t)d * sizeof *m.centre);
    sheaf_i_kmeans_set_bias(&m);
    SHEAF_TRY(sheaf_i_kmeans_run(&m, MAX_ITER, TOLERANCE));
    s->result[i][r].inertia = m.inertia;
    SHEAF_TRY(sheaf_i_silhouette(&m, &s->result[i][r].silhouette));
done:
    sheaf_i_kmeans_end(&m);
    return st;
}

static double silhouette_at(const search *s, int32_t i)
{
    const tried *best = &s->result[i][0];
    for (int32_t r = 1; r < SEEDINGS; r++)
        if (s->result[i][r].inertia < best->inertia) best = &s->result[i][r];
    return best->silhouette;
}

static double highest_from(const search *s, int32_t first)
{
    double highest = -1;
    for (int32_t i = first; i < s->n_k; i++) highest = fmax(highest, silhouette_at(s, i));
    return highest;
}

/* The place in s->k of the choice, and of the least that was allowed. */
static int32_t choose(const search *s, int32_t *first, double *highest)
{
    *first = 0;
    *highest = highest_from(s, 0);
    bool clear = *highest > CLEAR;
    if (!clear) {
        while (s->k[*first] < s->most / 4) ++*first;
        *highest = highest_from(s, *first);
    }
    double enough = *highest > 0 && !clear ? *highest * SHARE : *highest;
    int32_t i = *first;
    while (silhouette_at(s, i) < enough) i++;
    return i;
}

static sheaf_status search_k(const sheaf_i_points *p, search *s)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_points sample = {0};
    s->p = p;
    if (p->n > SAMPLE_ROWS) {
        SHEAF_TRY(sheaf_i_points_sample(&sample, p, SAMPLE_ROWS, s->seed));
        s->p = &sample;
    }
    for (int32_t k = 2; k <= s->most; k += k < 10 ? 1 : k / 8 + 1) s->k[s->n_k++] = k;
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, SEEDINGS, seed_once, s));
    SHEAF_TRY(sheaf_i_par_for(p->ctx, "choosing k", (int64_t)s->n_k * SEEDINGS, try_k, s));
done:
    sheaf_i_points_end(&sample);
    return st;
}

sheaf_status sheaf_i_choose_k(const sheaf_i_points *p, uint64_t seed, int32_t *k, char *reason, size_t size)
{
    sheaf_status st = SHEAF_OK;
    search *s = NULL;
    int64_t distinct;
    double bound = floor(cbrt((double)p->n) + 4);
    SHEAF_TRY(sheaf_i_points_distinct(p, MOST, &distinct));
    int32_t most = (int32_t)fmin(fmin(bound, MOST), fmin((double)distinct, floor((double)p->n / 2)));
    if (most < 2) {
        *k = p->n > 0 ? 1 : 0;
        snprintf(reason, size, "k = %d: too little that differs to divide", *k);
        goto done;
    }
    SHEAF_NEW0(s, p->ctx, 1);
    s->seed = seed;
    s->most = most;
    SHEAF_TRY(search_k(p, s));
    double highest;
    int32_t first, i = choose(s, &first, &highest), least = s->k[first];
    *k = s->k[i];
    if (silhouette_at(s, i) >= highest) {
        snprintf(reason, size, "k = %d of %d..%d: highest silhouette (%.2f)", *k, least, most, highest);
        goto done;
    }
    snprintf(reason, size, "k = %d of %d..%d: smallest with a silhouette (%.2f) within 20 %% of the highest (%.2f)", *k,
             least, most, silhouette_at(s, i), highest);
done:
    sheaf_i_free(p->ctx, s);
    return st;
}
