/* The order of ids: runs of ASCII digits compare as numbers, then bytes decide; see corpus.h and order.h. Sorting
   goes by keys of 16 bytes first, a radix sort, and looks at the ids where these are equal. */
#include <string.h>

#include "base/par.h"
#include "read/corpus.h"
#include "read/order.h"

static bool digit(char c) { return c >= '0' && c <= '9'; }

/* Passes the zeros at *i and returns the number of digits after them. */
static size_t number(sheaf_str s, size_t *i)
{
    while (*i < s.n && s.p[*i] == '0') ++*i;
    size_t n = 0;
    while (*i + n < s.n && digit(s.p[*i + n])) n++;
    return n;
}

static int by_bytes(sheaf_str a, sheaf_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

int sheaf_i_id_compare(sheaf_str a, sheaf_str b)
{
    size_t i = 0, j = 0;
    while (i < a.n && j < b.n) {
        if (digit(a.p[i]) && digit(b.p[j])) {
            size_t n = number(a, &i), m = number(b, &j);
            if (n != m) return n < m ? -1 : 1;
            int c = memcmp(a.p + i, b.p + j, n);
            if (c) return c;
            i += n;
            j += n;
        } else if (a.p[i] != b.p[j]) {
            return (unsigned char)a.p[i] < (unsigned char)b.p[j] ? -1 : 1;
        } else {
            i++;
            j++;
        }
    }
    if (i < a.n) return 1;
    if (j < b.n) return -1;
    return by_bytes(a, b);
}

#define KEY_BYTES 16
#define BLOCK 4096 /* ids */

/* The first bytes of a spelling that sort by bytes as ids do: a number is written '0', its length, its digits. The
   first eight as a number are `high`. Equal keys say nothing. */
typedef struct {
    uint64_t high, low;
    int64_t index;
} entry;

static entry key_of(sheaf_str s, int64_t index)
{
    unsigned char key[KEY_BYTES] = {0};
    size_t used = 0;
    for (size_t i = 0; i < s.n && used < KEY_BYTES;) {
        if (!digit(s.p[i])) {
            key[used++] = (unsigned char)s.p[i++];
            continue;
        }
        size_t n = number(s, &i);
        key[used++] = '0';
        if (used < KEY_BYTES) key[used++] = (unsigned char)(n < 255 ? n : 255);
        if (n >= 255) break;
        for (size_t k = 0; k < n && used < KEY_BYTES; k++) key[used++] = (unsigned char)s.p[i + k];
        i += n;
    }
    entry e = {0, 0, index};
    for (int i = 0; i < 8; i++) {
        e.high = e.high << 8 | key[i];
        e.low = e.low << 8 | key[i + 8];
    }
    return e;
}

typedef struct {
    const sheaf_str *id;
    int64_t n;
    size_t *common;      /* a block: how much of the first id all of its begin with */
    size_t prefix;       /* that of all, not inside a number: keys are of what follows */
    entry *e;
} sorting;

static sheaf_status measure_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    sorting *s = arg;
    sheaf_str a = s->id[0];
    size_t common = a.n;
    int64_t lo, hi;
    sheaf_i_range(s->n, BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi && common; i++) {
        sheaf_str b = s->id[i];
        if (b.n < common) common = b.n;
        size_t k = 0;
        while (k < common && a.p[k] == b.p[k]) k++;
        common = k;
    }
    s->common[block] = common;
    return SHEAF_OK;
}

static sheaf_status key_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    sorting *s = arg;
    int64_t lo, hi;
    sheaf_i_range(s->n, BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++)
        s->e[i] = key_of((sheaf_str){s->id[i].p + s->prefix, s->id[i].n - s->prefix}, i);
    return SHEAF_OK;
}

static int compare(const sorting *s, const entry *a, const entry *b)
{
    if (a->high != b->high) return a->high < b->high ? -1 : 1;
    if (a->low != b->low) return a->low < b->low ? -1 : 1;
    int c = sheaf_i_id_compare(s->id[a->index], s->id[b->index]);
    return c ? c : (a->index > b->index) - (a->index < b->index);
}

