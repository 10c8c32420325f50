/* What the Krylov basis knows of the spectrum: Ritz pairs with their residuals, the thick restart (Wu and Simon 2000),
 * and the probe for what the basis cannot see.
 */
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "kernel/blas.h"
#include "space/krylov.h"

#define RESIDUAL_FLOOR 5e-7 /* of the largest eigenvalue: below it residuals are rounding errors */
#define MARGIN 1e-3         /* how far above the k-th eigenvalue a probe must see to be believed */
#define SHRUNK 100.0        /* past this, a block cleared of the basis is cleared again */
#define FAINT 1e-4          /* of sigma_1: a probe's image shorter than this may be made of rounding errors */

/* How many Ritz vectors a restart keeps: some more than are wanted. */
static int32_t kept_columns(const sheaf_i_krylov *s) { return (s->p->k + s->b / 2 + s->b - 1) / s->b * s->b; }

/* The leading eigenvectors of T, and what couples them to the panels that wait. */
static sheaf_status decompose(sheaf_i_krylov *s)
{
    sheaf_status st = SHEAF_OK;
    const int32_t m = s->expanded * s->b, kept = kept_columns(s) < m ? kept_columns(s) : m;
    const int32_t wait = s->v.panels * s->b - m;
    double *t = NULL;
    s->ritz_m = m;
    s->kept = kept;
    s->dead_theta = -s->scale;
    SHEAF_NEW(t, s->p->ctx, (int64_t)m * m);
    for (int32_t i = 0; i < m; i++) {
        memcpy(t + (int64_t)i * m, s->t + (int64_t)i * s->ldt, (size_t)m * sizeof *t);
        if (s->dead[i]) t[(int64_t)i * m + i] = s->dead_theta; /* out of the way of true zeros */
    }
    double since = sheaf_i_clock();
    SHEAF_TRY(sheaf_i_eigh_leading(s->p->ctx, m, t, m, kept, s->theta, s->z));
    sheaf_i_dgemm(false, true, wait, kept, m, 1, s->t + (int64_t)m * s->ldt, s->ldt, s->z + (int64_t)(m - kept) * m, m,
                  0, s->couple, kept);
    sheaf_i_lap(&since, &s->p->seconds->small);
done:
    sheaf_i_free(s->p->ctx, t);
    return st;
}

/* Its coupling to the panels that wait. */
double sheaf_i_krylov_residual(const sheaf_i_krylov *s, int32_t i)
{
    const int32_t column = s->kept - 1 - i;
    double sum = 0;
    for (int64_t row = s->v.panels * s->b - s->ritz_m - 1; row >= 0; row--)
        sum += s->couple[row * s->kept + column] * s->couple[row * s->kept + column];
    return sqrt(sum);
}

sheaf_status sheaf_i_krylov_ritz(sheaf_i_krylov *s, double *ratio)
{
    const int32_t m = s->expanded * s->b, k = s->p->k;
    sheaf_status st = decompose(s);
    if (st != SHEAF_OK) return st;
    const double largest = s->theta[m - 1];
    if (largest > s->scale) s->scale = largest;
    *ratio = m < k ? HUGE_VAL : 0;
    for (int32_t i = 0; i < k && i < m; i++) {
        double theta = s->theta[m - 1 - i], floor = SHEAF_I_LANCZOS_FLOOR * SHEAF_I_LANCZOS_FLOOR * largest;
        double allowed = s->p->tol * sqrt(largest * (theta > floor ? theta : floor));
        if (allowed < RESIDUAL_FLOOR * largest) allowed = RESIDUAL_FLOOR * largest;
        if (theta <= s->dead_theta / 2) *ratio = HUGE_VAL; /* fewer than k live columns so far */
        *ratio = fmax(*ratio, sheaf_i_krylov_residual(s, i) / allowed);
    }
    return st;
}

float *sheaf_i_krylov_leading(const sheaf_i_krylov *s, int32_t count)
{
    const int32_t m = s->ritz_m;
    float *to = sheaf_i_aligned(s->p->ctx, (int64_t)m * count, sizeof *to);
    for (int32_t c = 0; to && c < m; c++)
        for (int32_t i = 0; i < count; i++) to[(int64_t)c * count + i] = (float)s->z[(int64_t)(m - 1 - i) * m + c];
    return to;
}

