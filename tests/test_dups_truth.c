/* Near-duplicates by the definitions alone: sets of shingles compared word by word, every two documents held against
   each other, groups settled one document after the other. */
#include "test_dups.h"

#include "near/dates.h"

typedef struct {
    const int32_t *word;
    int32_t n;
} shingle;

typedef struct {
    shingle *s;
    int32_t n;
} set;

typedef struct {
    const test_docs *t;
    const sheaf_dups_opts *o;
    set *set;            /* of each document */
    int32_t *shared;     /* n x n */
    int32_t *position;   /* in the order of keeping */
    int32_t *order;
    int64_t *date;
    bool *dated;
    int32_t *kept, *group_of;
} truth;

static bool same_shingle(shingle a, shingle b)
{
    return a.n == b.n && !memcmp(a.word, b.word, (size_t)a.n * sizeof *a.word);
}

static bool holds(const set *s, shingle x)
{
    for (int32_t i = 0; i < s->n; i++)
        if (same_shingle(s->s[i], x)) return true;
    return false;
}

static set set_of(const test_doc *d, const sheaf_dups_opts *o)
{
    const int32_t w = o->shingle, n = d->n < w ? d->n > 0 : d->n - w + 1;
    set s = {malloc(((size_t)n + 1) * sizeof *s.s), 0};
    if (d->n < o->min_words) return s;
    for (int32_t i = 0; i < n; i++) {
        shingle x = {d->word + i, d->n < w ? d->n : w};
        if (!holds(&s, x)) s.s[s.n++] = x;
    }
    return s;
}

/* Sets of all documents without what is common: that is counted in documents of any length. */
static void make_sets(truth *u)
{
    const int32_t n = u->t->n;
    const sheaf_ratio c = u->o->ignore_common;
    sheaf_dups_opts any = *u->o;
    any.min_words = 0;
    set *all = malloc((size_t)n * sizeof *all);
    u->set = malloc((size_t)n * sizeof *u->set);
    for (int32_t i = 0; i < n; i++) {
        all[i] = set_of(&u->t->doc[i], &any);
        u->set[i] = set_of(&u->t->doc[i], u->o);
    }
    for (int32_t i = 0; c.p < c.q && i < n; i++) {
        int32_t kept = 0;
        for (int32_t k = 0; k < u->set[i].n; k++) {
            int64_t df = 0;
            for (int32_t d = 0; d < n; d++) df += holds(&all[d], u->set[i].s[k]);
            if (df < 2 || df * c.q <= c.p * n) u->set[i].s[kept++] = u->set[i].s[k];
        }
        if (u->set[i].n && !kept) u->set[i].s[kept++] = (shingle){u->t->doc[i].word, u->t->doc[i].n}; /* as a whole */
        u->set[i].n = kept;
    }
    for (int32_t i = 0; i < n; i++) free(all[i].s);
    free(all);
}

static void compare_sets(truth *u)
{
    const int32_t n = u->t->n;
    u->shared = calloc((size_t)n * (size_t)n, sizeof *u->shared);
    for (int32_t a = 0; a < n; a++)
        for (int32_t b = 0; b <= a; b++) {
            int32_t shared = 0;
            for (int32_t i = 0; i < u->set[a].n; i++) shared += holds(&u->set[b], u->set[a].s[i]);
            u->shared[a * n + b] = u->shared[b * n + a] = shared;
        }
}

/* ---- relations ---- */

static bool same_words(const truth *u, int32_t a, int32_t b)
{
    const test_doc *x = &u->t->doc[a], *y = &u->t->doc[b];
    return x->n == y->n && !memcmp(x->word, y->word, (size_t)x->n * sizeof *x->word);
}

static bool comparable(const truth *u, int32_t a, int32_t b)
{
    const test_doc *x = &u->t->doc[a], *y = &u->t->doc[b];
    if (a == b || !u->set[a].n || !u->set[b].n) return false;
    if (u->t->n_new < u->t->n && (a < u->t->n_new) == (b < u->t->n_new)) return false;
    if (u->o->not_same_field && !strcmp(x->source, y->source)) return false;
    if (!(u->o->window > 0)) return true;
    return u->dated[a] && u->dated[b] && (double)llabs(u->date[a] - u->date[b]) <= u->o->window * 1e6;
}

static int32_t shared(const truth *u, int32_t a, int32_t b) { return u->shared[a * u->t->n + b]; }

static bool near(const truth *u, int32_t a, int32_t b)
{
    const int64_t o = shared(u, a, b), all = (int64_t)u->set[a].n + u->set[b].n - o;
    return comparable(u, a, b) && o * u->o->threshold.q >= u->o->threshold.p * all;
}

