/* From a grouping of units to groups of documents; see dups.h. */
#include "base/context.h"
#include "near/dups.h"
#include "near/radix.h"

/* The document that is kept in place of this one, itself where it is kept or alone; *shared: shingles in both. */
static int64_t kept_for(const sheaf_i_grouping *g, int64_t doc, int64_t *shared)
{
    const uint32_t unit = g->u->of[doc];
    *shared = g->j->size[doc];
    if (unit == SHEAF_I_NONE) return doc;
    const uint32_t first = sheaf_i_unit_first(g->u, unit), item = g->l->of[unit];
    const bool mutual = sheaf_i_unit_mutual(g->j, g->u, unit);
    if (item != SHEAF_I_NONE) {
        const bool apart = doc != first && !mutual && g->rest[item] != item && g->rest[item] != SHEAF_I_NONE;
        const uint32_t leader = apart ? g->rest[item] : g->leader[item];
        if (leader != item) {
            *shared = apart ? g->rest_shared[item] : g->shared[item];
            return sheaf_i_unit_first(g->u, g->l->item[leader].unit);
        }
    }
    return mutual || (item != SHEAF_I_NONE && g->rest[item] == SHEAF_I_NONE) ? first : doc;
}

static sheaf_dup_kind kind_of(const sheaf_i_grouping *g, int64_t doc, int64_t kept, int64_t shared)
{
    const sheaf_i_job *j = g->j;
    const int64_t a = j->size[doc], b = j->size[kept];
    if (shared == a && shared == b && sheaf_i_same_words(j, doc, kept)) return SHEAF_DUP_IDENTICAL;
    if (sheaf_i_is_near(shared, a, b, j->o.threshold)) return SHEAF_DUP_NEAR;
    const bool inside = j->o.containment.p > 0 && sheaf_i_reaches(shared, a < b ? a : b, j->o.containment);
    return inside ? SHEAF_DUP_CONTAINED : SHEAF_DUP_LINKED;
}

static void fill_docs(sheaf_dups *d, const sheaf_i_grouping *g)
{
    for (int64_t i = 0; i < d->n_docs; i++) {
        int64_t shared;
        const int64_t kept = kept_for(g, i, &shared);
        d->doc[i] = (sheaf_dup_doc){.partner = -1, .size = g->j->size[i]};
        if (kept == i) continue;
        d->doc[i].dropped = true;
        d->doc[i].partner = kept;
        d->doc[i].shared = shared;
        d->doc[i].partner_size = g->j->size[kept];
        d->doc[i].kind = kind_of(g, i, kept, shared);
    }
}

/* Documents that something was dropped for, by falling number of those, ties in the order of keeping. */
static sheaf_status number_groups(sheaf_dups *d, const sheaf_i_grouping *g)
{
    sheaf_status st = SHEAF_OK;
    int64_t *docs = NULL, n = 0;
    uint32_t *position = NULL;
    sheaf_i_keyed *e = NULL;
    SHEAF_NEW0(docs, d->ctx, d->n_docs);
    SHEAF_NEW(position, d->ctx, g->u->n);
    SHEAF_NEW(e, d->ctx, d->n_docs);
    for (int64_t i = 0; i < g->u->n; i++) position[g->order[i]] = (uint32_t)i;
    for (int64_t i = 0; i < d->n_docs; i++)
        if (d->doc[i].dropped) docs[d->doc[i].partner]++;
    for (int64_t i = 0; i < d->n_docs; i++)
        if (docs[i]) e[n++] = (sheaf_i_keyed){(uint64_t)(UINT32_MAX - docs[i]) << 32 | position[g->u->of[i]], i};
    SHEAF_TRY(sheaf_i_sort_keyed(d->ctx, e, n));
    SHEAF_NEW(d->group, d->ctx, n);
    d->n_groups = n;
    for (int64_t i = 0; i < n; i++) {
        d->group[i] = (sheaf_dup_group){.kept = e[i].of, .docs = docs[e[i].of] + 1, .lowest = 1};
        d->doc[e[i].of].group = (int32_t)(i + 1);
    }
done:
    sheaf_i_free(d->ctx, docs);
    sheaf_i_free(d->ctx, position);
    sheaf_i_free(d->ctx, e);
    return st;
}

