/* Lloyd's iteration (Lloyd 1982; spherical: Dhillon and Modha 2001): float vectors and scores, double sums.
   Rows are worked on in the stripes of the sums, which are brought in step while a row is in the cache; the inertia
   follows from the sums. Once labels change less, bounds spare most comparisons (bounds.h).
   A cluster that lost all its rows is moved to the row farthest from its own centre; the distances to that row are
   then taken into account, so that several empty clusters go to different vectors. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/bounds.h"
#include "cluster/bytes.h"
#include "cluster/kmeans.h"
#include "cluster/work.h"
#include "kernel/kernel.h"

#define ROWS 1024
#define BLOCK SHEAF_I_BOUNDED_ROWS /* rows that stay in the second-level cache */
#define PANEL SHEAF_I_PANEL
_Static_assert(BLOCK <= SHEAF_I_BYTES_ROWS, "a block of rows is labelled by bytes in one call");
#define REPAIR_ROUNDS 10 /* beyond max_iter, for clusters found empty at its end */
#define SAME_VECTOR 1e-12 /* squared distance of floats of size 1 that is rounding only */
/* Bounds begin when the last iteration changed less than one label in LEAST_SHARE + PANEL_SHARE / panels. Before, they
   hold too little back; the fewer the centres, the less there is to gain. */
#define LEAST_SHARE 4
#define PANEL_SHARE 200

sheaf_status sheaf_i_kmeans_new(sheaf_i_kmeans *m, const sheaf_i_points *p, int32_t k)
{
    sheaf_status st = SHEAF_OK;
    *m = (sheaf_i_kmeans){.p = p, .k = k};
    SHEAF_NEW_ALIGNED(m->centre, p->ctx, (int64_t)k * p->d);
    SHEAF_NEW0(m->bias, p->ctx, k);
    SHEAF_NEW(m->label, p->ctx, p->n);
    SHEAF_NEW(m->score, p->ctx, p->n);
    SHEAF_TRY(sheaf_i_panels_new(&m->panels, p->ctx, k, p->d));
    SHEAF_TRY(sheaf_i_sums_new(&m->sums, p, k));
done:
    return st;
}

void sheaf_i_kmeans_end(sheaf_i_kmeans *m)
{
    if (!m->p) return;
    sheaf_ctx *ctx = m->p->ctx;
    sheaf_i_aligned_free(ctx, m->centre);
    sheaf_i_free(ctx, m->second);
    sheaf_i_free(ctx, m->bias);
    sheaf_i_free(ctx, m->label);
    sheaf_i_free(ctx, m->score);
    sheaf_i_panels_end(&m->panels, ctx);
    sheaf_i_sums_end(&m->sums);
    sheaf_i_bounds_free(m->bounds);
    sheaf_i_bytes_free(m->bytes);
    *m = (sheaf_i_kmeans){0};
}

static void set_bias(sheaf_i_kmeans *m, int32_t t)
{
    const float *c = m->centre + (int64_t)t * m->p->d;
    double square = 0;
    for (int32_t j = 0; j < m->p->d && !m->p->spherical; j++) square += (double)c[j] * (double)c[j];
    m->bias[t] = m->p->spherical ? -.5f : (float)(-square / 2);
}

void sheaf_i_kmeans_set_bias(sheaf_i_kmeans *m)
{
    for (int32_t t = 0; t < m->k; t++) set_bias(m, t);
}

typedef struct {
    sheaf_i_kmeans *m;
    double *gain;  /* k: what the cluster takes off the squared lengths of all rows */
    double *drift; /* k: how far the centre moved */
} centres;

/* Centre t from the sums. A cluster that is empty, or whose unit vectors cancel, keeps its centre. */
static double move_centre(sheaf_i_kmeans *m, int32_t t)
{
    const int32_t d = m->p->d;
    const double *sum = m->sums.sum + (int64_t)t * d;
    float *c = m->centre + (int64_t)t * d;
    double divisor = (double)m->sums.count[t], square = 0, way = 0;
    if (m->p->spherical) {
        for (int32_t j = 0; j < d; j++) square += sum[j] * sum[j];
        divisor = sqrt(square);
    }
    if (m->sums.count[t] == 0 || divisor <= 1e-9) return 0;
    for (int32_t j = 0; j < d; j++) {
        float to = (float)(sum[j] / divisor);
        way += ((double)to - (double)c[j]) * ((double)to - (double)c[j]);
        c[j] = to;
    }
    set_bias(m, t);
    return sqrt(way);
}

