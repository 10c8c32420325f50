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
#define FAINT 1e-4          /* of sigma_1: a probe's image shorter than this may be made of rounding errors */

/* ||B x - theta x|| of one Ritz vector: its coupling to the panels that wait. */
static double residual_of(const sheaf_i_krylov *s, const double *z)
{
    double sum = 0;
    for (int64_t row = s->ritz_m; row < (int64_t)s->v.panels * s->b; row++) {
        double dot = 0;
        for (int32_t c = 0; c < s->ritz_m; c++) dot += s->t[row * s->ldt + c] * z[c];
        sum += dot * dot;
    }
    return sqrt(sum);
}

sheaf_status sheaf_i_krylov_ritz(sheaf_i_krylov *s, double *ratio)
{
    const int32_t m = s->expanded * s->b, k = s->p->k;
    s->ritz_m = m;
    s->dead_theta = -s->scale;
    for (int32_t i = 0; i < m; i++) {
        memcpy(s->z + (int64_t)i * m, s->t + (int64_t)i * s->ldt, (size_t)m * sizeof *s->z);
        if (s->dead[i]) s->z[(int64_t)i * m + i] = s->dead_theta; /* out of the way of true zeros */
    }
    sheaf_status st = sheaf_i_eigh(s->p->ctx, m, s->z, m, s->theta);
    if (st != SHEAF_OK) return st;
    const double largest = s->theta[m - 1];
    if (largest > s->scale) s->scale = largest;
    *ratio = m < k ? HUGE_VAL : 0;
    for (int32_t i = 0; i < k && i < m; i++) {
        double theta = s->theta[m - 1 - i], floor = SHEAF_I_LANCZOS_FLOOR * SHEAF_I_LANCZOS_FLOOR * largest;
        double allowed = s->p->tol * sqrt(largest * (theta > floor ? theta : floor));
        if (allowed < RESIDUAL_FLOOR * largest) allowed = RESIDUAL_FLOOR * largest;
        s->residual[i] = residual_of(s, s->z + (int64_t)(m - 1 - i) * m);
        if (theta <= s->dead_theta / 2) *ratio = HUGE_VAL; /* fewer than k live columns so far */
        if (s->residual[i] > *ratio * allowed) *ratio = s->residual[i] / allowed;
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
static sheaf_status restart_t(sheaf_i_krylov *s, int32_t keep)
{
    sheaf_status st = SHEAF_OK;
    const int32_t m = s->ritz_m, wait = s->v.panels * s->b - m;
    double *couple = NULL;
    SHEAF_NEW(couple, s->p->ctx, (int64_t)(wait + 1) * keep);
    for (int32_t u = 0; u < wait; u++)
        for (int32_t i = 0; i < keep; i++) {
            const double *z = s->z + (int64_t)(m - 1 - i) * m, *row = s->t + (int64_t)(m + u) * s->ldt;
            double dot = 0;
            for (int32_t c = 0; c < m; c++) dot += row[c] * z[c];
            couple[(int64_t)u * keep + i] = dot;
        }
    memset(s->t, 0, (size_t)s->ldt * (size_t)s->ldt * sizeof *s->t);
    for (int32_t i = 0; i < keep; i++) {
        s->t[(int64_t)i * s->ldt + i] = s->theta[m - 1 - i];
        for (int32_t u = 0; u < wait; u++) {
            s->t[(int64_t)(keep + u) * s->ldt + i] = couple[(int64_t)u * keep + i];
            s->t[(int64_t)i * s->ldt + keep + u] = couple[(int64_t)u * keep + i];
        }
    }
done:
    sheaf_i_free(s->p->ctx, couple);
    return st;
}

sheaf_status sheaf_i_krylov_restart(sheaf_i_krylov *s)
{
    sheaf_status st = SHEAF_OK;
    const int32_t b = s->b, keep = (s->p->k + b / 2 + b - 1) / b * b, kept = keep / b, wait = s->v.panels - s->expanded;
    float *vectors = sheaf_i_krylov_leading(s, keep);
    if (!vectors) return SHEAF_ENOMEM;
    SHEAF_TRY(sheaf_i_basis_rotate(&s->v, s->expanded, vectors, keep));
    SHEAF_TRY(restart_t(s, keep));
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

/* y <- tall x, w <- wide y. */
static sheaf_status multiply(sheaf_i_krylov *s, const float *x, float *w)
{
    const int32_t n = s->b;
    s->products += 2 * n;
    sheaf_status st = sheaf_i_matrix_times(s->p->ctx, s->p->tall, x, n, n, s->y, n);
    return st == SHEAF_OK ? sheaf_i_matrix_times(s->p->ctx, s->p->wide, s->y, n, n, w, n) : st;
}

/* A random block x outside the basis is multiplied once to bring out what is large there, w = B x, and cleared of what
   rounding let in of the basis. Then y = tall w and z = wide y: ||z c||^2 / ||y c||^2 for the best c is a Rayleigh
   quotient of the operator beyond the basis, so never above its largest eigenvalue there. With one product less, four
   missed values in 4000 drowned in the others. */
static sheaf_status look_beyond(sheaf_i_krylov *s, const float *x, float *w, float *z)
{
    enum { SQUARE = SHEAF_I_MAX_B * SHEAF_I_MAX_B };
    sheaf_status st = SHEAF_OK;
    const sheaf_i_svd_problem *p = s->p;
    const int32_t n = s->b, basis = s->v.panels - 1;
    double gz[SQUARE], gy[SQUARE], longest2 = 0;
    SHEAF_TRY(multiply(s, x, w));
    SHEAF_TRY(sheaf_i_basis_pass(&s->v, w, &(sheaf_i_pass){.dot_hi = basis, .h = s->h}));
    SHEAF_TRY(sheaf_i_basis_pass(&s->v, w, &(sheaf_i_pass){.sub_hi = basis, .sub = s->h, .g = gy}));
    for (int32_t c = 0; c < n; c++) longest2 = fmax(longest2, gy[c * n + c]);
    if (longest2 <= SHEAF_I_NOISE * SHEAF_I_NOISE * s->scale * s->scale) return SHEAF_OK; /* nothing there */
    SHEAF_TRY(multiply(s, w, z));
    SHEAF_TRY(sheaf_i_self_gram(p->ctx, p->kernels, p->n_long, s->y, n, gy));
    SHEAF_TRY(sheaf_i_self_gram(p->ctx, p->kernels, p->n_short, z, n, gz));
    st = largest_quotient(s, gz, gy, FAINT * FAINT * s->scale * longest2, &s->probe);
done:
    return st;
}

sheaf_status sheaf_i_krylov_probe(sheaf_i_krylov *s, bool *found)
{
    sheaf_status st = SHEAF_OK;
    const int32_t n = s->b, before = s->v.panels, kth = s->ritz_m - s->p->k;
    bool appended = false;
    *found = false;
    s->probe = 0;
    SHEAF_TRY(sheaf_i_krylov_random(s, SHEAF_I_RNG_SVD_PROBE, &appended));
    if (!appended) return SHEAF_OK; /* the basis is the whole space */
    SHEAF_TRY(sheaf_i_basis_reserve(&s->v, 2));
    SHEAF_TRY(look_beyond(s, s->v.panel[before], s->v.panel[before + 1], s->v.panel[before + 2]));
    *found = kth < 0 || s->probe > s->theta[kth] * (1 + MARGIN) + RESIDUAL_FLOOR * s->scale;
    if (!*found) {
        s->v.panels = before;
        for (int32_t c = 0; c < n; c++) s->live -= !s->dead[before * n + c];
    }
done:
    return st;
}
