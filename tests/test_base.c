/* base/: memory, loops, streams, files, random numbers. */
#include "support.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/context.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"

static void options_grow_only_at_the_end(void **state)
{
    (void)state;
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.threads = 3;
    o.size = offsetof(sheaf_ctx_opts, resize); /* as an older caller would have it: later fields are not read */
    o.resize = (sheaf_resize_fn)(uintptr_t)1;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &o), SHEAF_OK);
    assert_int_equal(sheaf_ctx_threads(ctx), 3);
    sheaf_ctx_free(ctx);
    o.threads = -1;
    assert_int_equal(sheaf_ctx_new(&ctx, &o), SHEAF_EINVAL);
    assert_null(ctx);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    assert_null(sheaf_i_array(ctx, INT64_MAX / 4, 8));
    assert_null(sheaf_i_zeros(ctx, -1, 1));
    assert_null(sheaf_i_aligned(ctx, INT64_MAX, 16));
    assert_string_equal(sheaf_ctx_message(ctx), "out of memory: 9223372036854775807 elements of 16 bytes");
    void *empty = sheaf_i_array(ctx, 0, 8);
    assert_non_null(empty);
    sheaf_i_free(ctx, empty);
    sheaf_ctx_free(ctx);
}

static void aligned_memory_is_aligned(void **state)
{
    (void)state;
    test_limit l = {0};
    sheaf_ctx *ctx = test_limited_context(&l, 1);
    int64_t before = l.live;
    for (int64_t n = 1; n < 3000000; n *= 7) {
        float *p = sheaf_i_aligned(ctx, n, sizeof *p);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
        p[0] = p[n - 1] = 1;
        sheaf_i_aligned_free(ctx, p);
    }
    assert_int_equal(l.live, before);
    sheaf_ctx_free(ctx);
}

static void arenas_keep_and_join(void **state)
{
    (void)state;
    test_limit l = {0};
    sheaf_ctx *ctx = test_limited_context(&l, 1);
    int64_t before = l.live;
    sheaf_i_arena a, b;
    sheaf_i_arena_init(&a, ctx);
    sheaf_i_arena_init(&b, ctx);
    char *kept[2000], text[32];
    for (int i = 0; i < 2000; i++) {
        int n = snprintf(text, sizeof text, "piece %d", i);
        kept[i] = sheaf_i_arena_copy(i % 3 ? &a : &b, text, (size_t)n);
        assert_non_null(kept[i]);
        if (i % 100 == 0) assert_non_null(sheaf_i_arena_take(&a, 100000, 16));
        assert_int_equal((uintptr_t)sheaf_i_arena_take(&b, 8, 8) % 8, 0);
    }
    size_t total = a.total + b.total;
    sheaf_i_arena_join(&a, &b);
    assert_int_equal(a.total, total);
    sheaf_i_arena_end(&b);
    for (int i = 0; i < 2000; i++) {
        snprintf(text, sizeof text, "piece %d", i);
        assert_string_equal(kept[i], text);
    }
    sheaf_i_arena_end(&a);
    assert_int_equal(l.live, before);
    sheaf_ctx_free(ctx);
}

static void a_failed_resize_keeps_the_old(void **state)
{
    (void)state;
    test_limit l = {0};
    sheaf_ctx *ctx = test_limited_context(&l, 1);
    int *p = sheaf_i_array(ctx, 4, sizeof *p);
    p[3] = 42;
    l.fail_at = l.calls + 1;
    assert_null(sheaf_i_resize(ctx, p, 1000, sizeof *p));
    assert_int_equal(p[3], 42);
    sheaf_i_free(ctx, p);
    sheaf_ctx_free(ctx);
}

static sheaf_status fail_from_40(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    sheaf_ctx *ctx = arg;
    if (block < 40) return SHEAF_OK;
    sheaf_i_fail(ctx, SHEAF_EINVAL, "block %lld", (long long)block);
    sheaf_i_hint(ctx, "mend %lld", (long long)block);
    return SHEAF_EINVAL;
}

static void lowest_failure_wins(void **state)
{
    (void)state;
    for (int32_t t = 1; t <= 7; t += 3) {
        sheaf_ctx *ctx = test_context(t);
        assert_int_equal(sheaf_i_par_for(ctx, NULL, 1000, fail_from_40, ctx), SHEAF_EINVAL);
        assert_string_equal(sheaf_ctx_message(ctx), "block 40");
        assert_string_equal(sheaf_ctx_hint(ctx), "mend 40");
        sheaf_ctx_free(ctx);
    }
}