static sheaf_status move_panel(void *arg, int64_t panel, int32_t worker)
{
    (void)worker;
    const centres *w = arg;
    sheaf_i_kmeans *m = w->m;
    double moved = 0;
    for (int32_t t = (int32_t)panel * PANEL; t < m->k && t < ((int32_t)panel + 1) * PANEL; t++)
        moved += w->drift[t] = move_centre(m, t);
    if (moved > 0) sheaf_i_panels_fill(&m->panels, (int32_t)panel, m->centre, m->bias, m->k, m->p->d);
    return SHEAF_OK;
}

static sheaf_status move_centres(const centres *w)
{
    sheaf_i_kmeans *m = w->m;
    sheaf_status st = sheaf_i_par_work(m->p->ctx, m->panels.panels, (int64_t)m->k * m->p->d * 8, move_panel, (void *)w);
    if (m->bounds) sheaf_i_bounds_moved(m->bounds, w->drift);
    return st;
}

/* Sum of ||x - c||^2 over the rows of a cluster = sum of ||x||^2 - 2 c.(sum of x) + n ||c||^2, all in double. */
static sheaf_status weigh_panel(void *arg, int64_t panel, int32_t worker)
{
    (void)worker;
    const centres *w = arg;
    const sheaf_i_kmeans *m = w->m;
    const int32_t d = m->p->d;
    for (int32_t t = (int32_t)panel * PANEL; t < m->k && t < ((int32_t)panel + 1) * PANEL; t++) {
        const float *c = m->centre + (int64_t)t * d;
        const double *sum = m->sums.sum + (int64_t)t * d;
        double product = 0, square = 0;
        for (int32_t j = 0; j < d; j++) {
            product += (double)c[j] * sum[j];
            square += (double)c[j] * (double)c[j];
        }
        w->gain[t] = 2 * product - (double)m->sums.count[t] * square;
    }
    return SHEAF_OK;
}

static sheaf_status weigh(const centres *w, int32_t *empty)
{
    sheaf_i_kmeans *m = w->m;
    const int64_t work = (int64_t)m->k * m->p->d * 4;
    sheaf_status st = sheaf_i_par_work(m->p->ctx, m->panels.panels, work, weigh_panel, (void *)w);
    *empty = 0;
    m->inertia = m->p->squares;
    for (int32_t t = 0; t < m->k; t++) {
        m->inertia -= w->gain[t];
        *empty += m->sums.count[t] == 0;
    }
    m->inertia = fmax(m->inertia, 0);
    return st;
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
static int64_t farthest(const sheaf_i_kmeans *m, const double *gap)
{
    int64_t found = -1;
    double most = SAME_VECTOR;
    for (int64_t i = 0; i < m->p->n; i++)
        if (gap[i] > most && m->sums.count[m->label[i]] > 1) {
            most = gap[i];
            found = i;
        }
    return found;
}

/* Gives every empty cluster a row of its own, as far as there are different rows; *moved of them. */
static sheaf_status refill(sheaf_i_kmeans *m, int64_t *moved)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_points *p = m->p;
    gaps g = {.m = m};
    int64_t blocks = sheaf_i_blocks(p->n, ROWS);
    SHEAF_NEW(g.gap, p->ctx, p->n);
    for (int64_t i = 0; i < p->n; i++) g.gap[i] = INFINITY;
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, blocks, measure_gaps, &g));
    for (int32_t t = 0; t < m->k; t++) {
        if (m->sums.count[t]) continue;
        int64_t row = farthest(m, g.gap);
        if (row < 0) break;
        sheaf_i_sums_move(&m->sums, row, m->label[row], t);
        m->label[row] = t;
        if (m->bounds) sheaf_i_bounds_forget(m->bounds, row);
        ++*moved;
        g.to = p->x + row * p->d;
        SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, blocks, measure_gaps, &g));
    }
done:
    sheaf_i_free(p->ctx, g.gap);
    return st;
}

typedef enum { PLAIN, BY_BYTES, BOUNDS_ANEW, BOUNDED } way_of_passing;

typedef struct {
    sheaf_i_kmeans *m;
    const sheaf_i_kernels *kernels;
    way_of_passing way;
    bool first;
    int32_t *second;
} passing;

static void compare_all(const passing *w, int64_t stripe, int64_t lo, int64_t hi, int32_t worker)
{
    sheaf_i_kmeans *m = w->m;
    int32_t d = m->p->d, label[BLOCK];
    float score[BLOCK], second_score[BLOCK];
    if (w->first && m->bytes) sheaf_i_bytes_fill(m->bytes, m->p, lo, hi);
    if (w->way == BY_BYTES)
        sheaf_i_bytes_assign(m->bytes, m, lo, hi, worker, label);
    else
        w->kernels->assign(hi - lo, m->p->x + lo * d, d, d, m->panels.packed, m->panels.bias, m->k, label, score,
                           w->second ? w->second + lo : NULL, w->second ? second_score : NULL);
    for (int64_t i = lo; i < hi; i++) {
        int32_t from = w->first ? -1 : m->label[i];
        if (from == label[i - lo]) continue;
        sheaf_i_sums_note(&m->sums, stripe, i, from, label[i - lo]);
        m->label[i] = label[i - lo];
    }
}

