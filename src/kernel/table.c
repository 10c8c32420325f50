/* The table of one instruction set; see wide.h for how this is compiled. */
#include "kernel/wide.h"

const sheaf_i_kernels ISA(kernels) = {
    .name = ISA_TEXT(SHEAF_I_ISA),
    .spmm = ISA(spmm),
    .spmm_coded = ISA(spmm_coded),
    .gram = ISA(gram),
    .gram64 = ISA(gram64),
    .update = ISA(update),
    .assign = ISA(assign),
    .dots = ISA(dots),
    .sift = ISA(sift),
    .panel_best = ISA(panel_best),
    .rivals = ISA(rivals),
    .above = ISA(above),
    .scan = ISA(scan),
    .gain_each = ISA(gain_each),
    .gain_sum = ISA(gain_sum),
    .gains = ISA(gains),
    .gain_pairs = ISA(gain_pairs),
};
