/* Truncated SVD by block Lanczos on B = tall^T tall with full reorthogonalisation, restarted where the basis would grow
 * too large (thick restart: Wu and Simon 2000; block form of Golub, Luk and Overton 1981).
 *
 * Small residuals do not prove that the leading values were found: a value of multiplicity above the block size hides
 * from the Krylov space. So after convergence a random block probes what lies beyond the basis, and joins it if it
 * shows more.
 */
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "kernel/blas.h"
#include "space/krylov.h"
#include "space/refine.h"

#define MAX_PROBES 16
#define MAX_RESTARTS 60
#define BASIS_BYTES ((int64_t)3 << 30) /* past this the basis is restarted early */
#define MAX_COLUMNS (1 << 16)          /* T would take 34 GB */

/* Wide blocks read the matrix and the basis less often, narrow ones need fewer columns, whose number goes into the
   orthogonalisation with its square. For k = 100 on text 16 took 330 columns and 3/4 of the time of 32 with its 430. */
static int32_t block_width(int32_t k) { return k <= 160 ? 16 : k <= 500 ? 32 : 64; }

/* The fewer restarts the fewer products, but T costs its cube: 4k columns, for large k or long vectors 2k. */
static int32_t choose_panels(const sheaf_i_svd_problem *p, int32_t b)
{
    int64_t least = 2 * (int64_t)p->k + 4 * (int64_t)b, most = (p->k <= 400 ? 4 : 2) * (int64_t)p->k + 8 * b;
    int64_t fits = BASIS_BYTES / ((int64_t)sizeof(float) * p->n_short);
    int64_t columns = most < fits ? most : fits;
    if (columns < least) columns = least;
    return (int32_t)((columns + b - 1) / b);
}

static sheaf_status start(sheaf_i_krylov *s, const sheaf_i_svd_problem *p)
{
    sheaf_status st = SHEAF_OK;
    const int32_t b = block_width(p->k), panels = choose_panels(p, b), room = panels + MAX_PROBES + 4;
    const int64_t square = (int64_t)b * b, m = (int64_t)room * b;
    *s = (sheaf_i_krylov){.p = p, .b = b, .max_panels = panels, .ldt = (int32_t)m};
    if (m > MAX_COLUMNS)
        return sheaf_i_fail(p->ctx, SHEAF_EINVAL, "dims = %d is too many for a matrix of %lld x %d", (int)p->k,
                            (long long)p->n_long, (int)p->n_short);
    SHEAF_TRY(sheaf_i_basis_init(&s->v, p->ctx, p->n_short, b, room));
    SHEAF_NEW0(s->dead, p->ctx, m);
    SHEAF_NEW_ALIGNED(s->t, p->ctx, m * m);
    memset(s->t, 0, (size_t)(m * m) * sizeof *s->t);
    SHEAF_NEW_ALIGNED(s->z, p->ctx, m * m);
    SHEAF_NEW(s->theta, p->ctx, m);
    SHEAF_NEW(s->couple, p->ctx, m * (p->k + 2 * (int64_t)b));
    SHEAF_NEW_ALIGNED(s->h, p->ctx, room * square);
    SHEAF_NEW_ALIGNED(s->h2, p->ctx, room * square);
    SHEAF_NEW_ALIGNED(s->y, p->ctx, p->n_long * b);
    bool appended;
    st = sheaf_i_krylov_start(s, &appended);
done:
    return st;
}

/* The residuals of the recurrence, and V' T' Z diag(1 / sigma) G for the waiting panels V', so that a product with
   long_side G tells whether they hold (refine.h); where there is no memory for it, the others only. */