/* Is enough of a in b? */
static bool inside(const truth *u, int32_t a, int32_t b)
{
    const sheaf_ratio c = u->o->containment;
    return c.p > 0 && comparable(u, a, b) && (int64_t)shared(u, a, b) * c.q >= c.p * u->set[a].n;
}

static bool partners(const truth *u, int32_t a, int32_t b)
{
    return near(u, a, b) || inside(u, a, b) || inside(u, b, a);
}

/* The same set, and nothing that comparing asks for tells them apart. */
static bool one_unit(const truth *u, int32_t a, int32_t b)
{
    if ((a < u->t->n_new) != (b < u->t->n_new)) return false;
    if (u->o->not_same_field && strcmp(u->t->doc[a].source, u->t->doc[b].source)) return false;
    if (u->o->window > 0 && (u->dated[a] != u->dated[b] || (u->dated[a] && u->date[a] != u->date[b]))) return false;
    return u->set[a].n && u->set[a].n == u->set[b].n && shared(u, a, b) == u->set[a].n;
}

/* The first document with its words that stands for it. */
static int32_t clique(const truth *u, int32_t a)
{
    for (int32_t b = 0; b < a; b++)
        if (one_unit(u, a, b) && same_words(u, a, b)) return b;
    return a;
}

/* ---- order of keeping ---- */

static int32_t central(const truth *u, int32_t a)
{
    int32_t n = 0;
    for (int32_t b = 0; b < u->t->n; b++) n += near(u, a, b);
    return n;
}

static double number_of(const char *text, bool *is)
{
    char *end;
    double v = strtod(text, &end);
    *is = end != text && !*end;
    return v;
}

static int by_field(const char *a, const char *b)
{
    bool x, y;
    if (!*a || !*b) return (!*a) - (!*b);
    const double v = number_of(a, &x), w = number_of(b, &y);
    if (x != y) return x ? -1 : 1;
    if (x) return (v > w) - (v < w);
    return strcmp(a, b);
}

/* < 0: a is kept rather than b. */
static int compare(const truth *u, int32_t a, int32_t b)
{
    const test_doc *x = &u->t->doc[a], *y = &u->t->doc[b];
    int c = 0;
    const bool dates = u->o->keep == SHEAF_KEEP_EARLIEST || u->o->keep == SHEAF_KEEP_LATEST;
    if ((a < u->t->n_new) != (b < u->t->n_new)) return a - b;
    if (a >= u->t->n_new) return a - b;
    if (u->o->keep == SHEAF_KEEP_LONGEST) c = y->n - x->n;
    if (u->o->keep == SHEAF_KEEP_CENTRAL && u->t->n_new == u->t->n) c = central(u, b) - central(u, a);
    if (u->o->keep == SHEAF_KEEP_FIELD) c = by_field(x->score, y->score);
    if (dates) c = u->dated[b] - u->dated[a];
    if (dates && !c && u->dated[a]) {
        c = (u->date[a] > u->date[b]) - (u->date[a] < u->date[b]);
        if (u->o->keep == SHEAF_KEEP_LATEST) c = -c;
    }
    return c ? c : a - b;
}

static void make_order(truth *u)
{
    const int32_t n = u->t->n;
    u->order = malloc((size_t)n * sizeof *u->order);
    u->position = malloc((size_t)n * sizeof *u->position);
    for (int32_t i = 0; i < n; i++) {
        int32_t k = i;
        for (; k > 0 && compare(u, i, u->order[k - 1]) < 0; k--) u->order[k] = u->order[k - 1];
        u->order[k] = i;
    }
    for (int32_t i = 0; i < n; i++) u->position[u->order[i]] = i;
}

/* ---- groups ---- */

static void stars(truth *u)
{
    for (int32_t i = 0; i < u->t->n; i++) {
        const int32_t a = u->order[i];
        if (u->kept[a] >= 0) continue;
        u->kept[a] = a;
        for (int32_t b = 0; b < u->t->n; b++)
            if (u->kept[b] < 0 && near(u, a, b)) u->kept[b] = a;
    }
}

/* What decides between sets of one size: who is central does not. */
static int32_t place(const truth *u, int32_t a) { return u->o->keep == SHEAF_KEEP_CENTRAL ? a : u->position[a]; }

/* Where a unit stands: its first document, in the order of keeping. */
static int32_t unit_position(const truth *u, int32_t a)
{
    int32_t first = place(u, a);
    for (int32_t b = 0; b < u->t->n; b++)
        if (one_unit(u, a, b) && place(u, b) < first) first = place(u, b);
    return first;
}

static bool larger(const truth *u, int32_t a, int32_t b)
{
    if (u->set[a].n != u->set[b].n) return u->set[a].n > u->set[b].n;
    return unit_position(u, a) < unit_position(u, b);
}

