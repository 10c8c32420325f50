/* The stages of the latent space: transpose, sparse times dense, the whole SVD at two tolerances, and how its time
 * divides, as it was taken inside. The residual is computed here, in double, from the definition. */
#include <math.h>
#include <stdio.h>

#include "base/context.h"
#include "measure/check.h"
#include "measure/sparse.h"
#include "measure/stages.h"

#define B 16 /* columns of a block of the Lanczos process at 100 dimensions */
#define TIGHT 1e-5
#define PARTS 4     /* of the SVD: products, passes over the basis, small problems, the rest */
#define SLACK 1.05  /* what the recurrence promised, give or take, as the fit itself has it */
#define CODED 8     /* roundings of a value that is looked up and scaled, against one that is stored */
#define ORACLE 1e-6 /* of two sums of the same products, in float each */

typedef struct {
    sheaf_i_run *r;
    const sheaf_matrix *a; /* coded, as the main job has it, and its transpose */
    sheaf_matrix *t;
    const sheaf_matrix *values; /* the same in the general form, for the oracles */
    sheaf_matrix *values_t;
    float *x, *y;    /* what products read: cols x B, rows x B */
    float *ax, *aty; /* what they write */
    sheaf_i_scratch scratch;
    double tol;
    sheaf_space *space;
    double *part[PARTS]; /* seconds of every fit so far, as its report has them */
    int32_t n_fits;
    int64_t room[PARTS];
} job;

static double nonzeros(const sheaf_matrix *a) { return (double)a->indptr[a->rows]; }

static sheaf_status run_transpose(void *arg)
{
    job *j = arg;
    return sheaf_i_matrix_transpose(j->r->ctx, &j->t, j->a);
}

static void drop_transpose(void *arg)
{
    job *j = arg;
    sheaf_matrix_free(j->t);
    j->t = NULL;
}

static sheaf_status run_forward(void *arg)
{
    job *j = arg;
    return sheaf_i_matrix_times(j->r->ctx, j->a, j->x, B, B, j->ax, B, &j->scratch);
}

static sheaf_status run_backward(void *arg)
{
    job *j = arg;
    return sheaf_i_matrix_times(j->r->ctx, j->t, j->y, B, B, j->aty, B, &j->scratch);
}

static sheaf_status note_parts(job *j, double whole)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_space_report q = sheaf_space_quality(j->space);
    const double known = q.seconds_products + q.seconds_basis + q.seconds_small;
    const double seconds[PARTS] = {q.seconds_products, q.seconds_basis, q.seconds_small, whole - known};
    for (int i = 0; i < PARTS; i++) {
        SHEAF_GROW(j->part[i], j->r->ctx, j->n_fits, j->room[i]);
        j->part[i][j->n_fits] = seconds[i];
    }
    j->n_fits++;
done:
    return st;
}

static sheaf_status run_svd(void *arg)
{
    job *j = arg;
    sheaf_space_opts o;
    sheaf_i_bench_space_opts(j->r, &o);
    if (j->tol > 0) o.tol = j->tol;
    const double since = sheaf_i_now();
    sheaf_status st = sheaf_space_fit(j->r->ctx, &j->space, j->a, &o);
    return st == SHEAF_OK ? note_parts(j, sheaf_i_now() - since) : st;
}

static void drop_space(void *arg)
{
    job *j = arg;
    sheaf_space_free(j->space);
    j->space = NULL;
}

static void end(job *j)
{
    drop_transpose(j);
    drop_space(j);
    sheaf_matrix_free(j->values_t);
    for (int i = 0; i < PARTS; i++) sheaf_i_free(j->r->ctx, j->part[i]);
    sheaf_i_aligned_free(j->r->ctx, j->x);
    sheaf_i_aligned_free(j->r->ctx, j->y);
    sheaf_i_aligned_free(j->r->ctx, j->ax);
    sheaf_i_aligned_free(j->r->ctx, j->aty);
    sheaf_i_scratch_end(j->r->ctx, &j->scratch);
}

static sheaf_status begin(sheaf_i_run *r, job *j)
{
    sheaf_status st = SHEAF_OK;
    *j = (job){.r = r};
    SHEAF_TRY(sheaf_i_need_matrix(r));
    j->a = r->stages->coded;
    j->values = r->stages->matrix;
    SHEAF_TRY(run_transpose(j));
    SHEAF_TRY(sheaf_i_matrix_transpose(r->ctx, &j->values_t, j->values));
    SHEAF_NEW_ALIGNED(j->x, r->ctx, (int64_t)j->a->cols * B);
    SHEAF_NEW_ALIGNED(j->y, r->ctx, j->a->rows * B);
    SHEAF_NEW_ALIGNED(j->ax, r->ctx, j->a->rows * B);
    SHEAF_NEW_ALIGNED(j->aty, r->ctx, (int64_t)j->a->cols * B);
    SHEAF_TRY(sheaf_i_fill_random(r->ctx, j->y, j->a->rows * B, 8));
    st = sheaf_i_fill_random(r->ctx, j->x, (int64_t)j->a->cols * B, 9);
done:
    return st;
}

static sheaf_status finish(sheaf_i_run *r, sheaf_i_measured *m, const sheaf_i_timed *t)
{
    sheaf_status st = SHEAF_OK;
    m->kind = SHEAF_BENCH_STAGE;
    m->kernels = "";
    SHEAF_TRY(sheaf_i_time(r, t, &m->times));
    st = sheaf_i_report(r, m);
done:
    return st;
}

/* ---- transpose */

