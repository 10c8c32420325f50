/* One step of block Lanczos: product, full reorthogonalisation, orthonormal new block.
 *
 * Against the basis: first the panels to which the recurrence couples the block, then one pass against all of it, which
 * finds only what rounding left. Inside the block: w <- w Q D^-1/2 from the eigenvectors of w^T w in double (SVQB,
 * Stathopoulos and Wu 2002), which shows the rank. Short directions come out enlarged, and with them the rounding
 * errors along the basis, so "project, orthonormalise" is repeated while the enlargement is large.
 */
#include <string.h>

#include "base/context.h"
#include "kernel/blas.h"
#include "space/krylov.h"

#define ENLARGED 100.0       /* past this, errors along the basis would exceed about 1e-5: project again */
#define ROUNDS 4             /* one is usual; two after a refill; more only where the space is nearly full */
#define GONE 1e-4            /* a unit vector shorter than this after projection was inside the basis */
#define UNEVEN 2e-6          /* deviation of w^T w from the identity worth another multiplication */
#define MAX_SQUARE (SHEAF_I_MAX_B * SHEAF_I_MAX_B)

/* What has become of the block: w_in = V h + w r. */
typedef struct {
    sheaf_i_krylov *s;
    float *w;
    double *h, *r;
    double g[MAX_SQUARE];
    float m[MAX_SQUARE];       /* pending: w is to be multiplied by it */
    bool live[SHEAF_I_MAX_B];
    double enlarged;
} settling;

/* From g = w^T w: m = Q D^-1/2, r <- D^1/2 Q^T r; directions with D <= floor2 come out as zeros. */
static sheaf_status whiten(settling *b, double floor2, double norm2)
{
    const int32_t n = b->s->b;
    double d[SHEAF_I_MAX_B], step[MAX_SQUARE], old[MAX_SQUARE], least = norm2;
    double since = sheaf_i_clock();
    sheaf_status st = sheaf_i_eigh(b->s->p->ctx, n, b->g, n, d);
    sheaf_i_lap(&since, &b->s->p->seconds->small);
    if (st != SHEAF_OK) return st;
    for (int32_t c = 0; c < n; c++) {
        b->live[c] = d[c] > floor2;
        double root = b->live[c] ? sqrt(d[c]) : 0;
        if (b->live[c] && d[c] < least) least = d[c];
        for (int32_t i = 0; i < n; i++) {
            b->m[i * n + c] = b->live[c] ? (float)(b->g[c * n + i] / root) : 0;
            step[c * n + i] = root * b->g[c * n + i];
        }
    }
    memcpy(old, b->r, (size_t)n * (size_t)n * sizeof *old);
    sheaf_i_dgemm(false, false, n, n, n, 1, step, n, old, n, 0, b->r, n);
    b->enlarged = sqrt(norm2 / least);
    return SHEAF_OK;
}

/* w <- w m with empty columns filled by random ones; *filled of them. */
static sheaf_status refill(settling *b, int32_t *filled)
{
    sheaf_i_krylov *s = b->s;
    bool columns[SHEAF_I_MAX_B] = {0};
    int64_t room = s->p->n_short - s->live;
    for (int32_t c = 0; c < s->b; c++) room -= b->live[c];
    *filled = 0;
    for (int32_t c = 0; c < s->b && *filled < room; c++)
        if (!b->live[c]) {
            columns[c] = true;
            ++*filled;
        }
    if (!*filled) return SHEAF_OK;
    sheaf_status st = sheaf_i_basis_pass(&s->v, b->w, &(sheaf_i_pass){.m = b->m});
    if (st != SHEAF_OK) return st;
    return sheaf_i_basis_random(&s->v, b->w, columns,
                                sheaf_i_rng_key(s->p->seed, SHEAF_I_RNG_SVD_REFILL, s->fills++));
}

