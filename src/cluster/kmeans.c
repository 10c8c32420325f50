/* Lloyd's iteration (Lloyd 1982; spherical: Dhillon and Modha 2001): float vectors and scores, double sums.
   A cluster that lost all its rows is moved to the row farthest from its own centre; the distances to that row are
   then taken into account, so that several empty clusters go to different vectors. Bounds that spare assignments
   would stand between sheaf_i_assign and the list of rows it is given. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "cluster/kmeans.h"

#define ROWS 1024
#define REPAIR_ROUNDS 10 /* beyond max_iter, for clusters found empty at its end */
#define SAME_VECTOR 1e-12 /* squared distance of floats of size 1 that is rounding only */

sheaf_status sheaf_i_kmeans_new(sheaf_i_kmeans *m, const sheaf_i_points *p, int32_t k)
{
    sheaf_status st = SHEAF_OK;
    *m = (sheaf_i_kmeans){.p = p, .k = k};
    SHEAF_NEW_ALIGNED(m->centre, p->ctx, (int64_t)k * p->d);
    SHEAF_NEW0(m->bias, p->ctx, k);
    SHEAF_NEW(m->label, p->ctx, p->n);
    SHEAF_NEW(m->before, p->ctx, p->n);
    SHEAF_NEW(m->score, p->ctx, p->n);
    SHEAF_TRY(sheaf_i_sums_new(&m->sums, p, k));
done:
    return st;
}

void sheaf_i_kmeans_end(sheaf_i_kmeans *m)
{
    if (!m->p) return;
    sheaf_ctx *ctx = m->p->ctx;
    sheaf_i_aligned_free(ctx, m->centre);
    sheaf_i_free(ctx, m->bias);
    sheaf_i_free(ctx, m->label);
    sheaf_i_free(ctx, m->before);
    sheaf_i_free(ctx, m->score);
    sheaf_i_sums_end(&m->sums);
    *m = (sheaf_i_kmeans){0};
}

void sheaf_i_kmeans_set_bias(sheaf_i_kmeans *m)
{
    int32_t d = m->p->d;
    for (int32_t t = 0; t < m->k; t++) {
        const float *c = m->centre + (int64_t)t * d;
        double square = 0;
        for (int32_t j = 0; j < d && !m->p->spherical; j++) square += (double)c[j] * (double)c[j];
        m->bias[t] = m->p->spherical ? -.5f : (float)(-square / 2);
    }
}

/* Centres from the sums. A cluster that is empty, or whose unit vectors cancel, keeps its centre. */
static void move_centres(sheaf_i_kmeans *m)
{
    int32_t d = m->p->d;
    for (int32_t t = 0; t < m->k; t++) {
        const double *sum = m->sums.sum + (int64_t)t * d;
        double divisor = (double)m->sums.count[t], square = 0;
        if (m->p->spherical) {
            for (int32_t j = 0; j < d; j++) square += sum[j] * sum[j];
            divisor = sqrt(square);
        }
        if (m->sums.count[t] == 0 || divisor <= 1e-9) continue;
        for (int32_t j = 0; j < d; j++) m->centre[(int64_t)t * d + j] = (float)(sum[j] / divisor);
    }
    sheaf_i_kmeans_set_bias(m);
}

/* gap[i] = least of itself and the squared distance of row i to `to`, or to its own centre where that is NULL. */
typedef struct {
    const sheaf_i_kmeans *m;
    const float *to;
    double *gap;
} gaps;

static sheaf_status measure_gaps(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    gaps *g = arg;
    const sheaf_i_points *p = g->m->p;
    int64_t lo, hi;
    sheaf_i_range(p->n, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const float *x = p->x + i * p->d, *c = g->to ? g->to : g->m->centre + (int64_t)g->m->label[i] * p->d;
        double sum = 0;
        for (int32_t j = 0; j < p->d; j++) sum += ((double)x[j] - (double)c[j]) * ((double)x[j] - (double)c[j]);
        g->gap[i] = sum < g->gap[i] ? sum : g->gap[i];
    }
    return SHEAF_OK;
}

/* The row farthest from all that is taken, among clusters of more than one; -1 if there is none. */
static int64_t farthest(const sheaf_i_kmeans *m, const double *gap, const int64_t *count)
{
    int64_t found = -1;
    double most = SAME_VECTOR;
    for (int64_t i = 0; i < m->p->n; i++)
        if (gap[i] > most && count[m->label[i]] > 1) {
            most = gap[i];
            found = i;
        }
    return found;
}

/* Gives every empty cluster a row of its own, as far as there are different rows; *moved of them. */
static sheaf_status refill(sheaf_i_kmeans *m, int64_t *count, int64_t *moved)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_points *p = m->p;
    gaps g = {.m = m};
    int64_t blocks = sheaf_i_blocks(p->n, ROWS);
    SHEAF_NEW(g.gap, p->ctx, p->n);
    for (int64_t i = 0; i < p->n; i++) g.gap[i] = INFINITY;
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, blocks, measure_gaps, &g));
    for (int32_t t = 0; t < m->k; t++) {
        if (count[t]) continue;
        int64_t row = farthest(m, g.gap, count);
        if (row < 0) break;
        count[m->label[row]]--;
        m->label[row] = t;
        count[t] = 1;
        ++*moved;
        g.to = p->x + row * p->d;
        SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, blocks, measure_gaps, &g));
    }
done:
    sheaf_i_free(p->ctx, g.gap);
    return st;
}

static int32_t count_labels(const sheaf_i_kmeans *m, int64_t *count)
{
    int32_t empty = 0;
    memset(count, 0, (size_t)m->k * sizeof *count);
    for (int64_t i = 0; i < m->p->n; i++) count[m->label[i]]++;
    for (int32_t t = 0; t < m->k; t++) empty += count[t] == 0;
    return empty;
}

static sheaf_status assign(sheaf_i_kmeans *m, bool first, int64_t *changed)
{
    sheaf_i_assignment a = {.k = m->k, .centre = m->centre, .bias = m->bias, .before = first ? NULL : m->before,
                            .label = m->label, .score = m->score};
    sheaf_status st = sheaf_i_assign(m->p, &a);
    m->inertia = a.inertia;
    *changed = a.changed;
    return st;
}

sheaf_status sheaf_i_kmeans_run(sheaf_i_kmeans *m, int32_t max_iter, double tol)
{
    sheaf_status st = SHEAF_OK;
    int64_t *count = NULL, changed;
    double last = INFINITY;
    SHEAF_NEW(count, m->p->ctx, m->k);
    for (m->iterations = 0;; m->iterations++) {
        SHEAF_TRY(assign(m, m->iterations == 0, &changed));
        int32_t empty = count_labels(m, count);
        int64_t moved = 0;
        bool settled = changed == 0 || m->iterations >= max_iter || last - m->inertia <= tol * m->inertia;
        if (settled && (empty == 0 || m->iterations >= max_iter + REPAIR_ROUNDS)) break;
        if (empty) SHEAF_TRY(refill(m, count, &moved));
        if (settled && moved == 0) break;
        m->repaired += moved;
        SHEAF_TRY(sheaf_i_sums_update(&m->sums, m->before, m->label));
        move_centres(m);
        memcpy(m->before, m->label, (size_t)m->p->n * sizeof *m->label);
        last = m->inertia;
        if (m->phase) SHEAF_TRY(sheaf_i_progress(m->p->ctx, m->phase, m->iterations + 1, 0));
    }
done:
    sheaf_i_free(m->p->ctx, count);
    return st;
}