static bool takes_all(const truth *u, int32_t holder, int32_t a)
{
    for (int32_t m = 0; m < u->t->n; m++)
        if (u->kept[m] == a && !near(u, m, holder) && !inside(u, m, holder)) return false;
    return true;
}

static int by_size(const truth *u, int32_t a, int32_t b)
{
    if (u->set[a].n != u->set[b].n) return u->set[b].n - u->set[a].n;
    const int32_t x = unit_position(u, a), y = unit_position(u, b);
    return x != y ? x - y : place(u, a) - place(u, b);
}

static void join_holders(truth *u)
{
    const int32_t n = u->t->n;
    int32_t *by = malloc((size_t)n * sizeof *by);
    for (int32_t i = 0; i < n; i++) {
        int32_t k = i;
        for (; k > 0 && by_size(u, i, by[k - 1]) < 0; k--) by[k] = by[k - 1];
        by[k] = i;
    }
    for (int32_t i = 0; i < n; i++) {
        const int32_t a = by[i];
        int32_t best = -1;
        if (u->kept[a] != a) continue;
        for (int32_t k = 0; k < n; k++) {
            const int32_t b = u->order[k];
            if (u->kept[b] != b || !inside(u, a, b) || !larger(u, b, a) || !takes_all(u, b, a)) continue;
            if (best < 0 || shared(u, a, b) > shared(u, a, best)) best = b;
        }
        for (int32_t m = 0; best >= 0 && m < n; m++)
            if (u->kept[m] == a) u->kept[m] = best;
    }
    free(by);
}

static void components(truth *u)
{
    const int32_t n = u->t->n;
    int32_t *queue = malloc((size_t)n * sizeof *queue);
    for (int32_t i = 0; i < n; i++) {
        int32_t head = 0, tail = 0;
        if (u->kept[u->order[i]] >= 0) continue;
        u->kept[queue[tail++] = u->order[i]] = u->order[i];
        while (head < tail) {
            const int32_t a = queue[head++];
            for (int32_t b = 0; b < n; b++)
                if (u->kept[b] < 0 && partners(u, a, b)) u->kept[queue[tail++] = b] = u->order[i];
        }
    }
    free(queue);
}

static void against(truth *u)
{
    for (int32_t a = 0; a < u->t->n_new; a++) {
        int32_t best = a;
        for (int32_t b = u->t->n_new; b < u->t->n; b++) {
            const int64_t x = shared(u, a, b), y = shared(u, a, best);
            if (near(u, a, b) && (best == a || x * (u->set[a].n + u->set[best].n - y) >
                                                   y * (u->set[a].n + u->set[b].n - x)))
                best = b;
        }
        int32_t holder = a;
        for (int32_t b = u->t->n_new; b < u->t->n; b++)
            if (inside(u, a, b) && (holder == a || shared(u, a, b) > shared(u, a, holder))) holder = b;
        if (best == a) best = holder;
        u->kept[a] = best;
    }
    for (int32_t b = u->t->n_new; b < u->t->n; b++) u->kept[b] = b;
}

/* ---- what must be the same ---- */

/* Of documents that are connected by others only, too. */
static sheaf_dup_kind kind(const truth *u, int32_t a, int32_t b)
{
    const sheaf_ratio t = u->o->threshold, c = u->o->containment;
    const int64_t o = shared(u, a, b), n = u->set[a].n, m = u->set[b].n;
    if (o == n && o == m && same_words(u, a, b)) return SHEAF_DUP_IDENTICAL;
    if (o * t.q >= t.p * (n + m - o)) return SHEAF_DUP_NEAR;
    return c.p && o * c.q >= c.p * (n < m ? n : m) ? SHEAF_DUP_CONTAINED : SHEAF_DUP_LINKED;
}

/* Is the pair told: do heads stand for all there is, and where they do not is one of both a head? */
static bool told(const truth *u, int32_t a, int32_t b)
{
    const int32_t ca = clique(u, a), cb = clique(u, b);
    const bool apart = u->t->n_new < u->t->n || u->o->not_same_field;
    return partners(u, a, b) && (cb == a || (apart ? ca == a || cb == b : ca == a && cb == b));
}

/* Every document with a partner is told with one. */
static void check_told(const truth *u, const sheaf_dups *d)
{
    int64_t n;
    const sheaf_dup_pair *p = sheaf_dups_pairs(d, &n);
    bool *named = calloc((size_t)u->t->n, sizeof *named);
    for (int64_t i = 0; i < n; i++) named[p[i].a] = named[p[i].b] = true;
    for (int32_t a = 0; a < u->t->n; a++) {
        bool any = false;
        for (int32_t b = 0; b < u->t->n; b++) any = any || partners(u, a, b);
        if (any != named[a]) fail_msg("%d: %s", a, any ? "has a partner, but no pair" : "a pair without a partner");
    }
    free(named);
}

