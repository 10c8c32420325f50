/* The tables that select.c chooses from; only kernel/ includes this. */
#ifndef SHEAF_KERNEL_TABLES_H
#define SHEAF_KERNEL_TABLES_H

#include "kernel/kernel.h"

extern const sheaf_i_kernels sheaf_i_kernels_plain;
#ifdef SHEAF_I_X86
extern const sheaf_i_kernels sheaf_i_kernels_avx2, sheaf_i_kernels_avx512;
/* Theirs from nearest.c. */
void sheaf_i_assign_avx2(int64_t m, const float *x, int64_t ldx, int32_t d, const float *packed, const float *bias,
                         int32_t k, int32_t *label, float *score, int32_t *second, float *second_score);
void sheaf_i_assign_avx512(int64_t m, const float *x, int64_t ldx, int32_t d, const float *packed, const float *bias,
                           int32_t k, int32_t *label, float *score, int32_t *second, float *second_score);
void sheaf_i_dots_avx2(int32_t m, const float *a, int64_t lda, int32_t d, const float *packed, int64_t k, float *y,
                       int64_t ldy);
void sheaf_i_dots_avx512(int32_t m, const float *a, int64_t lda, int32_t d, const float *packed, int64_t k, float *y,
                         int64_t ldy);
#endif

#endif