typedef struct {
    sheaf_ctx *ctx;
    int32_t threads;
    int64_t seen[500], fail_at, given, dropped, taken;
} counts;

static sheaf_status count_block(void *arg, int64_t block, int32_t worker)
{
    counts *c = arg;
    assert_in_range(worker, 0, c->threads - 1);
    __atomic_add_fetch(&c->seen[block], 1, __ATOMIC_RELAXED);
    return SHEAF_OK;
}

static sheaf_status count_inner(void *arg, int64_t block, int32_t worker)
{
    (void)block;
    (void)worker;
    counts *c = arg;
    return sheaf_i_par_for(c->ctx, NULL, 500, count_block, c);
}

static void every_block_runs_once(void **state)
{
    (void)state;
    for (int32_t t = 1; t <= 7; t += 2) {
        counts c = {.ctx = test_context(t), .threads = t};
        assert_ok(c.ctx, sheaf_i_par_for(c.ctx, NULL, 500, count_block, &c));
        assert_ok(c.ctx, sheaf_i_par_for(c.ctx, NULL, 0, count_block, &c));
        for (int i = 0; i < 500; i++) assert_int_equal(c.seen[i], 1);
        assert_ok(c.ctx, sheaf_i_par_for(c.ctx, NULL, 10, count_inner, &c)); /* a loop inside a loop is serial */
        for (int i = 0; i < 500; i++) assert_int_equal(c.seen[i], 11);
        sheaf_ctx_free(c.ctx);
    }
}

/* Helpers that come late, early, or not at all; now and then they have gone to sleep before. */
static void *many_short_loops(void *arg)
{
    counts *c = arg;
    for (int i = 0; i < 3000; i++) {
        if (sheaf_i_par_for(c->ctx, NULL, 1 + i % 5, count_block, c) != SHEAF_OK) c->fail_at++;
        if (i % 100 == 0) usleep(200);
    }
    return NULL;
}

static void short_loops_lose_no_block(void **state)
{
    (void)state;
    for (int32_t t = 1; t <= 7; t += 2) {
        counts c[2] = {{.ctx = test_context(t), .threads = t}, {.ctx = test_context(t), .threads = t}};
        pthread_t other; /* contexts are independent */
        assert_int_equal(pthread_create(&other, NULL, many_short_loops, &c[1]), 0);
        many_short_loops(&c[0]);
        pthread_join(other, NULL);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(c[i].fail_at, 0);
            for (int b = 0; b < 5; b++) assert_int_equal(c[i].seen[b], 600 * (5 - b));
            sheaf_ctx_free(c[i].ctx);
        }
    }
}

static sheaf_status next_item(void *arg, int64_t index, void **item)
{
    counts *c = arg;
    if (index < 300) {
        assert_int_equal(index, c->given);
        c->given++;
        *item = &c->seen[index];
    }
    return index == c->fail_at ? sheaf_i_fail(c->ctx, SHEAF_EIO, "item %lld", (long long)index) : SHEAF_OK;
}

static sheaf_status take_item(void *arg, int64_t index, void *item, int32_t worker)
{
    (void)worker;
    counts *c = arg;
    assert_ptr_equal(item, &c->seen[index]);
    __atomic_add_fetch((int64_t *)item, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&c->taken, 1, __ATOMIC_RELAXED);
    return SHEAF_OK;
}

static void drop_item(void *arg, void *item)
{
    (void)item;
    __atomic_add_fetch(&((counts *)arg)->dropped, 1, __ATOMIC_RELAXED);
}

static void streams_lose_no_item(void **state)
{
    (void)state;
    const sheaf_i_stream s = {next_item, take_item, drop_item};
    for (int32_t t = 1; t <= 7; t += 2) {
        counts c = {.ctx = test_context(t), .threads = t, .fail_at = -1};
        assert_ok(c.ctx, sheaf_i_par_stream(c.ctx, NULL, &s, &c));
        assert_int_equal(c.taken, 300);
        for (int i = 0; i < 300; i++) assert_int_equal(c.seen[i], 1);
        c.given = c.taken = 0;
        c.fail_at = 100;
        assert_int_equal(sheaf_i_par_stream(c.ctx, NULL, &s, &c), SHEAF_EIO);
        assert_string_equal(sheaf_ctx_message(c.ctx), "item 100");
        assert_int_equal(c.taken + c.dropped, c.given);
        sheaf_ctx_free(c.ctx);
    }
}

