/* What the files compiled once per instruction set share: CMake gives SHEAF_I_ISA (avx2, avx512) and SHEAF_I_LANES
 * (floats in a register). Vectors are GCC's vector types; multiply-add is fused (-ffp-contract=fast).
 */
#ifndef SHEAF_KERNEL_WIDE_H
#define SHEAF_KERNEL_WIDE_H

#include "kernel/tables.h"

#define LANES SHEAF_I_LANES
#define INLINE static inline __attribute__((always_inline))
#define ISA_JOIN_(name, isa) sheaf_i_##name##_##isa
#define ISA_JOIN(name, isa) ISA_JOIN_(name, isa)
#define ISA(name) ISA_JOIN(name, SHEAF_I_ISA) /* sheaf_i_NAME_avx2 ... */
#define ISA_TEXT_(isa) #isa
#define ISA_TEXT(isa) ISA_TEXT_(isa)
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL16 UNROLL
#else
#define UNROLL _Pragma("GCC unroll 8")
#define UNROLL16 _Pragma("GCC unroll 16")
#endif

/* Defined once per instruction set: spmm, spmm_coded in sparse.c; gram, gram64, update in tall.c; assign, dots in
   nearest.c; sift, panel_best in bounded.c; rivals, above in rivals.c; scan in scan.c; gain_each,
   gain_sum, gains, gain_pairs in gains.c. */
sheaf_i_spmm_fn ISA(spmm);
sheaf_i_spmm_coded_fn ISA(spmm_coded);
sheaf_i_gram_fn ISA(gram);
sheaf_i_gram64_fn ISA(gram64);
sheaf_i_update_fn ISA(update);
sheaf_i_assign_fn ISA(assign);
sheaf_i_dots_fn ISA(dots);
sheaf_i_sift_fn ISA(sift);
sheaf_i_panel_best_fn ISA(panel_best);
sheaf_i_rivals_fn ISA(rivals);
sheaf_i_above_fn ISA(above);
sheaf_i_scan_fn ISA(scan);
sheaf_i_gain_each_fn ISA(gain_each);
sheaf_i_gain_sum_fn ISA(gain_sum);
sheaf_i_gains_fn ISA(gains);
sheaf_i_gain_pairs_fn ISA(gain_pairs);

typedef float vf __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef float vf8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float vh __attribute__((vector_size(LANES * 2), aligned(4), may_alias));  /* half as many */
typedef double vd __attribute__((vector_size(LANES * 4), aligned(8), may_alias)); /* the same in double */

/* Lanes of `yes` where mask is set, else of `no`. */
INLINE vi pick(vi mask, vi yes, vi no) { return (mask & yes) | (~mask & no); }
INLINE vf pickf(vi mask, vf yes, vf no) { return (vf)pick(mask, (vi)yes, (vi)no); }

/* The even and the odd lanes of a, then those of b. */
#if LANES == 16
#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#else
#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define ODD(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#endif

#endif
