/* Silhouette in linear time. The mean squared distance of x to the members y of cluster t is
 *   ||x||^2 - 2 x.m_t + q_t,   m_t the mean of y, q_t the mean of ||y||^2,
 * so one assignment with "centres" m_t and bias -q_t / 2 gives the nearest cluster in this sense and the second one;
 * within the own cluster the mean is over the others, which takes a factor n_t / (n_t - 1).
 */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/kmeans.h"

/* Overwrites centre and bias of the run by m_t and -q_t / 2. */
static void set_means(sheaf_i_kmeans *m)
{
    int32_t d = m->p->d;
    memset(m->bias, 0, (size_t)m->k * sizeof *m->bias);
    for (int64_t i = 0; i < m->p->n; i++) m->bias[m->label[i]] -= sheaf_i_points_square(m->p, i) / 2;
    for (int32_t t = 0; t < m->k; t++) {
        double count = (double)m->sums.count[t];
        m->bias[t] = count > 0 ? (float)((double)m->bias[t] / count) : -INFINITY;
        for (int32_t j = 0; j < d; j++)
            m->centre[(int64_t)t * d + j] = count > 0 ? (float)(m->sums.sum[(int64_t)t * d + j] / count) : 0;
    }
}

static float score_of(const sheaf_i_kmeans *m, int64_t i, int32_t t)
{
    const float *x = m->p->x + i * m->p->d, *c = m->centre + (int64_t)t * m->p->d;
    double sum = (double)m->bias[t];
    for (int32_t j = 0; j < m->p->d; j++) sum += (double)x[j] * (double)c[j];
    return (float)sum;
}

static double silhouette_of(const sheaf_i_kmeans *m, int64_t i, int32_t nearest, float second_score)
{
    int32_t own = m->label[i];
    double count = (double)m->sums.count[own], square = (double)sheaf_i_points_square(m->p, i);
    if (count < 2) return 0;
    float own_score = nearest == own ? m->score[i] : score_of(m, i, own);
    double inside = (square - 2 * (double)own_score) * count / (count - 1);
    double outside = square - 2 * (double)(nearest == own ? second_score : m->score[i]);
    double most = fmax(inside, outside);
    return most > 0 && isfinite(outside) ? (outside - inside) / most : 0;
}

sheaf_status sheaf_i_silhouette(sheaf_i_kmeans *m, double *out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = m->p->ctx;
    int64_t n = m->p->n;
    int32_t *nearest = NULL, *second = NULL;
    float *second_score = NULL;
    double sum = 0;
    SHEAF_NEW(nearest, ctx, n);
    SHEAF_NEW(second, ctx, n);
    SHEAF_NEW(second_score, ctx, n);
    set_means(m);
    sheaf_i_assignment a = {.k = m->k, .centre = m->centre, .bias = m->bias, .label = nearest, .score = m->score,
                            .second = second, .second_score = second_score};
    SHEAF_TRY(sheaf_i_assign(m->p, &a));
    for (int64_t i = 0; i < n; i++) sum += silhouette_of(m, i, nearest[i], second_score[i]);
    *out = sum / (double)n;
done:
    sheaf_i_free(ctx, nearest);
    sheaf_i_free(ctx, second);
    sheaf_i_free(ctx, second_score);
    return st;
}