static sheaf_status claim(sheaf_i_krylov *s, sheaf_i_svd_result *out)
{
    sheaf_status st = SHEAF_OK;
    const int32_t k = out->found, first = s->expanded, wait = (s->v.panels - first) * s->b;
    float *coef = NULL, *g = NULL;
    for (int32_t i = 0; i < k; i++) out->claimed = fmax(out->claimed, sheaf_i_krylov_residual(s, i) / out->sigma[i]);
    if (k == 0 || out->claimed < SHEAF_I_SURE * out->sigma[0]) return SHEAF_OK;
    SHEAF_NEW(g, s->p->ctx, (int64_t)k * SHEAF_I_SKETCH);
    SHEAF_NEW(coef, s->p->ctx, (int64_t)wait * SHEAF_I_SKETCH);
    SHEAF_NEW_ALIGNED(out->rest, s->p->ctx, (int64_t)s->p->n_short * SHEAF_I_SKETCH);
    sheaf_i_svd_normal(s->p, k, g);
    for (int64_t u = 0; u < wait; u++)
        for (int32_t c = 0; c < SHEAF_I_SKETCH; c++) {
            double sum = 0;
            for (int32_t i = 0; i < k; i++)
                sum += s->couple[u * s->kept + s->kept - 1 - i] / out->sigma[i] * (double)g[i * SHEAF_I_SKETCH + c];
            coef[u * SHEAF_I_SKETCH + c] = (float)sum;
        }
    sheaf_i_basis waiting = s->v;
    waiting.panel += first;
    st = sheaf_i_basis_combine(&waiting, s->v.panels - first, coef, SHEAF_I_SKETCH, out->rest);
done:
    sheaf_i_free(s->p->ctx, g);
    sheaf_i_free(s->p->ctx, coef);
    if (st != SHEAF_ENOMEM) return st;
    sheaf_i_aligned_free(s->p->ctx, out->rest);
    out->rest = NULL;
    sheaf_i_forgive(s->p->ctx);
    return SHEAF_OK;
}

/* What only steps and looks need: memory for the vectors that are made of the basis. */
static void end_steps(sheaf_i_krylov *s)
{
    sheaf_ctx *ctx = s->p->ctx;
    sheaf_i_aligned_free(ctx, s->t);
    sheaf_i_aligned_free(ctx, s->z);
    sheaf_i_free(ctx, s->couple);
    sheaf_i_aligned_free(ctx, s->h);
    sheaf_i_aligned_free(ctx, s->h2);
    sheaf_i_aligned_free(ctx, s->y);
    s->t = s->z = s->couple = s->h = s->h2 = NULL;
    s->y = NULL;
}

static void end(sheaf_i_krylov *s)
{
    sheaf_ctx *ctx = s->p->ctx;
    end_steps(s);
    sheaf_i_basis_end(&s->v);
    sheaf_i_free(ctx, s->dead);
    sheaf_i_free(ctx, s->theta);
    *s = (sheaf_i_krylov){.p = s->p};
}

/* ---- when to look at T: its eigenproblem costs as much as some steps ---- */

typedef struct {
    int32_t next, columns;     /* counted over restarts */
    double ratio;
    int32_t usual;             /* columns after which text has converged */
} look_out;

/* On the matrices of six corpora under two weightings, k = 20 to 100 and b = 16, the residuals fell slowly to 5e-3 in
   2.9 k + 5 b columns, by a decade in 2 to 2.5 k of them, and from there by a decade in every TENFOLD. */
#define TURN 5e-3
static double tenfold(const sheaf_i_krylov *s) { return .38 * s->p->k + 1.5 * s->b; }

static int32_t usual_columns(const sheaf_i_krylov *s)
{
    const double k = s->p->k, beyond = log10(TURN / s->p->tol);
    double columns = 2.9 * k + 5 * s->b + beyond * (beyond > 0 ? tenfold(s) : 2 * k);
    if (columns < 1.2 * k) columns = 1.2 * k;
    return ((int32_t)(columns / s->b) + 1) * s->b;
}

/* Columns that text still takes from residuals of `ratio` times the tolerance. */
static double usual_rest(const sheaf_i_krylov *s, double ratio)
{
    const double from = log10(ratio * s->p->tol / TURN), to = log10(s->p->tol / TURN);
    return 2.5 * s->p->k * (fmax(from, 0) - fmax(to, 0)) + tenfold(s) * (fmin(from, 0) - fmin(to, 0));
}

/* Seconds on one core, for comparisons: of a look at m columns, and of a step with m columns before it. */
static double look_cost(double m) { return 1.3e-10 * m * m * m; }
static double step_cost(const sheaf_i_krylov *s, double m)
{
    return s->b * (6e-11 * (double)s->p->tall->indptr[s->p->n_long] + 2e-11 * m * (double)s->p->n_short);
}

/* The first look: early at what may converge sooner than text, where that could save much. */
static look_out first_look(const sheaf_i_krylov *s)
{
    const int32_t usual = usual_columns(s), half = usual / 2 / s->b * s->b;
    const double saved = (usual - half) / s->b * step_cost(s, .75 * usual);
    return (look_out){.next = half > s->p->k && saved > 30 * look_cost(half) ? half : usual, .usual = usual};
}

