/* Dates, columns and the order of keeping; see keep.h. */
#include "near/keep.h"

#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "near/dates.h"
#include "near/radix.h"
#include "text/group.h"
#include "text/order.h"

#define LAST UINT64_MAX /* key of documents without what the rule asks for */

static const sheaf_corpus *corpus_of(const sheaf_i_job *j, int64_t *doc)
{
    const int side = sheaf_i_side(j, *doc);
    if (side) *doc -= j->t.n_new;
    return j->corpus[side];
}

static sheaf_status read_dates(sheaf_i_job *j)
{
    sheaf_status st = SHEAF_OK;
    int64_t dated = 0;
    SHEAF_NEW(j->date, j->ctx, j->t.n_docs);
    for (int64_t i = 0; i < j->t.n_docs; i++) {
        int64_t d = i;
        const sheaf_corpus *c = corpus_of(j, &d);
        if (sheaf_i_parse_date(sheaf_corpus_date(c, d), &j->date[i])) dated++;
        else j->date[i] = SHEAF_I_NO_DATE;
    }
    if (dated && j->o.window > 0 && dated < j->t.n_docs)
        sheaf_i_note(j->ctx, "documents without a date, in a window compared with none: %lld of %lld",
                     (long long)(j->t.n_docs - dated), (long long)j->t.n_docs);
    if (dated) goto done;
    st = sheaf_i_fail(j->ctx, SHEAF_EINVAL, "no document has a date, which %s asks for",
                      j->o.window > 0 ? "a window of time" : "keeping by date");
    sheaf_i_hint(j->ctx, "name the field that holds it; dates look like 2024-05-31 or 2024-05-31T14:00Z");
done:
    return st;
}

/* ---- columns ---- */

#define LABEL (-1)
#define TITLE (-2)

static void list_columns(const sheaf_i_job *j, const sheaf_corpus *c)
{
    char list[400];
    size_t used = 0;
    for (int32_t i = 0; i < sheaf_corpus_n_columns(c); i++) {
        const sheaf_str s = sheaf_corpus_column_name(c, i);
        if (s.n > 100 || used + s.n + 3 > sizeof list) break;
        if (used) used += (size_t)(stpcpy(list + used, ", ") - (list + used));
        memcpy(list + used, s.p, s.n);
        used += s.n;
    }
    sheaf_i_hint(j->ctx, used ? "columns: %.*s; also label and title" : "there are label and title only%.*s", (int)used,
                 list);
}

/* Sets the number of a column in both corpora. */
static sheaf_status find_column(const sheaf_i_job *j, const char *name, int32_t column[2])
{
    for (int side = 0; side < 2 && j->corpus[side]; side++) {
        const sheaf_corpus *c = j->corpus[side];
        column[side] = !strcmp(name, "label") ? LABEL : TITLE;
        if (!strcmp(name, "label") || !strcmp(name, "title")) continue;
        int32_t i = 0;
        for (; i < sheaf_corpus_n_columns(c); i++) {
            const sheaf_str s = sheaf_corpus_column_name(c, i);
            if (s.n == strlen(name) && !memcmp(s.p, name, s.n)) break;
        }
        column[side] = i;
        if (i < sheaf_corpus_n_columns(c)) continue;
        sheaf_status st = sheaf_i_fail(j->ctx, SHEAF_EINVAL, "no column '%s' in the %sdocuments", name,
                                       side ? "old " : "");
        list_columns(j, c);
        return st;
    }
    return SHEAF_OK;
}

static sheaf_str cell(const sheaf_i_job *j, int64_t doc, const int32_t column[2])
{
    const int32_t i = column[sheaf_i_side(j, doc)];
    const sheaf_corpus *c = corpus_of(j, &doc);
    sheaf_str s = i == LABEL ? sheaf_corpus_label(c, doc) : i == TITLE ? sheaf_corpus_title(c, doc)
                                                                        : sheaf_corpus_column(c, doc, i);
    if (!s.p) s.p = "";
    return s;
}

