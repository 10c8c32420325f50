/* The order of ids: runs of ASCII digits compare as numbers, then bytes decide; see corpus.h and order.h. */
#include <stdlib.h>
#include <string.h>

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

typedef struct {
    uint64_t high, low;
} sort_key;

/* The first bytes of a spelling that sorts by bytes as ids do: a number is written '0', its length, its digits. Equal
   keys say nothing. */
static sort_key key_of(sheaf_str s)
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
    sort_key value = {0, 0};
    for (int i = 0; i < 8; i++) {
        value.high = value.high << 8 | key[i];
        value.low = value.low << 8 | key[i + 8];
    }
    return value;
}

typedef struct {
    sort_key key;
    sheaf_str id;
    int64_t index;
} entry;

static int compare(const void *x, const void *y)
{
    const entry *a = x, *b = y;
    if (a->key.high != b->key.high) return a->key.high < b->key.high ? -1 : 1;
    if (a->key.low != b->key.low) return a->key.low < b->key.low ? -1 : 1;
    int c = sheaf_i_id_compare(a->id, b->id);
    return c ? c : (a->index > b->index) - (a->index < b->index);
}

sheaf_status sheaf_i_order(sheaf_ctx *ctx, int64_t **order, const sheaf_str *ids, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    entry *e = NULL;
    *order = NULL;
    SHEAF_NEW(e, ctx, n);
    SHEAF_NEW(*order, ctx, n);
    bool sorted = true;
    for (int64_t i = 0; i < n; i++) {
        e[i] = (entry){key_of(ids[i]), ids[i], i};
        if (i && sorted) sorted = compare(&e[i - 1], &e[i]) < 0;
    }
    if (!sorted) qsort(e, (size_t)n, sizeof *e, compare);
    for (int64_t i = 0; i < n; i++) (*order)[i] = e[i].index;
done:
    sheaf_i_free(ctx, e);
    if (st != SHEAF_OK) {
        sheaf_i_free(ctx, *order);
        *order = NULL;
    }
    return st;
}
