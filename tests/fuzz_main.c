/* Runs the fuzz targets of reading over seed inputs and a fixed number of their mutations: what a fuzzer does, without
 * its search, so that every build tries it. */
#include "test_read.h"

#include "base/rng.h"

#define TARGET(name) int fuzz_read_##name(const uint8_t *data, size_t n)
TARGET(jsonl);
TARGET(csv);
TARGET(html);
TARGET(archive);
TARGET(utf8);
TARGET(split);
TARGET(table);

static const struct {
    const char *name;
    int (*run)(const uint8_t *, size_t);
    const char *seeds[4];
} targets[] = {
    {"jsonl", fuzz_read_jsonl, {"{\"id\":1,\"text\":\"one \\u00e9 \\ud83d\\ude00\",\"a\":{\"b\":[1,2.5e3,null,true]}}\n",
                                "[{\"text\":\"x\"},\n {\"text\":\"y\",\"id\":\"k\"}]", "{\"text\":\"a\\nb\\u0000\"}\n{}\n[]\n"}},
    {"csv", fuzz_read_csv, {"id,text\r\n1,\"a \"\"b\"\"\nc\"\r\n2,d\r\n", "text;x\n\"q\"r;1\n;\n", "text|n\na|b|c\n"}},
    {"html", fuzz_read_html, {"<!doctype html><title>T</title><p>One<script>x</script><pre> a\n b</pre><table><tr><td>c",
                              "<html><meta charset=latin1><p>\xe9&amp;&#x1f600;", "\xff\xfe<\0p\0>\0a\0"}},
    {"utf8", fuzz_read_utf8, {"\xf0\x9f\x98\x80 \xe2\x82 \xed\xa0\x80 plain ascii", "\xc3\xa9\xc3"}},
    {"split", fuzz_read_split, {"A post of words\n\nLeave a comment\n\nMore\n\n2 Comments\n\nEnd\n\nTagged | 3 Comments\n"}},
    {"table", fuzz_read_table, {"id\tcluster\na\\tb\t1\n", "id,x\n\"a\",\"b\nc\"\n", "{\"id\":1,\"x\":\"y\"}\n"}},
};

static void mutate(uint8_t *p, size_t *n, size_t room, uint64_t key)
{
    int edits = 1 + (int)(sheaf_i_rng_u64(key, 0) % 4);
    for (int i = 0; i < edits && *n; i++) {
        uint64_t x = sheaf_i_rng_u64(key, (uint64_t)i + 1);
        size_t at = (size_t)(x >> 8) % *n;
        static const char special[] = "\"\\{}[],:\n\r\t<>|;\0\xff\xc3\xe2";
        switch (x & 3) {
        case 0: p[at] = (uint8_t)(x >> 40); break;
        case 1: p[at] = (uint8_t)special[(x >> 40) % (sizeof special - 1)]; break;
        case 2:
            memmove(p + at, p + at + 1, *n - at - 1);
            --*n;
            break;
        default:
            if (*n * 2 < room && (x >> 60) == 0) {
                memcpy(p + *n, p, *n);
                *n *= 2;
            }
        }
    }
}

static void run_all(int (*run)(const uint8_t *, size_t), const uint8_t *seed, size_t n, uint64_t key)
{
    uint8_t buffer[4096];
    for (uint64_t i = 0; i < 300; i++) {
        size_t size = n < sizeof buffer ? n : sizeof buffer;
        memcpy(buffer, seed, size);
        if (i) mutate(buffer, &size, sizeof buffer, sheaf_i_rng_key(key, SHEAF_I_RNG_TEST, i));
        uint8_t *exact = malloc(size ? size : 1); /* so that a read beyond its end is seen */
        memcpy(exact, buffer, size);
        assert_int_equal(run(exact, size), 0);
        free(exact);
    }
}

void fuzz_targets_hold(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof targets / sizeof *targets; t++)
        for (int s = 0; s < 4 && targets[t].seeds[s]; s++)
            run_all(targets[t].run, (const uint8_t *)targets[t].seeds[s], strlen(targets[t].seeds[s]), t * 4 + (uint64_t)s);
    static const char *const entries[] = {"a.txt", "words of one", "b/c.txt", "words of two", NULL};
    for (int kind = 0; kind < TEST_PACKERS; kind++) {
        size_t n;
        char *bytes = test_pack(kind, entries, &n);
        run_all(fuzz_read_archive, (const uint8_t *)bytes, n, 100 + (uint64_t)kind);
        free(bytes);
    }
}
