/* The corpus out of the chunks that were read in parallel; see chunk.h.
 *
 * Nothing here may depend on which document was read when: documents are sorted by id, columns are numbered by the
 * first document in that order that has them, skipped inputs are sorted by place, and of several faults the one with
 * the lowest place is reported. Documents are moved side by side on the threads, a block of them at a time.
 */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "read/chunk.h"
#include "read/fields.h"
#include "read/order.h"
#include "read/record.h"
#include "read/utf8.h"

#define MAX_NAMED 3 /* duplicate ids named in the message */
#define BLOCK 4096  /* documents */

typedef struct {
    sheaf_ctx *ctx;
    sheaf_i_chunk **chunks;
    int64_t n_chunks;
    const sheaf_read_opts *o;
    sheaf_corpus *c;
    sheaf_i_names columns; /* all of them, in order of reading */
    int64_t *first;        /* of each chunk: its first document among all, in order of reading */
    sheaf_i_doc *unsorted;
    sheaf_str *id;         /* of `unsorted` */
    int64_t *order;
    bool twice;            /* some id stands twice */
    bool skips_known;
} assembly;

static sheaf_status place_text(sheaf_i_arena *a, sheaf_i_place p, sheaf_str *out)
{
    size_t room = p.name.n + 24;
    char *s = sheaf_i_arena_take(a, room, 1);
    if (!s) return SHEAF_ENOMEM;
    memcpy(s, p.name.p, p.name.n);
    size_t n = p.name.n;
    if (p.line) n += (size_t)snprintf(s + n, room - n, "%c%lld", p.mark, (long long)p.line);
    *out = (sheaf_str){s, n};
    int64_t replaced = 0;
    return sheaf_i_utf8_clean(a, out, &replaced);
}

static void add_counts(sheaf_read_counts *to, const sheaf_read_counts *from)
{
    to->files += from->files;
    to->bytes += from->bytes;
    to->skipped += from->skipped;
    to->replaced += from->replaced;
    to->replaced_docs += from->replaced_docs;
}

/* What the chunks keep goes to the corpus, with columns numbered over all chunks in order of reading. */
static sheaf_status gather_kept(assembly *a)
{
    sheaf_status st = SHEAF_OK;
    sheaf_corpus *c = a->c;
    SHEAF_NEW0(c->kept, a->ctx, a->n_chunks);
    SHEAF_NEW(a->first, a->ctx, a->n_chunks);
    for (int64_t k = 0; k < a->n_chunks; k++) {
        sheaf_i_chunk *from = a->chunks[k];
        sheaf_i_kept *kept = &c->kept[k];
        kept->n_columns = from->columns.n;
        SHEAF_NEW(kept->column, a->ctx, from->columns.n);
        for (int32_t j = 0; j < from->columns.n; j++)
            SHEAF_TRY(sheaf_i_names_add(&a->columns, &c->arena, from->columns.list[j].name, &kept->column[j]));
        kept->records = from->packed;
        from->packed = NULL;
        a->first[k] = c->n;
        c->n += from->n_docs;
        add_counts(&c->counts, &from->counts);
    }
done:
    return st;
}

static sheaf_status list_chunk(void *arg, int64_t k, int32_t worker)
{
    (void)worker;
    assembly *a = arg;
    sheaf_i_chunk *from = a->chunks[k];
    for (int64_t i = 0; i < from->n_docs; i++) {
        const unsigned char *p = a->c->kept[k].records + from->docs[i].record;
        a->unsorted[a->first[k] + i] = from->docs[i];
        a->id[a->first[k] + i] = sheaf_i_record_string(&p, SHEAF_I_OF_ID);
    }
    sheaf_i_free(a->ctx, from->docs);
    from->docs = NULL;
    from->n_docs = from->docs_room = 0;
    return SHEAF_OK;
}

static bool same(sheaf_str a, sheaf_str b) { return a.n == b.n && !memcmp(a.p, b.p, a.n); }

static sheaf_status sort_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    assembly *a = arg;
    int64_t lo, hi;
    bool twice = false;
    sheaf_i_range(a->c->n, BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        a->c->docs[i] = a->unsorted[a->order[i]];
        twice |= i > 0 && same(a->id[a->order[i - 1]], a->id[a->order[i]]);
    }
    if (twice) __atomic_store_n(&a->twice, true, __ATOMIC_RELAXED);
    return SHEAF_OK;
}

