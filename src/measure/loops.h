/* Loops that do one thing as fast as an instruction set can: what the limits of the machine are measured with. Compiled
 * once per instruction set from loops.c.
 */
#ifndef SHEAF_MEASURE_LOOPS_H
#define SHEAF_MEASURE_LOOPS_H

#include <stdint.h>

#define SHEAF_I_FMA_CHAINS 10 /* independent sums, enough to cover the latency of two units */

/* Each returns something that depends on all it did, so that nothing can be left out. */
typedef struct {
    const char *name;
    int32_t lanes;                                                               /* floats in a register */
    void (*triad)(int64_t n, float *a, const float *b, const float *c, float s); /* a = b + s c; n a multiple of 16 */
    float (*read)(int64_t n, const float *x);                                    /* n a multiple of 64 */
    /* Adds up rows of 16 or 32 floats; with ahead, each is prefetched 16 steps before. */
    float (*gather)(int64_t n, const int32_t *index, const float *x, int32_t width, int32_t ahead);
    float (*fma)(int64_t rounds, float x); /* a round: one multiply-add a chain */
} sheaf_i_loops;

/* The widest that this processor runs. */
const sheaf_i_loops *sheaf_i_loops_get(void);

#endif