/* The next look: where text would have converged, or sooner if the last two looks say so; some more blocks from the
   wish not to look in vain where steps are cheap. */
static void plan(look_out *l, const sheaf_i_krylov *s, int32_t columns, double ratio)
{
    double decades = ratio < HUGE_VAL ? log10(ratio) : 1, rest = ratio < HUGE_VAL ? usual_rest(s, ratio) : tenfold(s);
    if (l->columns > 0 && l->columns < columns && l->ratio < HUGE_VAL && ratio < l->ratio)
        rest = fmin(rest, decades * (columns - l->columns) / log10(l->ratio / ratio));
    const double spare = fmin(3, look_cost(columns) / (2 * step_cost(s, columns)));
    const double blocks = fmin(8, fmax(1, ceil(rest / s->b) + floor(spare)));
    int32_t next = columns + (int32_t)blocks * s->b;
    if (columns < l->usual && decades > .5 && s->p->tol <= TURN) next = l->usual; /* as slow as text */
    *l = (look_out){.next = next, .columns = columns, .ratio = ratio, .usual = l->usual};
}

/* Grows the basis until k Ritz pairs are good and the probe sees nothing larger, or the space is exhausted. After
   MAX_RESTARTS the best so far has to do: the true residual goes into the report. */
static sheaf_status iterate(sheaf_i_krylov *s)
{
    sheaf_status st = SHEAF_OK;
    look_out look = first_look(s);
    int32_t hold = 0, first = 0; /* columns at the first convergence: what the probe found gets as many to converge */
    for (int32_t columns = s->b, probes = 0;; columns += s->b) {
        SHEAF_TRY(sheaf_i_progress(s->p->ctx, "latent space", columns, 0));
        SHEAF_TRY(sheaf_i_krylov_expand(s));
        bool exhausted = s->expanded == s->v.panels, full = s->expanded >= s->max_panels;
        if (columns < look.next && !full && !exhausted) continue;
        double ratio;
        SHEAF_TRY(sheaf_i_krylov_ritz(s, &ratio));
        if ((ratio <= 1 && columns >= hold) || exhausted) {
            bool more = false;
            if (probes++ < MAX_PROBES) SHEAF_TRY(sheaf_i_krylov_probe(s, &more));
            if (!more) break;
            if (!first) first = columns;
            hold = columns + first;
        }
        plan(&look, s, columns, ratio);
        if (look.next < hold) look.next = hold;
        if (full) {
            if (s->restarts >= MAX_RESTARTS) break;
            SHEAF_TRY(sheaf_i_krylov_restart(s));
        }
    }
done:
    return st;
}

sheaf_status sheaf_i_svd_lanczos(const sheaf_i_svd_problem *p, sheaf_i_svd_result *out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_krylov s;
    float *vectors = NULL;
    *out = (sheaf_i_svd_result){0};
    SHEAF_TRY(start(&s, p));
    SHEAF_TRY(iterate(&s));
    const double largest = s.theta[s.ritz_m - 1], floor = SHEAF_I_LANCZOS_FLOOR * SHEAF_I_LANCZOS_FLOOR * largest;
    while (out->found < p->k && out->found < s.ritz_m && s.theta[s.ritz_m - 1 - out->found] > floor) out->found++;
    const int32_t found = out->found;
    SHEAF_NEW(out->sigma, p->ctx, found);
    for (int32_t i = 0; i < found; i++) out->sigma[i] = sqrt(s.theta[s.ritz_m - 1 - i]);
    if (!(vectors = sheaf_i_krylov_leading(&s, found))) SHEAF_TRY(SHEAF_ENOMEM);
    double since = sheaf_i_clock();
    SHEAF_TRY(claim(&s, out));
    end_steps(&s);
    sheaf_i_scratch_end(p->ctx, p->scratch);
    SHEAF_NEW_ALIGNED(out->short_side, p->ctx, (int64_t)p->n_short * found);
    SHEAF_TRY(sheaf_i_basis_combine(&s.v, s.expanded, vectors, found, out->short_side));
    sheaf_i_lap(&since, &p->seconds->basis);
    out->products = s.products;
    out->restarts = s.restarts;
    out->probe = largest > 0 ? sqrt(s.probe / largest) : 0;
    end(&s);
    st = sheaf_i_svd_complete(p, out);
done:
    sheaf_i_aligned_free(p->ctx, vectors);
    end(&s);
    return st;
}