/* y.(A x) against x.(A^T y) for random x and y, over the sum of the sizes. */
static sheaf_status check_transpose(job *j, double *off)
{
    double one = 0, other = 0, size = 0;
    sheaf_status st = run_forward(j);
    if (st == SHEAF_OK) st = run_backward(j);
    if (st != SHEAF_OK) return st;
    for (int64_t i = 0; i < j->a->rows * B; i++) {
        one += (double)j->y[i] * (double)j->ax[i];
        size += fabs((double)j->y[i] * (double)j->ax[i]);
    }
    for (int64_t i = 0; i < (int64_t)j->a->cols * B; i++) other += (double)j->x[i] * (double)j->aty[i];
    *off = size > 0 ? fabs(one - other) / size : 0;
    return SHEAF_OK;
}

sheaf_status sheaf_i_case_transpose(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    job j;
    char nnz[16];
    sheaf_i_measured m = {.name = "transpose", .kernels = "", .unit = "Mnonzeros/s", .quality = {"error", 0, ORACLE}};
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(begin(r, &j));
    SHEAF_TRY(check_transpose(&j, &m.quality.value));
    snprintf(m.size, sizeof m.size, "%s nonzeros", sheaf_i_count(nonzeros(j.a), nnz));
    SHEAF_TRY(sheaf_i_verify(r, &m));
    drop_transpose(&j);
    m.work.bytes = (j.a->coded ? 6 : 16) * nonzeros(j.a); /* column and value, or code, read and written */
    m.amount = nonzeros(j.a) / 1e6;
    sheaf_i_timed t = {run_transpose, drop_transpose, &j};
    st = finish(r, &m, &t);
done:
    end(&j);
    return st;
}

/* ---- products */

static sheaf_status work_of(const sheaf_i_run *r, const job *j, bool forward, sheaf_i_work *w)
{
    const sheaf_matrix *values = forward ? j->values : j->values_t;
    return sheaf_i_sparse_work(r, values, values->indices, B, j->a->coded ? 3 : 8, w);
}

static sheaf_status one_product(sheaf_i_run *r, job *j, bool forward)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_matrix *a = forward ? j->a : j->t;
    sheaf_i_measured m = {.name = "product", .kernels = "", .unit = "GFLOP/s", .quality = {"error/bound", 0, 1}};
    char nnz[16];
    snprintf(m.size, sizeof m.size, "%s, %s nonzeros x %d", forward ? "A x" : "A' y", sheaf_i_count(nonzeros(a), nnz),
             B);
    SHEAF_TRY(forward ? run_forward(j) : run_backward(j));
    SHEAF_TRY(sheaf_i_check_product(r->ctx, forward ? j->values : j->values_t, forward ? j->x : j->y, B,
                                    forward ? j->ax : j->aty, j->a->coded ? CODED : 0, &m.quality.value));
    SHEAF_TRY(sheaf_i_verify(r, &m));
    SHEAF_TRY(work_of(r, j, forward, &m.work));
    m.amount = m.work.flops / 1e9;
    sheaf_i_timed t = {forward ? run_forward : run_backward, NULL, j};
    st = finish(r, &m, &t);
done:
    return st;
}

sheaf_status sheaf_i_case_product(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    job j;
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(begin(r, &j));
    SHEAF_TRY(one_product(r, &j, true));
    st = one_product(r, &j, false);
done:
    end(&j);
    return st;
}

/* ---- the SVD */

/* A row for each part of what was timed: the rate is its share in per cent of the whole, by the medians of both. */
static sheaf_status report_parts(job *j, const sheaf_i_measured *svd, const char *size)
{
    static const char *const names[PARTS] = {"svd products", "svd orthogonalisation", "svd small problems", "svd rest"};
    sheaf_status st = SHEAF_OK;
    for (int i = 0; i < PARTS; i++) {
        sheaf_i_measured m = {.kind = SHEAF_BENCH_STAGE,
                              .name = names[i],
                              .kernels = "",
                              .unit = "% of the svd",
                              .quality = {"", 0, 0},
                              .verified = true};
        snprintf(m.size, sizeof m.size, "%s", size);
        sheaf_i_statistics(j->part[i], j->n_fits, &m.times);
        m.amount = 100 * m.times.median * m.times.median / svd->times.median;
        SHEAF_TRY(sheaf_i_report(j->r, &m));
    }
done:
    return st;
}

static sheaf_status one_svd(sheaf_i_run *r, job *j, double tol)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_measured m = {.name = "svd", .kernels = "", .unit = "dims/s", .quality = {"residual", 0, SLACK * tol}};
    char nnz[16], size[SHEAF_I_SHORT];
    j->tol = tol;
    SHEAF_TRY(run_svd(j));
    const int32_t dims = sheaf_space_dims(j->space);
    const bool iterated = sheaf_space_quality(j->space).solver == SHEAF_SOLVER_LANCZOS;
    snprintf(m.size, sizeof m.size, "%s nonzeros, %d dims, tol %g", sheaf_i_count(nonzeros(j->a), nnz), (int)dims, tol);
    SHEAF_TRY(sheaf_i_check_svd(r->ctx, j->values, j->values_t, j->space, &m.quality.value));
    SHEAF_TRY(sheaf_i_verify(r, &m));
    drop_space(j);
    j->n_fits = 0; /* the first one warmed up */
    m.amount = dims;
    sheaf_i_timed t = {run_svd, drop_space, j};
    SHEAF_TRY(finish(r, &m, &t));
    snprintf(size, sizeof size, "tol %g", tol);
    if (iterated) st = report_parts(j, &m, size);
done:
    return st;
}

sheaf_status sheaf_i_case_svd(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    job j;
    sheaf_status st = SHEAF_OK;
    sheaf_space_opts o;
    sheaf_space_opts_init(&o, sizeof o);
    SHEAF_TRY(begin(r, &j));
    SHEAF_TRY(one_svd(r, &j, o.tol));
    st = one_svd(r, &j, TIGHT);
done:
    end(&j);
    return st;
}