/* h <- w^T-coefficients over all panels, local ones first; w <- w - V h; g <- w^T w. */
static sheaf_status project_first(settling *b, int32_t local_lo)
{
    sheaf_i_krylov *s = b->s;
    sheaf_status st = SHEAF_OK;
    const int32_t panels = s->v.panels;
    const int64_t square = (int64_t)s->b * s->b, before = local_lo * square, all = panels * square;
    SHEAF_TRY(sheaf_i_basis_pass(&s->v, b->w, &(sheaf_i_pass){.dot_lo = local_lo, .dot_hi = panels,
                                                              .h = b->h + before}));
    memset(b->h, 0, (size_t)before * sizeof *b->h);
    SHEAF_TRY(sheaf_i_basis_pass(&s->v, b->w, &(sheaf_i_pass){.sub_lo = local_lo, .sub_hi = panels,
                                                              .sub = b->h + before, .dot_hi = panels, .h = s->h2}));
    SHEAF_TRY(sheaf_i_basis_pass(&s->v, b->w, &(sheaf_i_pass){.sub_hi = panels, .sub = s->h2, .g = b->g}));
    for (int64_t i = 0; i < all; i++) b->h[i] += s->h2[i];
done:
    return st;
}

/* The same again on a block already made orthonormal: w <- w m unless a refill did that; h <- h + h2 r. */
static sheaf_status project_again(settling *b, bool multiplied)
{
    sheaf_i_krylov *s = b->s;
    sheaf_status st = SHEAF_OK;
    const int32_t panels = s->v.panels, n = s->b;
    SHEAF_TRY(sheaf_i_basis_pass(&s->v, b->w, &(sheaf_i_pass){.m = multiplied ? NULL : b->m, .dot_hi = panels,
                                                              .h = s->h2}));
    SHEAF_TRY(sheaf_i_basis_pass(&s->v, b->w, &(sheaf_i_pass){.sub_hi = panels, .sub = s->h2, .g = b->g}));
    sheaf_i_dgemm(false, false, (int64_t)panels * n, n, n, 1, s->h2, n, b->r, n, 1, b->h, n);
done:
    return st;
}

/* Largest squared column norm of the block before it was projected. */
static double raw_norm2(const settling *b)
{
    const int32_t n = b->s->b;
    double largest = 0;
    for (int32_t c = 0; c < n; c++) {
        double sum = b->g[c * n + c];
        for (int64_t i = 0; i < (int64_t)b->s->v.panels * n; i++) sum += b->h[i * n + c] * b->h[i * n + c];
        if (sum > largest) largest = sum;
    }
    return largest;
}

/* Multiplies by the pending m, and once more where the result is not yet orthonormal to float accuracy. */
static sheaf_status finish(settling *b)
{
    sheaf_i_krylov *s = b->s;
    const int32_t n = s->b;
    sheaf_status st = SHEAF_OK;
    double off = 0;
    const bool even = b->enlarged < ENLARGED; /* then the product is orthonormal to a few roundoffs */
    SHEAF_TRY(sheaf_i_basis_pass(&s->v, b->w, &(sheaf_i_pass){.m = b->m, .g = even ? NULL : b->g}));
    if (even) return SHEAF_OK;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < n; j++) {
            double error = fabs(b->g[i * n + j] - (i == j && b->live[i] ? 1.0 : 0.0));
            if (error > off) off = error;
        }
    if (off <= UNEVEN) return SHEAF_OK;
    SHEAF_TRY(whiten(b, GONE * GONE, 1));
    SHEAF_TRY(sheaf_i_basis_pass(&s->v, b->w, &(sheaf_i_pass){.m = b->m}));
done:
    return st;
}