static void check_pairs(const truth *u, const sheaf_dups *d)
{
    int64_t n, at = 0;
    const sheaf_dup_pair *p = sheaf_dups_pairs(d, &n);
    for (int32_t a = 0; a < u->t->n; a++)
        for (int32_t b = a + 1; b < u->t->n; b++) {
            if (!told(u, a, b)) continue;
            if (at == n || p[at].a != a || p[at].b != b) {
                if (at < n)
                    fail_msg("pair %d, %d; found %d, %d: %d of %d and %d", a, b, (int)p[at].a, (int)p[at].b,
                                     (int)p[at].shared, (int)p[at].size_a, (int)p[at].size_b);
                fail_msg("pair %d, %d is missing: %d of %d and %d", a, b, shared(u, a, b), u->set[a].n, u->set[b].n);
            }
            assert_int_equal(p[at].shared, shared(u, a, b));
            assert_int_equal(p[at].size_a, u->set[a].n);
            assert_int_equal(p[at].size_b, u->set[b].n);
            assert_int_equal(p[at].kind, kind(u, a, b));
            assert_int_equal(p[at].group, u->group_of[a] == u->group_of[b] ? u->group_of[a] : 0);
            at++;
        }
    assert_int_equal(at, n);
}

static double lowest(const truth *u, int32_t kept)
{
    double low = 1;
    for (int32_t a = 0; a < u->t->n; a++)
        for (int32_t b = 0; u->kept[a] == kept && b < a; b++) {
            if (u->kept[b] != kept) continue;
            const double s = (double)shared(u, a, b) / (u->set[a].n + u->set[b].n - shared(u, a, b));
            if (s < low) low = s;
        }
    return low;
}

static void check_groups(truth *u, const sheaf_dups *d)
{
    int64_t n, n_groups;
    const sheaf_dup_doc *doc = sheaf_dups_docs(d, &n);
    const sheaf_dup_group *group = sheaf_dups_groups(d, &n_groups);
    assert_int_equal(n, u->t->n);
    const char *fault = sheaf_i_dups_validate(d);
    if (fault) fail_msg("%s", fault);
    for (int32_t a = 0; a < n; a++) {
        const int32_t kept = u->kept[a];
        u->group_of[a] = doc[a].group;
        assert_int_equal(doc[a].size, u->set[a].n);
        if (doc[a].partner != (kept == a ? -1 : kept)) fail_msg("%d: %d, not %d", a, (int)doc[a].partner, kept);
        if (kept == a) continue;
        assert_int_equal(doc[a].shared, shared(u, a, kept));
        assert_int_equal(doc[a].partner_size, u->set[kept].n);
        assert_int_equal(doc[a].kind, kind(u, a, kept));
    }
    for (int64_t g = 0; g < n_groups; g++) {
        const int32_t kept = (int32_t)group[g].kept;
        sheaf_dup_kind weakest = SHEAF_DUP_IDENTICAL;
        for (int32_t a = 0; a < n; a++)
            if (u->kept[a] == kept && a != kept && doc[a].kind > weakest) weakest = doc[a].kind;
        assert_int_equal(group[g].kind, weakest);
        assert_true(group[g].lowest == lowest(u, kept));
        if (g && group[g].docs == group[g - 1].docs)
            assert_true(u->position[group[g - 1].kept] < u->position[kept]);
    }
}

void test_against_truth(const test_docs *t, const sheaf_dups_opts *o, const sheaf_dups *d)
{
    const size_t n = (size_t)t->n;
    truth u = {.t = t, .o = o, .date = calloc(n, sizeof *u.date), .dated = calloc(n, sizeof *u.dated)};
    u.kept = malloc(n * sizeof *u.kept);
    u.group_of = calloc(n, sizeof *u.group_of);
    for (int32_t i = 0; i < t->n; i++) {
        u.kept[i] = -1;
        u.dated[i] = sheaf_i_parse_date(test_str(t->doc[i].date), &u.date[i]);
    }
    make_sets(&u);
    compare_sets(&u);
    make_order(&u);
    if (t->n_new < t->n) against(&u);
    else if (o->linkage == SHEAF_LINKAGE_CONNECTED) components(&u);
    else stars(&u);
    if (t->n_new == t->n && o->linkage == SHEAF_LINKAGE_STAR && o->containment.p) join_holders(&u);
    check_groups(&u, d);
    if (o->pairs) {
        check_pairs(&u, d);
        check_told(&u, d);
    }
    for (int32_t i = 0; i < t->n; i++) free(u.set[i].s);
    free(u.set);
    free(u.shared);
    free(u.order);
    free(u.position);
    free(u.date);
    free(u.dated);
    free(u.kept);
    free(u.group_of);
}