sheaf_status sheaf_i_dups_fill(sheaf_dups *d, const sheaf_i_grouping *g)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(d->doc, d->ctx, d->n_docs);
    fill_docs(d, g);
    SHEAF_TRY(number_groups(d, g));
    for (int64_t i = 0; i < d->n_docs; i++) {
        sheaf_dup_doc *doc = &d->doc[i];
        if (!doc->dropped) continue;
        doc->group = d->doc[doc->partner].group;
        sheaf_dup_group *group = &d->group[doc->group - 1];
        if (doc->kind > group->kind) group->kind = doc->kind;
    }
    for (int64_t i = 0; i < d->n_pairs; i++) {
        sheaf_dup_pair *p = &d->pair[i];
        p->group = d->doc[p->a].group == d->doc[p->b].group ? d->doc[p->a].group : 0;
    }
done:
    return st;
}

void sheaf_dups_free(sheaf_dups *d)
{
    if (!d) return;
    sheaf_i_free(d->ctx, d->pair);
    sheaf_i_free(d->ctx, d->group);
    sheaf_i_free(d->ctx, d->doc);
    sheaf_i_free(d->ctx, d);
}

const sheaf_dup_pair *sheaf_dups_pairs(const sheaf_dups *d, int64_t *n)
{
    *n = d->n_pairs;
    return d->pair;
}

const sheaf_dup_group *sheaf_dups_groups(const sheaf_dups *d, int64_t *n)
{
    *n = d->n_groups;
    return d->group;
}

const sheaf_dup_doc *sheaf_dups_docs(const sheaf_dups *d, int64_t *n)
{
    *n = d->n_docs;
    return d->doc;
}

sheaf_dups_report sheaf_dups_quality(const sheaf_dups *d) { return d->report; }
bool sheaf_dups_is_old(const sheaf_dups *d, int64_t doc) { return doc >= d->n_new; }

sheaf_str sheaf_dups_id(const sheaf_dups *d, int64_t doc)
{
    return sheaf_dups_is_old(d, doc) ? sheaf_corpus_id(d->corpus[1], doc - d->n_new)
                                     : sheaf_corpus_id(d->corpus[0], doc);
}

static const char *check_doc(const sheaf_dups *d, int64_t i)
{
    const sheaf_dup_doc *doc = &d->doc[i];
    if (doc->group < 0 || doc->group > d->n_groups) return "a document in a group that is none";
    if (!doc->dropped) return doc->partner == -1 ? NULL : "a kept document with a partner";
    if (i >= d->n_new) return "an old document dropped";
    if (!doc->group || doc->partner != d->group[doc->group - 1].kept) return "a dropped document without its kept one";
    if (d->doc[doc->partner].dropped) return "a document dropped for one that is dropped";
    if (doc->shared > doc->size || doc->shared > doc->partner_size) return "more shared than there is";
    return NULL;
}

const char *sheaf_i_dups_validate(const sheaf_dups *d)
{
    int64_t in_groups = 0;
    for (int64_t i = 0; i < d->n_docs; i++) {
        const char *fault = check_doc(d, i);
        if (fault) return fault;
        in_groups += d->doc[i].group > 0;
    }
    for (int64_t i = 0; i < d->n_groups; i++) {
        const sheaf_dup_group *g = &d->group[i];
        if (g->docs < 2 || d->doc[g->kept].group != i + 1 || d->doc[g->kept].dropped) return "a group of nothing";
        if (i && g->docs > d->group[i - 1].docs) return "groups not by falling size";
        if (!(g->lowest >= 0 && g->lowest <= 1)) return "a similarity that is none";
        in_groups -= g->docs;
    }
    if (in_groups) return "sizes of groups do not add up";
    for (int64_t i = 0; i < d->n_pairs; i++) {
        const sheaf_dup_pair *p = &d->pair[i];
        if (p->a >= p->b || (i && (p[-1].a > p->a || (p[-1].a == p->a && p[-1].b >= p->b)))) return "pairs not by a, b";
    }
    return NULL;
}