sheaf_status sheaf_i_krylov_append(sheaf_i_krylov *s, int32_t local_lo, double *h, double *r, bool *appended)
{
    sheaf_status st = SHEAF_OK;
    const int32_t n = s->b;
    settling b = {.s = s, .w = s->v.panel[s->v.panels], .h = h, .r = r};
    sheaf_i_seconds *seconds = s->p->seconds;
    const double small = seconds->small;
    double since = sheaf_i_clock();
    memset(r, 0, (size_t)n * (size_t)n * sizeof *r);
    for (int32_t c = 0; c < n; c++) r[c * n + c] = 1;
    SHEAF_TRY(project_first(&b, local_lo));
    double norm2 = raw_norm2(&b);
    if (sqrt(norm2) > s->scale) s->scale = sqrt(norm2);
    double floor = SHEAF_I_NOISE * s->scale;
    SHEAF_TRY(whiten(&b, floor * floor, norm2));
    int32_t filled = 0;
    for (int32_t round = 1; round < ROUNDS; round++) {
        if (round == 1) SHEAF_TRY(refill(&b, &filled));
        /* Random vectors lie mostly in the basis, whose own errors the first projection leaves in them: one more. */
        if (b.enlarged < ENLARGED && (filled == 0 || round > 2)) break;
        SHEAF_TRY(project_again(&b, filled > 0 && round == 1));
        SHEAF_TRY(whiten(&b, GONE * GONE, 1));
    }
    SHEAF_TRY(finish(&b));
    int32_t live = 0;
    for (int32_t c = 0; c < n; c++) {
        s->dead[s->v.panels * n + c] = !b.live[c];
        live += b.live[c];
    }
    *appended = live > 0;
    s->v.panels += live > 0;
    s->live += live;
    sheaf_i_lap(&since, &seconds->basis);
    seconds->basis -= seconds->small - small; /* counted there */
done:
    return st;
}

sheaf_status sheaf_i_krylov_start(sheaf_i_krylov *s, bool *appended)
{
    sheaf_status st = SHEAF_OK;
    bool columns[SHEAF_I_MAX_B];
    double r[MAX_SQUARE], scale = s->scale;
    memset(columns, true, sizeof columns);
    SHEAF_TRY(sheaf_i_basis_reserve(&s->v, 1));
    SHEAF_TRY(sheaf_i_basis_random(&s->v, s->v.panel[s->v.panels], columns,
                                   sheaf_i_rng_key(s->p->seed, SHEAF_I_RNG_SVD_START, s->fills++)));
    s->scale = 1; /* the lengths here are those of unit vectors, not of products */
    st = sheaf_i_krylov_append(s, 0, s->h, r, appended);
    s->scale = scale;
done:
    return st;
}

/* Column block e of T, and its mirror image, from the coefficients of B V_e. */
static void store(sheaf_i_krylov *s, int32_t e, int32_t panels, const double *h, const double *r, bool appended)
{
    const int32_t n = s->b;
    for (int32_t p = 0; p < panels + appended; p++) {
        const double *from = p < panels ? h + (int64_t)p * n * n : r;
        for (int32_t i = 0; i < n; i++)
            for (int32_t j = 0; j < n; j++) {
                double x = p == e ? (from[i * n + j] + from[j * n + i]) / 2 : from[i * n + j];
                s->t[((int64_t)p * n + i) * s->ldt + e * n + j] = x;
                s->t[((int64_t)e * n + j) * s->ldt + p * n + i] = x;
            }
    }
}

sheaf_status sheaf_i_krylov_expand(sheaf_i_krylov *s)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = s->p->ctx;
    const int32_t e = s->expanded, n = s->b, panels = s->v.panels;
    double r[MAX_SQUARE];
    bool appended = false;
    SHEAF_TRY(sheaf_i_basis_reserve(&s->v, 1));
    double since = sheaf_i_clock();
    SHEAF_TRY(sheaf_i_matrix_gram(ctx, s->p->tall, s->p->wide, s->v.panel[e], n, n, s->y, s->v.panel[panels], n,
                                  s->p->scratch));
    sheaf_i_lap(&since, &s->p->seconds->products);
    s->products += 2 * n;
    int32_t local_lo = e < s->arrow ? 0 : 2 * e - panels;
    if (local_lo < 0) local_lo = 0;
    SHEAF_TRY(sheaf_i_krylov_append(s, local_lo, s->h, r, &appended));
    store(s, e, panels, s->h, r, appended);
    s->expanded++;
done:
    return st;
}