/* Where each document stands in the input, what was skipped before it counted too. */
static sheaf_status list_places(assembly *a)
{
    sheaf_status st = SHEAF_OK;
    sheaf_corpus *c = a->c;
    int64_t *place = NULL, skipped = 0;
    SHEAF_NEW0(place, a->ctx, c->n + 1);
    SHEAF_NEW(c->place, a->ctx, c->n);
    for (int64_t k = 0; k < a->n_chunks; k++)
        for (int64_t i = 0; i < a->chunks[k]->n_skips; i++) place[a->first[k] + a->chunks[k]->skips[i].before]++;
    for (int64_t i = 0; i <= c->n; i++) place[i] = i + (skipped += place[i]);
    for (int64_t i = 0; i < c->n; i++) c->place[i] = place[a->order[i]];
    c->n_places = place[c->n];
done:
    sheaf_i_free(a->ctx, place);
    return st;
}

/* All documents by id. */
static sheaf_status sort_docs(assembly *a)
{
    sheaf_status st = SHEAF_OK;
    sheaf_corpus *c = a->c;
    SHEAF_NEW(a->unsorted, a->ctx, c->n);
    SHEAF_NEW(a->id, a->ctx, c->n);
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, a->n_chunks, list_chunk, a));
    SHEAF_TRY(sheaf_i_order(a->ctx, &a->order, a->id, c->n));
    SHEAF_NEW(c->docs, a->ctx, c->n);
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(c->n, BLOCK), sort_block, a));
    if (a->o->keep_order) SHEAF_TRY(list_places(a));
done:
    sheaf_i_free(a->ctx, a->unsorted);
    sheaf_i_free(a->ctx, a->id);
    sheaf_i_free(a->ctx, a->order);
    return st;
}

static sheaf_status gather_skips(assembly *a)
{
    sheaf_status st = SHEAF_OK;
    sheaf_corpus *c = a->c;
    int64_t *order = NULL, n = 0, total = c->counts.skipped;
    sheaf_str *place = NULL, *reason = NULL;
    SHEAF_NEW(c->skipped_place, a->ctx, total);
    SHEAF_NEW(c->skipped_reason, a->ctx, total);
    SHEAF_NEW(place, a->ctx, total);
    SHEAF_NEW(reason, a->ctx, total);
    for (int64_t k = 0; k < a->n_chunks; k++)
        for (int64_t i = 0; i < a->chunks[k]->n_skips; i++, n++) {
            SHEAF_TRY(place_text(&c->arena, a->chunks[k]->skips[i].place, &place[n]));
            reason[n] = a->chunks[k]->skips[i].reason;
        }
    SHEAF_TRY(sheaf_i_order(a->ctx, &order, place, n));
    for (int64_t i = 0; i < n; i++) {
        c->skipped_place[i] = place[order[i]];
        c->skipped_reason[i] = reason[order[i]];
    }
    a->skips_known = true;
done:
    sheaf_i_free(a->ctx, order);
    sheaf_i_free(a->ctx, place);
    sheaf_i_free(a->ctx, reason);
    return st;
}

static sheaf_status check_strict(const assembly *a)
{
    const sheaf_corpus *c = a->c;
    if (!a->o->strict || !c->counts.skipped) return SHEAF_OK;
    return sheaf_i_fail(a->ctx, SHEAF_EFORMAT, "%.*s: %.*s", (int)c->skipped_place[0].n, c->skipped_place[0].p,
                        (int)c->skipped_reason[0].n, c->skipped_reason[0].p);
}

/* "'id' (place and place)", long ones cut: ids at the end, places, whose ends tell them apart, at the front. */
static size_t name_twice(char *to, size_t room, bool more, sheaf_str id, sheaf_str lo, sheaf_str hi)
{
    int n = id.n < 120 ? (int)id.n : 117, n_lo = lo.n < 60 ? (int)lo.n : 57, n_hi = hi.n < 60 ? (int)hi.n : 57;
    const char *id_cut = id.n < 120 ? "" : "...", *lo_cut = lo.n < 60 ? "" : "...", *hi_cut = hi.n < 60 ? "" : "...";
    int used = snprintf(to, room, "%s'%.*s%s' (%s%.*s and %s%.*s)", more ? ", " : "", n, id.p, id_cut, lo_cut, n_lo,
                        lo.p + (lo.n - (size_t)n_lo), hi_cut, n_hi, hi.p + (hi.n - (size_t)n_hi));
    return used < 0 ? 0 : (size_t)used;
}