static sheaf_status pass_stripe(void *arg, int64_t stripe, int32_t worker)
{
    const passing *w = arg;
    sheaf_i_kmeans *m = w->m;
    int64_t first, end;
    sheaf_i_range(m->p->n, m->sums.stripe, stripe, &first, &end);
    sheaf_i_sums_begin(&m->sums, stripe);
    for (int64_t lo = first; lo < end; lo += BLOCK) {
        int64_t hi = lo + BLOCK < end ? lo + BLOCK : end;
        if (w->way <= BY_BYTES) compare_all(w, stripe, lo, hi, worker);
        else sheaf_i_bounds_assign(m->bounds, m, stripe, lo, hi, w->way == BOUNDS_ANEW, worker);
    }
    return SHEAF_OK;
}

static void drop_bytes(sheaf_i_kmeans *m)
{
    sheaf_i_bytes_free(m->bytes);
    m->bytes = NULL;
}

/* The nearest centre of every row, and the sums of the new labels; last: nothing is expected to follow. */
static sheaf_status pass(sheaf_i_kmeans *m, bool last, int64_t *changed)
{
    sheaf_status st = SHEAF_OK;
    passing w = {.m = m, .kernels = sheaf_i_kernels_get(), .first = m->iterations == 0};
    if (m->bounds) {
        w.way = BOUNDED;
    } else if (last && m->wants_second) {
        drop_bytes(m); /* what a run can do without makes room for what it needs */
        if (!m->second) SHEAF_NEW(m->second, m->p->ctx, m->p->n);
        w.second = m->second;
    } else if (!w.first && !m->unpruned && *changed <= m->p->n / (LEAST_SHARE + PANEL_SHARE / m->panels.panels)) {
        drop_bytes(m);
        SHEAF_TRY(sheaf_i_bounds_new(&m->bounds, m));
        sheaf_i_bounds_restart(m->bounds);
        w.way = BOUNDS_ANEW;
    } else if (m->bytes) {
        SHEAF_TRY(sheaf_i_bytes_centres(m->bytes, m));
        w.way = BY_BYTES;
    }
    SHEAF_TRY(sheaf_i_par_work(m->p->ctx, m->sums.stripes, m->p->n * m->p->d * m->panels.panels, pass_stripe, &w));
    if (w.way == BY_BYTES && !sheaf_i_bytes_pay(m->bytes, m->p->n)) drop_bytes(m);
    SHEAF_TRY(sheaf_i_sums_settle(&m->sums, m->label, changed));
done:
    return st;
}

sheaf_status sheaf_i_kmeans_run(sheaf_i_kmeans *m, int32_t max_iter, double tol)
{
    sheaf_status st = SHEAF_OK;
    centres w = {.m = m};
    int64_t changed = 0;
    double last = INFINITY;
    SHEAF_NEW(w.gain, m->p->ctx, m->k);
    SHEAF_NEW(w.drift, m->p->ctx, m->k);
    for (int32_t g = 0; g < m->panels.panels; g++)
        sheaf_i_panels_fill(&m->panels, g, m->centre, m->bias, m->k, m->p->d);
    if (!m->unpruned && max_iter > 1) sheaf_i_bytes_new(&m->bytes, m, sheaf_i_kernels_coarse(sheaf_i_kernels_get()));
    for (m->iterations = 0;; m->iterations++) {
        int32_t empty;
        int64_t moved = 0;
        SHEAF_TRY(pass(m, m->iterations >= max_iter, &changed));
        SHEAF_TRY(weigh(&w, &empty));
        bool settled = changed == 0 || m->iterations >= max_iter || (tol > 0 && last - m->inertia <= tol * m->inertia);
        if (settled && (empty == 0 || m->iterations >= max_iter + REPAIR_ROUNDS)) break;
        if (empty) SHEAF_TRY(refill(m, &moved));
        if (settled && moved == 0) break;
        m->repaired += moved;
        SHEAF_TRY(move_centres(&w));
        last = m->inertia;
        if (m->phase) SHEAF_TRY(sheaf_i_progress(m->p->ctx, m->phase, m->iterations + 1, 0));
    }
done:
    sheaf_i_bounds_free(m->bounds);
    m->bounds = NULL;
    drop_bytes(m);
    sheaf_i_free(m->p->ctx, w.gain);
    sheaf_i_free(m->p->ctx, w.drift);
    return st;
}
