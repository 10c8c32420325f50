/* What the writers of near-duplicates share; see dups.h. */
#include "report/dups.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "near/dates.h"
#include "read/corpus.h"

void sheaf_dups_source_init(sheaf_dups_source *s, size_t size)
{
    sheaf_dups_source d = {.size = size, .run = 3, .passage = 8};
    memcpy(s, &d, size < sizeof d ? size : sizeof d);
}

void sheaf_i_dups_init(sheaf_i_dups *v, const sheaf_dups *d, const sheaf_dups_source *s)
{
    *v = (sheaf_i_dups){.d = d};
    sheaf_dups_source_init(&v->s, sizeof v->s);
    sheaf_i_opts_copy(&v->s, sizeof v->s, s, s->size);
    v->ctx = v->s.corpus->ctx;
    v->n_new = v->s.corpus->n;
    v->n_docs = v->n_new + (v->s.old_corpus ? v->s.old_corpus->n : 0);
    if (d) {
        v->docs = sheaf_dups_docs(d, &v->n_docs);
        v->groups = sheaf_dups_groups(d, &v->n_groups);
    }
    for (int i = 0; i < 2; i++) sheaf_i_text_init(&v->name[i], v->ctx);
}

void sheaf_i_dups_end(sheaf_i_dups *v)
{
    for (int i = 0; i < 2; i++) sheaf_i_text_end(&v->name[i]);
}

const sheaf_corpus *sheaf_i_dups_corpus(const sheaf_i_dups *v, int64_t *doc)
{
    if (*doc < v->n_new) return v->s.corpus;
    *doc -= v->n_new;
    return v->s.old_corpus;
}

static bool has_id(const sheaf_corpus *c, sheaf_str id)
{
    int64_t low = 0, high = c->n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int order = sheaf_i_id_compare(sheaf_corpus_id(c, middle), id);
        if (!order) return true;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return false;
}

sheaf_str sheaf_i_dups_name(sheaf_i_dups *v, int64_t doc, int room)
{
    const bool old = doc >= v->n_new;
    const sheaf_corpus *c = sheaf_i_dups_corpus(v, &doc);
    sheaf_str id = sheaf_corpus_id(c, doc);
    sheaf_i_text *t = &v->name[room];
    if (!old || !has_id(v->s.corpus, id)) return id;
    t->n = 0;
    sheaf_i_text_puts(t, "old:");
    sheaf_i_text_add(t, id.p, id.n);
    return t->status == SHEAF_OK ? (sheaf_str){t->p, (size_t)t->n} : id;
}

sheaf_str sheaf_i_dups_date(const sheaf_i_dups *v, int64_t doc)
{
    const sheaf_corpus *c = sheaf_i_dups_corpus(v, &doc);
    return sheaf_corpus_date(c, doc);
}

const char *sheaf_i_dup_kind_name(sheaf_dup_kind kind)
{
    static const char *const names[] = {"identical", "near", "contained", "linked"};
    return names[kind];
}

sheaf_status sheaf_i_members_new(sheaf_i_members *m, const sheaf_i_dups *v)
{
    sheaf_status st = SHEAF_OK;
    int64_t grouped = 0;
    *m = (sheaf_i_members){NULL, NULL};
    SHEAF_NEW0(m->start, v->ctx, v->n_groups + 2);
    for (int64_t d = 0; d < v->n_docs; d++) {
        if (!v->docs[d].group) continue;
        m->start[v->docs[d].group + 1]++;
        grouped++;
    }
    for (int64_t g = 2; g < v->n_groups + 2; g++) m->start[g] += m->start[g - 1]; /* one further on, as it fills */
    SHEAF_NEW(m->member, v->ctx, grouped);
    for (int64_t g = 0; g < v->n_groups; g++) m->member[m->start[g + 1]++] = v->groups[g].kept;
    for (int64_t d = 0; d < v->n_docs; d++) {
        const int32_t g = v->docs[d].group;
        if (g && v->groups[g - 1].kept != d) m->member[m->start[g]++] = d;
    }
done:
    return st;
}

void sheaf_i_members_end(sheaf_i_members *m, sheaf_ctx *ctx)
{
    sheaf_i_free(ctx, m->member);
    sheaf_i_free(ctx, m->start);
}

int64_t sheaf_i_earliest(const sheaf_i_dups *v, const sheaf_i_members *m, int32_t group, int64_t *us)
{
    int64_t found = -1, when;
    for (int64_t i = m->start[group - 1]; i < m->start[group]; i++)
        if (sheaf_i_parse_date(sheaf_i_dups_date(v, m->member[i]), &when) &&
            (found < 0 || when < *us || (when == *us && m->member[i] < found))) {
            found = m->member[i];
            *us = when;
        }
    return found;
}