static int stop_at_50(void *user, const char *phase, int64_t done, int64_t total)
{
    (void)user;
    assert_string_equal(phase, "counting");
    assert_int_equal(total, 500);
    return done >= 50;
}

static void progress_cancels(void **state)
{
    (void)state;
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.threads = 2;
    o.progress = stop_at_50;
    counts c = {.threads = 2};
    assert_int_equal(sheaf_ctx_new(&c.ctx, &o), SHEAF_OK);
    assert_int_equal(sheaf_i_par_for(c.ctx, "counting", 500, count_block, &c), SHEAF_ECANCELED);
    assert_string_equal(sheaf_ctx_message(c.ctx), "stopped while counting");
    sheaf_ctx_free(c.ctx);
}

static char folder[] = "/tmp/sheaf-base-XXXXXX";

static void files_appear_whole_or_not_at_all(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    char path[64], tmp[64], back[200000];
    snprintf(path, sizeof path, "%s/out", folder);
    snprintf(tmp, sizeof tmp, "%s/out.tmp~", folder);
    sheaf_ctx *ctx = test_context(1);
    sheaf_out *o;
    assert_ok(ctx, sheaf_out_open(ctx, &o, path));
    for (int i = 0; i < 10000; i++) sheaf_i_out_printf(o, "row %d\n", i % 10);
    assert_int_equal(access(path, F_OK), -1);
    assert_ok(ctx, sheaf_out_close(o));
    assert_int_equal(access(tmp, F_OK), -1);
    FILE *f = fopen(path, "r");
    assert_int_equal(fread(back, 1, sizeof back, f), 60000);
    fclose(f);
    assert_memory_equal(back + 59988, "row 8\nrow 9\n", 12);

    assert_ok(ctx, sheaf_out_open(ctx, &o, path));
    sheaf_i_out_text(o, "unfinished");
    sheaf_out_discard(o);
    sheaf_out_discard(NULL);
    assert_int_equal(access(tmp, F_OK), -1);
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_size, 60000);
    unlink(path);
    rmdir(folder);
    sheaf_ctx_free(ctx);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_out *o;
    if (sheaf_out_open(ctx, &o, "/dev/full") != SHEAF_OK) {
        print_message("no /dev/full here: skipped\n");
        sheaf_ctx_free(ctx);
        skip();
    }
    for (int i = 0; i < 100000; i++) sheaf_i_out_text(o, "more and more\n");
    assert_int_equal(sheaf_i_out_status(o), SHEAF_EIO);
    assert_int_equal(sheaf_out_close(o), SHEAF_EIO);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "No space left"));
    assert_int_equal(sheaf_out_open(ctx, &o, "/nowhere/at/all"), SHEAF_EIO);
    sheaf_ctx_free(ctx);
}

static void random_numbers_have_their_moments(void **state)
{
    (void)state;
    uint64_t key = sheaf_i_rng_key(1, SHEAF_I_RNG_TEST, 7);
    assert_int_not_equal(key, sheaf_i_rng_key(2, SHEAF_I_RNG_TEST, 7));
    assert_int_not_equal(key, sheaf_i_rng_key(1, SHEAF_I_RNG_TEST, 8));
    double sum = 0, square = 0, unit = 0;
    int n = 200000;
    for (int i = 0; i < n; i++) {
        double z = sheaf_i_rng_normal(key, (uint64_t)i), u = sheaf_i_rng_unit(key, (uint64_t)i);
        assert_true(u >= 0 && u < 1);
        sum += z;
        square += z * z;
        unit += u;
    }
    /* six standard errors of the mean of n draws */
    assert_true(fabs(sum / n) < 6 / sqrt(n));
    assert_true(fabs(square / n - 1) < 6 * sqrt(2.0 / n));
    assert_true(fabs(unit / n - 0.5) < 6 * sqrt(1.0 / 12 / n));
}

static void note_seen(void *user, const char *text) { snprintf(user, 64, "%s", text); }

