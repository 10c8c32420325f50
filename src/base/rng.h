/* Random numbers as a pure function of (seed, stage, index): the same at any thread count and in any order. */
#ifndef SHEAF_BASE_RNG_H
#define SHEAF_BASE_RNG_H

#include <math.h>
#include <stdint.h>

/* Names a stream; every use of chance has its own. */
typedef enum { SHEAF_I_RNG_SVD_START = 1, SHEAF_I_RNG_SVD_REFILL, SHEAF_I_RNG_SVD_PROBE, SHEAF_I_RNG_SEEDING,
               SHEAF_I_RNG_SAMPLE, SHEAF_I_RNG_TEST, SHEAF_I_RNG_BENCH } sheaf_i_rng_stage;

/* Finaliser of splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t sheaf_i_mix(uint64_t x)
{
    x ^= x >> 30; x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27; x *= 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint64_t sheaf_i_rng_key(uint64_t seed, sheaf_i_rng_stage stage, uint64_t sub)
{
    return sheaf_i_mix(sheaf_i_mix(seed + 0x9e3779b97f4a7c15u) ^ ((uint64_t)stage << 56) ^ (sub * 0xd1342543de82ef95u));
}

static inline uint64_t sheaf_i_rng_u64(uint64_t key, uint64_t index)
{
    return sheaf_i_mix(key + (index + 1) * 0x9e3779b97f4a7c15u);
}

static inline double sheaf_i_rng_unit(uint64_t key, uint64_t index) /* [0, 1) */
{
    return (double)(sheaf_i_rng_u64(key, index) >> 11) * 0x1p-53;
}

static inline double sheaf_i_rng_normal(uint64_t key, uint64_t index) /* Box and Muller 1958 */
{
    double u = 1.0 - sheaf_i_rng_unit(key, 2 * index), v = sheaf_i_rng_unit(key, 2 * index + 1);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

#endif