static sheaf_status number_field(sheaf_i_job *j)
{
    sheaf_status st = SHEAF_OK;
    int32_t column[2];
    sheaf_i_groups g = {0};
    sheaf_str *value = NULL;
    int64_t empty = 0;
    SHEAF_TRY(find_column(j, j->o.not_same_field, column));
    SHEAF_NEW(value, j->ctx, j->t.n_docs);
    for (int64_t i = 0; i < j->t.n_docs; i++) {
        value[i] = cell(j, i, column);
        empty += !value[i].n;
    }
    if (empty)
        sheaf_i_note(j->ctx, "documents with nothing in '%s', which count as the same there: %lld of %lld",
                     j->o.not_same_field, (long long)empty, (long long)j->t.n_docs);
    SHEAF_TRY(sheaf_i_groups_make(&g, j->ctx, value, j->t.n_docs));
    j->field = g.id;
    g.id = NULL;
done:
    sheaf_i_groups_end(&g);
    sheaf_i_free(j->ctx, value);
    return st;
}

/* ---- order ---- */

#define HEAD 18 /* digits that fit into a number */
#define MOST_EXPONENT 1000000000000000

/* sign x 0.d1 d2 d3 ... x 10^point, compared exactly: ids of 20 digits are not the same because they are long. */
typedef struct {
    const char *p, *end; /* from the first digit that is not 0; a point may be among them */
    int64_t point;
    uint64_t head;       /* the first digits */
    int32_t sign;        /* 0: zero */
    uint32_t doc;
} decimal;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool parse_exponent(sheaf_str s, size_t i, int64_t *exponent)
{
    const bool down = i < s.n && s.p[i] == '-';
    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) i++;
    if (i == s.n) return false;
    for (; i < s.n && is_digit(s.p[i]); i++)
        if (*exponent < MOST_EXPONENT) *exponent = 10 * *exponent + (s.p[i] - '0');
    if (down) *exponent = -*exponent;
    return i == s.n;
}

/* The digit at *p and what follows it, 0 behind the end. */
static int next_digit(const char **p, const char *end)
{
    if (*p < end && **p == '.') ++*p;
    return *p < end ? *(*p)++ - '0' : 0;
}

/* Digits, a point, an exponent; independent of the locale. */
static bool parse_number(sheaf_str s, decimal *d)
{
    const size_t begin = s.n && (s.p[0] == '-' || s.p[0] == '+');
    size_t i = begin, digits = 0, whole = 0, zeros = 0, first = 0;
    bool point = false;
    int64_t exponent = 0;
    for (; i < s.n && (is_digit(s.p[i]) || (s.p[i] == '.' && !point)); i++) {
        if (s.p[i] == '.') {
            point = true;
            continue;
        }
        digits++;
        whole += !point;
        if (zeros + 1 == digits && s.p[i] == '0') zeros++;
        else if (zeros + 1 == digits) first = i;
    }
    if (!digits || (i < s.n && s.p[i] != 'e' && s.p[i] != 'E')) return false;
    *d = (decimal){.p = s.p + first, .end = s.p + i, .sign = zeros == digits ? 0 : begin && s.p[0] == '-' ? -1 : 1};
    if (i < s.n && !parse_exponent(s, i + 1, &exponent)) return false;
    if (!d->sign) return true;
    d->point = (int64_t)whole - (int64_t)zeros + exponent;
    const char *p = d->p;
    for (int k = 0; k < HEAD; k++) d->head = 10 * d->head + (uint64_t)next_digit(&p, d->end);
    return true;
}

static int compare_numbers(const decimal *a, const decimal *b)
{
    if (a->sign != b->sign) return a->sign < b->sign ? -1 : 1;
    if (!a->sign) return 0;
    if (a->point != b->point) return a->point < b->point ? -a->sign : a->sign;
    if (a->head != b->head) return a->head < b->head ? -a->sign : a->sign;
    const char *p = a->p, *q = b->p;
    while (p < a->end || q < b->end) {
        const int x = next_digit(&p, a->end), y = next_digit(&q, b->end);
        if (x != y) return x < y ? -a->sign : a->sign;
    }
    return 0;
}

static int by_number(const void *x, const void *y)
{
    const decimal *a = x, *b = y;
    const int order = compare_numbers(a, b);
    return order ? order : (a->doc > b->doc) - (a->doc < b->doc);
}

/* Keys that order as the numbers do. */
static void order_numbers(decimal *d, int64_t n, uint64_t *key)
{
    uint64_t number = 0;
    if (n) qsort(d, (size_t)n, sizeof *d, by_number);
    for (int64_t i = 0; i < n; i++) {
        if (i && compare_numbers(&d[i], &d[i - 1])) number++;
        key[d[i].doc] = number;
    }
}