/* Names come from outside: what a terminal would obey is taken out, and no character is cut in two. */
static void texts_are_printable(void **state)
{
    (void)state;
    char seen[64] = "", text[600];
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.note = note_seen;
    o.note_user = seen;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &o), SHEAF_OK);
    (void)sheaf_i_fail(ctx, SHEAF_EIO, "a\033[31m\nb\302\233c \303\274\n  fields: \177");
    sheaf_i_hint(ctx, "\ttry");
    sheaf_i_note(ctx, "x\ry");
    assert_string_equal(sheaf_ctx_message(ctx), "a?[31m?b??c \303\274\n  fields: ?");
    assert_string_equal(sheaf_ctx_hint(ctx), "?try");
    assert_string_equal(seen, "x?y");
    for (size_t lead = 0; lead < 4; lead++) { /* the cut falls behind every byte of a character of four */
        for (size_t i = 0; i < sizeof text - 1; i++) text[i] = i < lead ? 'a' : "\360\237\230\200"[(i - lead) % 4];
        text[sizeof text - 1] = 0;
        (void)sheaf_i_fail(ctx, SHEAF_EIO, "%s", text);
        size_t n = strlen(sheaf_ctx_message(ctx));
        assert_true(n > 500 && (n - lead) % 4 == 0);
    }
    sheaf_ctx_free(ctx);
}

static int refuse(void *user, const void *bytes, size_t n)
{
    (void)user;
    (void)bytes;
    return n > 0;
}

static void a_callback_may_refuse(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_out *out;
    assert_int_equal(sheaf_out_callback(ctx, &out, refuse, NULL), SHEAF_OK);
    sheaf_i_out_text(out, "bytes");
    assert_int_equal(sheaf_out_close(out), SHEAF_EIO);
    assert_string_equal(sheaf_ctx_message(ctx), "cannot write the output: refused");
    sheaf_ctx_free(ctx);
}

static sheaf_status fail_with_text(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    return block == 3 ? sheaf_i_fail(arg, SHEAF_EINVAL, "inner block 3") : SHEAF_OK;
}

/* A progress callback that works with a context of its own, and fails there. */
static int use_another_context(void *user, const char *phase, int64_t done, int64_t total)
{
    (void)phase, (void)done, (void)total;
    sheaf_ctx *inner = user;
    assert_int_equal(sheaf_i_par_for(inner, NULL, 10, fail_with_text, inner), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_message(inner), "inner block 3");
    return 0;
}

static void callbacks_may_use_another_context(void **state)
{
    (void)state;
    counts c = {.threads = 2};
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.threads = 2;
    o.progress = use_another_context;
    o.progress_user = test_context(2);
    assert_int_equal(sheaf_ctx_new(&c.ctx, &o), SHEAF_OK);
    assert_ok(c.ctx, sheaf_i_par_for(c.ctx, "counting", 50, count_block, &c));
    sheaf_ctx_free(c.ctx);
    sheaf_ctx_free(o.progress_user);
}

/* The child has no threads to wait for. */
static void a_context_can_be_freed_after_fork(void **state)
{
    (void)state;
    counts c = {.ctx = test_context(4), .threads = 4};
    assert_ok(c.ctx, sheaf_i_par_for(c.ctx, NULL, 500, count_block, &c));
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        sheaf_ctx_free(c.ctx);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    sheaf_ctx_free(c.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_grow_only_at_the_end), cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(aligned_memory_is_aligned),    cmocka_unit_test(arenas_keep_and_join),
        cmocka_unit_test(a_failed_resize_keeps_the_old), cmocka_unit_test(lowest_failure_wins),
        cmocka_unit_test(every_block_runs_once),
        cmocka_unit_test(callbacks_may_use_another_context),
        cmocka_unit_test(a_context_can_be_freed_after_fork),
        cmocka_unit_test(short_loops_lose_no_block),        cmocka_unit_test(streams_lose_no_item),
        cmocka_unit_test(progress_cancels),             cmocka_unit_test(files_appear_whole_or_not_at_all),
        cmocka_unit_test(a_full_disk_is_an_error),      cmocka_unit_test(random_numbers_have_their_moments),
        cmocka_unit_test(texts_are_printable),          cmocka_unit_test(a_callback_may_refuse)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
