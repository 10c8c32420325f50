/* The tables that loops_select.c chooses from. */
#ifndef SHEAF_MEASURE_LOOPS_ISA_H
#define SHEAF_MEASURE_LOOPS_ISA_H

#include "measure/loops.h"

extern const sheaf_i_loops sheaf_i_loops_plain;
#ifdef SHEAF_I_X86
extern const sheaf_i_loops sheaf_i_loops_avx2, sheaf_i_loops_avx512;
#endif

#endif