/* Others follow the numbers: by bytes, each spelling with a number of its own. */
static sheaf_status order_strings(sheaf_i_job *j, sheaf_i_ordered *s, int64_t n, uint64_t *key)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_ordered *room = NULL;
    uint64_t number = LAST / 2 + 1;
    SHEAF_NEW(room, j->ctx, n);
    SHEAF_TRY(sheaf_i_order_bytes(j->ctx, s, room, n));
    for (int64_t i = 0; i < n; i++) {
        if (i && (s[i].n != s[i - 1].n || memcmp(s[i].p, s[i - 1].p, s[i].n))) number++;
        key[s[i].id] = number;
    }
done:
    sheaf_i_free(j->ctx, room);
    return st;
}

static sheaf_status field_keys(sheaf_i_job *j, uint64_t *key)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_ordered *other = NULL;
    decimal *number = NULL;
    int64_t n = 0, numbers = 0;
    int32_t column[2];
    if (!j->o.keep_field) SHEAF_TRY(sheaf_i_fail(j->ctx, SHEAF_EINVAL, "keeping by a field needs its name"));
    SHEAF_TRY(find_column(j, j->o.keep_field, column));
    SHEAF_NEW(other, j->ctx, j->t.n_new);
    SHEAF_NEW(number, j->ctx, j->t.n_new);
    for (int64_t i = 0; i < j->t.n_new; i++) {
        const sheaf_str s = cell(j, i, column);
        key[i] = LAST;
        if (parse_number(s, &number[numbers])) number[numbers++].doc = (uint32_t)i;
        else if (s.n) other[n++] = (sheaf_i_ordered){0, s.p, (uint32_t)s.n, (uint32_t)i};
    }
    order_numbers(number, numbers, key);
    SHEAF_TRY(order_strings(j, other, n, key));
done:
    sheaf_i_free(j->ctx, other);
    sheaf_i_free(j->ctx, number);
    return st;
}

static sheaf_status rule_keys(sheaf_i_job *j, uint64_t *key)
{
    const sheaf_keep keep = j->o.keep;
    if (keep == SHEAF_KEEP_FIELD) return field_keys(j, key);
    for (int64_t i = 0; i < j->t.n_new; i++) {
        if (keep == SHEAF_KEEP_LONGEST) key[i] = ~(uint64_t)sheaf_i_tokens_count(&j->t, i);
        if (keep != SHEAF_KEEP_EARLIEST && keep != SHEAF_KEEP_LATEST) continue;
        const uint64_t date = (uint64_t)j->date[i] ^ (uint64_t)1 << 63; /* orders as the dates do */
        key[i] = j->date[i] == SHEAF_I_NO_DATE ? LAST : keep == SHEAF_KEEP_EARLIEST ? date : ~date;
    }
    return SHEAF_OK;
}

static sheaf_status make_order(sheaf_i_job *j)
{
    sheaf_status st = SHEAF_OK;
    uint64_t *key = NULL;
    sheaf_i_keyed *e = NULL;
    SHEAF_NEW(j->order, j->ctx, j->t.n_docs);
    for (int64_t i = 0; i < j->t.n_docs; i++) j->order[i] = (uint32_t)i;
    if (j->o.keep != SHEAF_KEEP_FIRST && j->o.keep != SHEAF_KEEP_CENTRAL) {
        SHEAF_NEW(key, j->ctx, j->t.n_new);
        SHEAF_NEW(e, j->ctx, j->t.n_new);
        SHEAF_TRY(rule_keys(j, key));
        for (int64_t i = 0; i < j->t.n_new; i++) e[i] = (sheaf_i_keyed){key[i], i};
        SHEAF_TRY(sheaf_i_sort_keyed(j->ctx, e, j->t.n_new));
        for (int64_t i = 0; i < j->t.n_new; i++) j->order[i] = (uint32_t)e[i].of;
    }
done:
    sheaf_i_free(j->ctx, key);
    sheaf_i_free(j->ctx, e);
    return st;
}

sheaf_status sheaf_i_keep_order(sheaf_i_job *j)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_keep keep = j->o.keep;
    if (j->o.window > 0 || keep == SHEAF_KEEP_EARLIEST || keep == SHEAF_KEEP_LATEST) SHEAF_TRY(read_dates(j));
    if (j->o.not_same_field) SHEAF_TRY(number_field(j));
    SHEAF_TRY(make_order(j));
done:
    return st;
}
