/* The word scanner of every table against the plain one: random bytes around block edges, any alignment and length. */
#include "test_kernel.h"

#include "base/rng.h"
#include "kernel/kernel.h"

typedef struct {
    uint32_t start[SHEAF_I_SCAN_WORDS], end[SHEAF_I_SCAN_WORDS];
    int32_t n;
    size_t next;
    bool hard;
} scanned;

static uint64_t draws;
static uint32_t below(uint32_t n) { return (uint32_t)(sheaf_i_rng_u64(79, draws++) % n); }

static void scan_with(const sheaf_i_kernels *k, scanned *s, const uint8_t *p, size_t n, size_t at, bool joins)
{
    s->n = -1;
    s->next = k->scan(p, n, at, joins, s->start, s->end, &s->n, &s->hard);
}

static void assert_same_scan(const sheaf_i_kernels *k, const uint8_t *p, size_t n, size_t at, bool joins)
{
    static scanned want, got;
    scan_with(sheaf_i_kernels_named("plain"), &want, p, n, at, joins);
    scan_with(k, &got, p, n, at, joins);
    assert_true(want.next >= at && want.next <= n && (want.next > at || want.hard));
    if (got.n != want.n || got.next != want.next || got.hard != want.hard)
        fail_msg("%s, %zu bytes from %zu, joins %d: %d words to %zu (%d), expected %d to %zu (%d)", k->name, n, at,
                 joins, got.n, got.next, got.hard, want.n, want.next, want.hard);
    assert_memory_equal(got.start, want.start, (size_t)want.n * sizeof *want.start);
    assert_memory_equal(got.end, want.end, (size_t)want.n * sizeof *want.end);
}

/* `rare`: one byte in so many is beyond ASCII; `kinds`: of the alphabet, from the front. */
static void scan_random(const sheaf_i_kernels *k, uint32_t rare, uint32_t kinds, size_t longest)
{
    static const char alphabet[] = "a_1 Z.':,;b9-\n\t@[`{/";
    size_t n = 1 + below((uint32_t)longest), shift = below(65);
    uint8_t *room = malloc(n + shift), *p = room + shift; /* so that a read beyond the end is seen */
    for (size_t i = 0; i < n; i++) {
        p[i] = kinds ? (uint8_t)alphabet[below(kinds)] : (uint8_t)below(128);
        if (rare && below(rare) == 0) p[i] = (uint8_t)(0x80 + below(128));
    }
    for (int joins = 0; joins <= 1; joins++) {
        assert_same_scan(k, p, n, 0, joins);
        assert_same_scan(k, p, n, below((uint32_t)n), joins);
    }
    free(room);
}

static void test_scan(void **state)
{
    (void)state;
    static const char *const tables[] = {"plain", "avx2", "avx512"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const sheaf_i_kernels *k = sheaf_i_kernels_named(tables[i]);
        if (!k) continue;
        draws = 0;
        for (int round = 0; round < 4000; round++) {
            scan_random(k, 0, 0, 300);
            scan_random(k, 40, 0, 300);
            scan_random(k, 0, 4 + below(17), 200);
            scan_random(k, 30, 4 + below(17), 200);
            scan_random(k, 0, 1 + below(3), 2500); /* words that fill what a call looks at */
            scan_random(k, 1000, 4 + below(17), 2500);
        }
    }
}

static void test_scan_example(void **state)
{
    (void)state;
    static const char text[] = "Don't pay 3.14, e.g. __ x_y a";
    static scanned s;
    scan_with(sheaf_i_kernels_get(), &s, (const uint8_t *)text, strlen(text), 0, true);
    static const uint32_t start[] = {0, 6, 10, 16, 24, 28}, end[] = {5, 9, 14, 19, 27, 29};
    assert_int_equal(s.n, 6);
    assert_memory_equal(s.start, start, sizeof start);
    assert_memory_equal(s.end, end, sizeof end);
    assert_false(s.hard);
    assert_int_equal(s.next, strlen(text));
}

const struct CMUnitTest test_kernel_scan[] = {cmocka_unit_test(test_scan), cmocka_unit_test(test_scan_example)};
const size_t n_test_kernel_scan = sizeof test_kernel_scan / sizeof *test_kernel_scan;