/* T in the basis of the kept Ritz vectors: diag(theta), and what couples them to the panels that wait. */
static void restart_t(sheaf_i_krylov *s)
{
    const int32_t m = s->ritz_m, keep = s->kept, wait = s->v.panels * s->b - m;
    memset(s->t, 0, (size_t)s->ldt * (size_t)s->ldt * sizeof *s->t);
    for (int32_t i = 0; i < keep; i++) {
        s->t[(int64_t)i * s->ldt + i] = s->theta[m - 1 - i];
        for (int32_t u = 0; u < wait; u++) {
            const double x = s->couple[(int64_t)u * keep + keep - 1 - i];
            s->t[(int64_t)(keep + u) * s->ldt + i] = x;
            s->t[(int64_t)i * s->ldt + keep + u] = x;
        }
    }
}

sheaf_status sheaf_i_krylov_restart(sheaf_i_krylov *s)
{
    sheaf_status st = SHEAF_OK;
    const int32_t b = s->b, keep = s->kept, kept = keep / b, wait = s->v.panels - s->expanded;
    float *vectors = sheaf_i_krylov_leading(s, keep);
    if (!vectors) return SHEAF_ENOMEM;
    double since = sheaf_i_clock();
    SHEAF_TRY(sheaf_i_basis_rotate(&s->v, s->expanded, vectors, keep));
    sheaf_i_lap(&since, &s->p->seconds->basis);
    restart_t(s);
    for (int32_t u = 0; u < wait; u++) {
        float *moved = s->v.panel[kept + u];
        s->v.panel[kept + u] = s->v.panel[s->expanded + u];
        s->v.panel[s->expanded + u] = moved;
        memcpy(s->dead + (kept + u) * b, s->dead + (s->expanded + u) * b, (size_t)b * sizeof *s->dead);
    }
    s->v.panels = kept + wait;
    s->expanded = kept;
    s->arrow = s->v.panels;
    s->live = 0;
    for (int32_t i = 0; i < s->v.panels * b; i++) {
        if (i < keep) s->dead[i] = s->theta[s->ritz_m - 1 - i] <= s->dead_theta / 2;
        s->live += !s->dead[i];
    }
    s->restarts++;
done:
    sheaf_i_aligned_free(s->p->ctx, vectors);
    return st;
}

/* Largest eigenvalue of the pencil (gz, gy), over directions in which gy exceeds floor; both b x b, destroyed. */
static sheaf_status largest_quotient(const sheaf_i_krylov *s, double *gz, double *gy, double floor, double *out)
{
    enum { SQUARE = SHEAF_I_MAX_B * SHEAF_I_MAX_B };
    const int32_t n = s->b;
    double d[SHEAF_I_MAX_B], half[SQUARE], full[SQUARE];
    *out = 0;
    sheaf_status st = sheaf_i_eigh(s->p->ctx, n, gy, n, d);
    if (st != SHEAF_OK || d[n - 1] <= floor) return st;
    for (int32_t i = 0; i < n; i++)
        for (int32_t c = 0; c < n; c++) gy[i * n + c] = d[i] > floor ? gy[i * n + c] / sqrt(d[i]) : 0;
    sheaf_i_dgemm(false, false, n, n, n, 1, gy, n, gz, n, 0, half, n);
    sheaf_i_dgemm(false, true, n, n, n, 1, half, n, gy, n, 0, full, n);
    st = sheaf_i_eigh(s->p->ctx, n, full, n, d);
    *out = d[n - 1];
    return st;
}

/* w <- w - V V^T w for the expanded panels V; a column that loses nearly all of its length keeps errors along them:
   then once more. *longest2: of what is left, the largest square of a length. */