double sheaf_i_shown(double share, int digits)
{
    const double unit = digits == 2 ? 1e2 : 1e4;
    return floor(share * unit + 1e-9) / unit;
}

/* ---- what JSON tells before the rows ----------------------------------------------------------- */

static void key(sheaf_i_text *t, const char *name)
{
    if (t->n && t->p[t->n - 1] != '{') sheaf_i_text_puts(t, ",");
    sheaf_i_text_json(t, sheaf_i_str(name));
    sheaf_i_text_puts(t, ":");
}

static void put_int(sheaf_i_text *t, const char *name, int64_t value)
{
    key(t, name);
    sheaf_i_text_int(t, value);
}

static void put_text(sheaf_i_text *t, const char *name, const char *value)
{
    key(t, name);
    sheaf_i_text_json(t, sheaf_i_str(value));
}

static void put_ratio(sheaf_i_text *t, const char *name, sheaf_ratio r)
{
    key(t, name);
    sheaf_i_text_puts(t, "\"");
    sheaf_i_text_int(t, r.p);
    sheaf_i_text_puts(t, "/");
    sheaf_i_text_int(t, r.q);
    sheaf_i_text_puts(t, "\"");
}

static void put_settings(sheaf_i_text *t, const sheaf_dups_opts *o)
{
    static const char *const keep[] = {"first", "longest", "earliest", "latest", "central"};
    sheaf_i_text_puts(t, ",\n\"settings\":{");
    put_ratio(t, "threshold", o->threshold);
    if (o->containment.p) put_ratio(t, "containment", o->containment);
    put_text(t, "unit", o->unit == SHEAF_SHINGLE_WORDS ? "words" : "characters");
    put_int(t, "shingle", o->shingle);
    put_ratio(t, "ignore_common", o->ignore_common);
    put_int(t, "min_words", o->min_words);
    put_text(t, "linkage", o->linkage == SHEAF_LINKAGE_STAR ? "star" : "connected");
    put_text(t, "keep", o->keep == SHEAF_KEEP_FIELD ? o->keep_field : keep[o->keep]);
    if (o->window > 0) put_int(t, "window_seconds", (int64_t)o->window);
    if (o->not_same_field) put_text(t, "not_same", o->not_same_field);
    if (o->recall < 1) {
        key(t, "recall");
        sheaf_i_text_real(t, o->recall, 6);
        put_int(t, "seed", (int64_t)o->seed);
    }
    sheaf_i_text_puts(t, "}");
}

static void put_counts(sheaf_i_text *t, const sheaf_i_dups *v)
{
    const sheaf_dups_report q = sheaf_dups_quality(v->d);
    int64_t dropped[4] = {0};
    const int kinds = v->s.opts->linkage == SHEAF_LINKAGE_CONNECTED ? 4 : 3; /* only there is anything linked */
    for (int64_t i = 0; i < v->n_new; i++)
        if (v->docs[i].dropped) dropped[v->docs[i].kind]++;
    sheaf_i_text_puts(t, ",\n\"counts\":{");
    put_int(t, "documents", v->n_new);
    if (v->s.old_corpus) put_int(t, "old_documents", v->n_docs - v->n_new);
    put_int(t, "without_words", q.without_words);
    put_int(t, "groups", v->n_groups);
    for (int i = 0; i < kinds; i++) put_int(t, sheaf_i_dup_kind_name((sheaf_dup_kind)i), dropped[i]);
    put_int(t, "shingles_ignored", q.ignored);
    if (q.recall_sample) {
        key(t, "recall");
        sheaf_i_text_real(t, q.recall, 4);
        key(t, "recall_at_least");
        sheaf_i_text_real(t, q.recall_low, 4);
        put_int(t, "recall_sample", q.recall_sample);
    }
    sheaf_i_text_puts(t, "}");
}

static void members(const sheaf_i_dups *v, const sheaf_write_opts *o, sheaf_i_text *t)
{
    if (o->format == SHEAF_FORMAT_JSON && o->provenance && v->s.opts && v->d) {
        put_settings(t, v->s.opts);
        put_counts(t, v);
    }
    sheaf_i_text_add(t, "", 1); /* ends the string */
}

sheaf_status sheaf_i_dups_rows_open(sheaf_i_rows *r, const sheaf_i_dups *v, sheaf_out *out, const sheaf_write_opts *o,
                                    const char *schema, const sheaf_i_column *columns, int32_t n)
{
    sheaf_i_text t;
    sheaf_i_text_init(&t, v->ctx);
    members(v, o, &t);
    sheaf_status st = t.status;
    if (st == SHEAF_OK) st = sheaf_i_rows_open_with(r, v->ctx, out, o, schema, NULL, t.p, columns, n);
    sheaf_i_text_end(&t);
    return st;
}
