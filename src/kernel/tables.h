/* The tables that select.c chooses from; only kernel/ and tests include this. */
#ifndef SHEAF_KERNEL_TABLES_H
#define SHEAF_KERNEL_TABLES_H

#include "kernel/kernel.h"

sheaf_i_sift_fn sheaf_i_sift_plain;
sheaf_i_panel_best_fn sheaf_i_panel_best_plain;
sheaf_i_rivals_fn sheaf_i_rivals_plain;
sheaf_i_above_fn sheaf_i_above_plain;
sheaf_i_coarse_fn sheaf_i_coarse_plain;
sheaf_i_gain_each_fn sheaf_i_gain_each_plain;
sheaf_i_gain_sum_fn sheaf_i_gain_sum_plain;
sheaf_i_gains_fn sheaf_i_gains_plain;
sheaf_i_gain_pairs_fn sheaf_i_gain_pairs_plain;
#ifdef SHEAF_I_VNNI
sheaf_i_coarse_fn sheaf_i_coarse_vnni;
#endif
extern const sheaf_i_kernels sheaf_i_kernels_plain;
#ifdef SHEAF_I_X86
extern const sheaf_i_kernels sheaf_i_kernels_avx2, sheaf_i_kernels_avx512;
#endif

#endif