static sheaf_status clear_of_basis(sheaf_i_krylov *s, float *w, double *longest2)
{
    sheaf_status st = SHEAF_OK;
    const int32_t n = s->b, panels = s->expanded;
    double g[SHEAF_I_MAX_B * SHEAF_I_MAX_B];
    bool shrunk = true;
    for (int32_t round = 0; shrunk && round < 2; round++) {
        SHEAF_TRY(sheaf_i_basis_pass(&s->v, w, &(sheaf_i_pass){.dot_hi = panels, .h = s->h}));
        SHEAF_TRY(sheaf_i_basis_pass(&s->v, w, &(sheaf_i_pass){.sub_hi = panels, .sub = s->h, .g = g}));
        shrunk = false;
        *longest2 = 0;
        for (int32_t c = 0; c < n; c++) {
            double lost = 0;
            for (int64_t i = c; i < (int64_t)panels * n * n; i += n) lost += s->h[i] * s->h[i];
            shrunk |= lost > SHRUNK * SHRUNK * g[c * n + c];
            *longest2 = fmax(*longest2, g[c * n + c]);
        }
    }
done:
    return st;
}

/* A random block x is multiplied once to bring out what is large, w = B x, and cleared of the expanded panels. Then
   y = tall w and z = wide y (in place of x): ||z c||^2 / ||y c||^2 for the best c is a Rayleigh quotient of the
   operator, of a vector beyond them, so never above its largest eigenvalue there. With one product less, four missed
   values in 4000 drowned in the others; with w cleared of the waiting panel too, a missed value that had begun to come
   up from rounding errors, there and in the basis, was in sight of neither. */
static sheaf_status look_beyond(sheaf_i_krylov *s, float *x, float *w)
{
    enum { SQUARE = SHEAF_I_MAX_B * SHEAF_I_MAX_B };
    sheaf_status st = SHEAF_OK;
    const sheaf_i_svd_problem *p = s->p;
    const int32_t n = s->b;
    float *z = x;
    double gz[SQUARE], gy[SQUARE], longest2;
    bool columns[SHEAF_I_MAX_B];
    memset(columns, true, sizeof columns);
    SHEAF_TRY(sheaf_i_basis_random(&s->v, x, columns, sheaf_i_rng_key(p->seed, SHEAF_I_RNG_SVD_PROBE, s->fills++)));
    double since = sheaf_i_clock();
    SHEAF_TRY(sheaf_i_matrix_gram(p->ctx, p->tall, p->wide, x, n, n, s->y, w, n, p->scratch));
    sheaf_i_lap(&since, &p->seconds->products);
    s->products += 2 * n;
    SHEAF_TRY(clear_of_basis(s, w, &longest2));
    sheaf_i_lap(&since, &p->seconds->basis);
    if (longest2 <= SHEAF_I_NOISE * SHEAF_I_NOISE * s->scale * s->scale) return SHEAF_OK; /* nothing there */
    since = sheaf_i_clock();
    /* In two steps: matrix_gram leaves in y what it likes. */
    SHEAF_TRY(sheaf_i_matrix_times(p->ctx, p->tall, w, n, n, s->y, n, p->scratch));
    SHEAF_TRY(sheaf_i_matrix_times(p->ctx, p->wide, s->y, n, n, z, n, p->scratch));
    sheaf_i_lap(&since, &p->seconds->products);
    s->products += 2 * n;
    SHEAF_TRY(sheaf_i_self_gram(p->ctx, p->kernels, p->n_long, s->y, n, gy));
    SHEAF_TRY(sheaf_i_self_gram(p->ctx, p->kernels, p->n_short, z, n, gz));
    sheaf_i_lap(&since, &p->seconds->basis);
    st = largest_quotient(s, gz, gy, FAINT * FAINT * s->scale * longest2, &s->probe);
done:
    return st;
}

sheaf_status sheaf_i_krylov_probe(sheaf_i_krylov *s, bool *found)
{
    sheaf_status st = SHEAF_OK;
    const int32_t next = s->v.panels, kth = s->ritz_m - s->p->k;
    double r[SHEAF_I_MAX_B * SHEAF_I_MAX_B];
    *found = false;
    s->probe = 0;
    if (s->live >= s->p->n_short) return SHEAF_OK; /* the basis is the whole space */
    SHEAF_TRY(sheaf_i_basis_reserve(&s->v, 2));
    SHEAF_TRY(look_beyond(s, s->v.panel[next + 1], s->v.panel[next]));
    if (kth >= 0 && s->probe <= s->theta[kth] * (1 + MARGIN) + RESIDUAL_FLOOR * s->scale) return SHEAF_OK;
    st = sheaf_i_krylov_append(s, 0, s->h, r, found);
done:
    return st;
}