/* Names each of the first duplicate ids with the lowest two of its places. */
static sheaf_status check_duplicates(assembly *a)
{
    const sheaf_corpus *c = a->c;
    if (!a->twice) return SHEAF_OK;
    char text[480];
    size_t used = 0;
    int64_t twice = 0, named = 0;
    sheaf_i_arena scratch;
    sheaf_i_arena_init(&scratch, a->ctx);
    for (int64_t i = 1; i < c->n; i++) {
        sheaf_str id = sheaf_corpus_id(c, i);
        if (!same(sheaf_corpus_id(c, i - 1), id)) continue;
        int64_t first = i - 1;
        while (i + 1 < c->n && same(id, sheaf_corpus_id(c, i + 1))) i++;
        if (++twice > MAX_NAMED || used > sizeof text / 2) continue;
        sheaf_str lo = {"", 0}, hi = {"", 0}, p;
        for (int64_t k = first; k <= i; k++) {
            if (place_text(&scratch, a->chunks[c->docs[k].chunk]->places[c->docs[k].slot], &p) != SHEAF_OK) {
                sheaf_i_arena_end(&scratch);
                return SHEAF_ENOMEM;
            }
            if (!lo.n || sheaf_i_id_compare(p, lo) < 0) {
                hi = lo;
                lo = p;
            } else if (!hi.n || sheaf_i_id_compare(p, hi) < 0) {
                hi = p;
            }
        }
        named++;
        used += name_twice(text + used, sizeof text - used, used > 0, id, lo, hi);
        if (used >= sizeof text) used = sizeof text - 1;
    }
    sheaf_i_arena_end(&scratch);
    sheaf_i_fail(a->ctx, SHEAF_EFORMAT, "%lld duplicate id%s: %s%s", (long long)twice, twice > 1 ? "s" : "", text,
                 twice > named ? ", ..." : "");
    sheaf_i_hint(a->ctx, "ids must differ; --id-field NAME takes them from another field");
    return SHEAF_EFORMAT;
}

/* Numbers the columns that a document brings and that none before it had; number: by their order of reading. */
static sheaf_status number_columns_of(assembly *a, int64_t doc, int32_t *number)
{
    sheaf_status st = SHEAF_OK;
    sheaf_corpus *c = a->c;
    const sheaf_i_kept *kept = &c->kept[c->docs[doc].chunk];
    const unsigned char *p = kept->records + c->docs[doc].record;
    (void)sheaf_i_record_string(&p, SHEAF_I_OF_LABEL);
    for (uint64_t n = sheaf_i_take_number(&p); n; n--) {
        int32_t old = kept->column[sheaf_i_take_number(&p)];
        (void)sheaf_i_take_string(&p);
        if (number[old] >= 0) continue;
        sheaf_str *name = &c->columns[number[old] = c->n_columns++];
        int64_t replaced = 0;
        *name = a->columns.list[old].name;
        SHEAF_TRY(sheaf_i_utf8_clean(&c->arena, name, &replaced));
    }
done:
    return st;
}

/* Numbers the columns by the first document that has them and the order within it. */
static sheaf_status number_columns(assembly *a)
{
    sheaf_status st = SHEAF_OK;
    sheaf_corpus *c = a->c;
    int32_t n = a->columns.n, *number = NULL;
    SHEAF_NEW(number, a->ctx, n);
    SHEAF_NEW(c->columns, a->ctx, n);
    for (int32_t i = 0; i < n; i++) number[i] = -1;
    for (int64_t i = 0; i < c->n && c->n_columns < n; i++) SHEAF_TRY(number_columns_of(a, i, number));
    for (int64_t k = 0; k < c->n_chunks; k++)
        for (int32_t j = 0; j < c->kept[k].n_columns; j++) c->kept[k].column[j] = number[c->kept[k].column[j]];
done:
    sheaf_i_free(a->ctx, number);
    return st;
}

/* The documents of a limit look for themselves. */
static void settle(assembly *a)
{
    sheaf_corpus *c = a->c;
    bool cut = a->o->max_docs > 0 && c->n > a->o->max_docs;
    if (cut) c->n = a->o->max_docs;
    for (int64_t k = 0; k < a->n_chunks && !cut; k++) {
        c->has_title |= a->chunks[k]->has_title;
        c->has_date |= a->chunks[k]->has_date;
        c->has_label |= a->chunks[k]->has_label;
    }
    for (int64_t i = 0; i < c->n && cut; i++) {
        c->has_title |= sheaf_corpus_title(c, i).n > 0;
        c->has_date |= sheaf_corpus_date(c, i).n > 0;
        c->has_label |= sheaf_corpus_label(c, i).n > 0;
    }
}

