/* Cosines between the weighted rows of two or three documents; see pairs.h. */
#include <math.h>

#include "model/pairs.h"

static double row_dot(const sheaf_matrix *a, int64_t i, int64_t j)
{
    const int64_t *indptr;
    const int32_t *indices;
    const float *values;
    sheaf_matrix_csr(a, &indptr, &indices, &values);
    int64_t p = indptr[i], q = indptr[j];
    double sum = 0;
    while (p < indptr[i + 1] && q < indptr[j + 1]) {
        if (indices[p] == indices[q]) sum += (double)values[p++] * values[q++];
        else if (indices[p] < indices[q]) p++;
        else q++;
    }
    return sum;
}

/* The weighting need not give rows of length 1. */
static double cosine(const sheaf_matrix *a, int64_t i, int64_t j)
{
    double lengths = row_dot(a, i, i) * row_dot(a, j, j);
    double c = lengths > 0 ? row_dot(a, i, j) / sqrt(lengths) : 0;
    return c > 1 ? 1 : c;
}

void sheaf_i_add_pair(sheaf_model *m, int64_t a, int64_t b, double similarity)
{
    int32_t at = m->n_pairs++; /* insertion keeps the order of ids among equals */
    for (; at > 0 && m->pairs[at - 1].similarity < similarity; at--) m->pairs[at] = m->pairs[at - 1];
    m->pairs[at] = (sheaf_pair){a, b, similarity};
}

void sheaf_i_model_pairs(sheaf_model *m)
{
    int64_t n = sheaf_matrix_rows(m->matrix);
    m->n_pairs = 0;
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = a + 1; b < n; b++) sheaf_i_add_pair(m, a, b, cosine(m->matrix, a, b));
}