/* A stable pass of counting by one byte, 0 the lowest of `low`, 15 the highest of `high`. */
static void sort_by_byte(const entry *from, entry *to, int64_t n, int byte)
{
    int64_t at[256] = {0}, sum = 0;
    int shift = byte % 8 * 8;
    for (int64_t i = 0; i < n; i++) at[(byte < 8 ? from[i].low : from[i].high) >> shift & 0xFF]++;
    for (int v = 0; v < 256; v++) {
        int64_t count = at[v];
        at[v] = sum;
        sum += count;
    }
    for (int64_t i = 0; i < n; i++) to[at[(byte < 8 ? from[i].low : from[i].high) >> shift & 0xFF]++] = from[i];
}

/* By keys: a pass for every byte in which they differ. *other: as much room. The result is in *e. */
static void sort_by_keys(entry **e, entry **other, int64_t n)
{
    uint64_t high = 0, low = 0;
    for (int64_t i = 1; i < n; i++) {
        high |= (*e)[i].high ^ (*e)[0].high;
        low |= (*e)[i].low ^ (*e)[0].low;
    }
    for (int byte = 0; byte < KEY_BYTES; byte++) {
        if (!((byte < 8 ? low : high) >> byte % 8 * 8 & 0xFF)) continue;
        sort_by_byte(*e, *other, n, byte);
        entry *sorted = *other;
        *other = *e;
        *e = sorted;
    }
}

/* Merge sort of a run of equal keys by the ids themselves; `other` is as much room. */
static void sort_run(const sorting *s, entry *e, entry *other, int64_t n)
{
    if (n < 2) return;
    int64_t half = n / 2, i = 0, j = half, k = 0;
    sort_run(s, e, other, half);
    sort_run(s, e + half, other, n - half);
    if (compare(s, &e[half - 1], &e[half]) < 0) return;
    memcpy(other, e, (size_t)half * sizeof *e);
    while (i < half && j < n) e[k++] = compare(s, &other[i], &e[j]) < 0 ? other[i++] : e[j++];
    while (i < half) e[k++] = other[i++];
}

static bool same_key(const entry *a, const entry *b) { return a->high == b->high && a->low == b->low; }

static void sort_ties(const sorting *s, entry *other)
{
    for (int64_t i = 0, end; i < s->n; i = end) {
        for (end = i + 1; end < s->n && same_key(&s->e[i], &s->e[end]);) end++;
        sort_run(s, s->e + i, other, end - i);
    }
}

static void find_prefix(sorting *s)
{
    size_t prefix = s->n ? s->id[0].n : 0;
    for (int64_t b = 0; b < sheaf_i_blocks(s->n, BLOCK); b++)
        if (s->common[b] < prefix) prefix = s->common[b];
    while (prefix && digit(s->id[0].p[prefix - 1])) prefix--;
    s->prefix = prefix;
}

sheaf_status sheaf_i_order(sheaf_ctx *ctx, int64_t **order, const sheaf_str *ids, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    sorting s = {.id = ids, .n = n};
    entry *other = NULL;
    int64_t blocks = sheaf_i_blocks(n, BLOCK);
    *order = NULL;
    SHEAF_NEW(s.common, ctx, blocks);
    SHEAF_NEW(s.e, ctx, n);
    SHEAF_NEW(*order, ctx, n);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, measure_block, &s));
    find_prefix(&s);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, key_block, &s));
    bool sorted = true;
    for (int64_t i = 1; i < n && sorted; i++) sorted = compare(&s, &s.e[i - 1], &s.e[i]) < 0;
    if (!sorted) {
        SHEAF_NEW(other, ctx, n);
        sort_by_keys(&s.e, &other, n);
        sort_ties(&s, other);
    }
    for (int64_t i = 0; i < n; i++) (*order)[i] = s.e[i].index;
done:
    sheaf_i_free(ctx, s.common);
    sheaf_i_free(ctx, s.e);
    sheaf_i_free(ctx, other);
    if (st != SHEAF_OK) {
        sheaf_i_free(ctx, *order);
        *order = NULL;
    }
    return st;
}