/* What the chunks know about fields, summed up in their order. */
static sheaf_status sum_fields(assembly *a)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_chunk *all = NULL;
    SHEAF_TRY(sheaf_i_chunk_new(a->ctx, &all, a->o, 0));
    for (int64_t k = 0; k < a->n_chunks; k++) {
        sheaf_i_chunk *from = a->chunks[k];
        all->records += from->records;
        for (int role = 0; role < SHEAF_I_ROLES; role++) {
            all->found[role] += from->found[role];
            all->guessed[role] |= from->guessed[role];
        }
        if (!all->seen_in.n) {
            all->seen_in = from->seen_in;
            all->seen_table = from->seen_table;
        }
        for (int32_t i = 0, at; i < from->seen.n; i++) {
            SHEAF_TRY(sheaf_i_names_add(&all->seen, &all->keep, from->seen.list[i].name, &at));
            all->seen.list[at].mark += from->seen.list[i].mark + 1;
        }
    }
    SHEAF_TRY(sheaf_i_fields_report(a->ctx, all, &a->columns));
done:
    sheaf_i_chunk_free(all);
    return st;
}

static sheaf_status none_left(assembly *a, const char *inputs)
{
    const sheaf_corpus *c = a->c;
    if (!c->counts.skipped) {
        sheaf_i_fail(a->ctx, SHEAF_EFORMAT, "%s: no documents (%lld files)", inputs, (long long)c->counts.files);
        sheaf_i_hint(a->ctx, "sheaf reads .txt .md .html .jsonl .csv and more: sheaf help formats");
        return SHEAF_EFORMAT;
    }
    sheaf_i_fail(a->ctx, SHEAF_EFORMAT, "%s: no documents (%lld file%s, %lld skipped)", inputs,
                 (long long)c->counts.files, c->counts.files == 1 ? "" : "s", (long long)c->counts.skipped);
    sheaf_i_hint(a->ctx, "the first: %.*s: %.*s", (int)(c->skipped_place[0].n < 100 ? c->skipped_place[0].n : 100),
                 c->skipped_place[0].p, (int)c->skipped_reason[0].n, c->skipped_reason[0].p);
    return SHEAF_EFORMAT;
}

/* A corpus of no documents; the reasons lie with the chunks. */
static void leave_skips(assembly *a)
{
    for (int64_t k = 0; k < a->n_chunks; k++) sheaf_i_arena_join(&a->c->arena, &a->chunks[k]->keep);
    a->c->n = 0;
    *a->o->remains = a->c;
}

sheaf_status sheaf_i_assemble(sheaf_ctx *ctx, sheaf_corpus **out, sheaf_i_chunk **chunks, int64_t n_chunks,
                              const sheaf_read_opts *o, const char *inputs)
{
    sheaf_status st = SHEAF_OK;
    assembly a = {.ctx = ctx, .chunks = chunks, .n_chunks = n_chunks, .o = o};
    *out = NULL;
    if (o->remains) *o->remains = NULL;
    sheaf_i_names_init(&a.columns, ctx);
    SHEAF_NEW0(a.c, ctx, 1);
    a.c->ctx = ctx;
    a.c->n_chunks = n_chunks;
    a.c->has_text = o->keep_text;
    sheaf_i_arena_init(&a.c->arena, ctx);
    SHEAF_TRY(gather_kept(&a));
    SHEAF_TRY(gather_skips(&a));
    SHEAF_TRY(sum_fields(&a));
    SHEAF_TRY(check_strict(&a));
    if (!a.c->n) SHEAF_TRY(none_left(&a, inputs));
    SHEAF_TRY(sort_docs(&a));
    SHEAF_TRY(check_duplicates(&a));
    settle(&a);
    SHEAF_TRY(number_columns(&a));
    for (int64_t k = 0; k < n_chunks; k++) sheaf_i_arena_join(&a.c->arena, &chunks[k]->keep);
    *out = a.c;
done:
    if (st != SHEAF_OK && o->remains && a.skips_known && a.c->counts.skipped) leave_skips(&a);
    else if (st != SHEAF_OK) sheaf_corpus_free(a.c);
    sheaf_i_free(ctx, a.first);
    sheaf_i_names_end(&a.columns);
    return st;
}
