/* What was measured, and how it differs from an earlier run. The machine is in every format: first in a table, an
   object in JSON, columns in the others. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/file.h"
#include "measure/measure.h"
#include "report/provenance.h"
#include "report/rows.h"

/* The value of a key in the machine's "key: value" lines. */
static sheaf_str machine_value(const char *lines, const char *key)
{
    const size_t n = strlen(key);
    for (const char *p = lines; *p; p += strcspn(p, "\n"), p += *p == '\n')
        if (strncmp(p, key, n) == 0 && p[n] == ':') {
            const char *value = p + n + 1 + strspn(p + n + 1, " ");
            return (sheaf_str){value, strcspn(value, "\n")};
        }
    return (sheaf_str){"", 0};
}

/* ---- for people */

/* "11.2 ms" */
static const char *seconds_text(double s, char room[24])
{
    static const struct {
        double unit;
        const char *name;
    } units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}};
    int i = 0;
    while (i < 2 && s < units[i].unit) i++;
    double value = s / units[i].unit;
    snprintf(room, 24, value < 10 ? "%.2f %s" : value < 100 ? "%.1f %s" : "%.0f %s", value, units[i].name);
    return room;
}

static const char *percent(double share, char room[24])
{
    snprintf(room, 24, share < .0995 ? "%.1f %%" : "%.0f %%", 100 * share);
    return room;
}

static const char *significant(double x, char room[24])
{
    snprintf(room, 24, fabs(x) >= 99.95 ? "%.0f" : fabs(x) >= 9.995 ? "%.1f" : fabs(x) >= .0995 ? "%.2f" : "%.2g", x);
    return room;
}

static void heading(sheaf_out *out, const char *m)
{
    static const char *const keys[] = {"sheaf",     "compiler", "build",   "BLAS",
                                       "processor", "kernels",  "threads", "cores"};
    sheaf_str v[8];
    for (int i = 0; i < 8; i++) v[i] = machine_value(m, keys[i]);
    sheaf_i_out_printf(out, "sheaf %.*s  %.*s %.*s  %.*s  %.*s  kernels %.*s  %.*s threads of %.*s\n", (int)v[0].n,
                       v[0].p, (int)v[1].n, v[1].p, (int)v[2].n, v[2].p, (int)v[3].n, v[3].p, (int)v[4].n, v[4].p,
                       (int)v[5].n, v[5].p, (int)v[6].n, v[6].p, (int)v[7].n, v[7].p);
}

static void table_row(sheaf_i_rows *r, const sheaf_bench_row *row)
{
    char text[80], room[24], value[24];
    sheaf_i_cell_text(r, sheaf_i_str(row->name));
    sheaf_i_cell_text(r, sheaf_i_str(row->kernels));
    sheaf_i_cell_text(r, sheaf_i_str(row->size));
    sheaf_i_cell_text(r, sheaf_i_str(seconds_text(row->median, room)));
    sheaf_i_cell_text(r, sheaf_i_str(row->runs ? percent(row->spread, room) : ""));
    snprintf(text, sizeof text, "%s %s", significant(row->rate, room), row->unit);
    sheaf_i_cell_text(r, sheaf_i_str(text));
    snprintf(text, sizeof text, "%s (%s)", percent(row->share, room), row->limit);
    sheaf_i_cell_text(r, sheaf_i_str(row->bound > 0 ? text : ""));
    snprintf(text, sizeof text, "%s %s", row->quality, significant(row->value, value));
    sheaf_i_cell_text(r, sheaf_i_str(*row->quality ? text : row->verified ? "verified" : ""));
    sheaf_i_row_end(r);
}

/* Limits of one thread are for programs: rows are held against those of all. */
static bool of_one_thread(const sheaf_bench_row *row)
{
    static const char end[] = ", 1 thread";
    const size_t n = strlen(row->size), m = sizeof end - 1;
    return row->kind == SHEAF_BENCH_LIMIT && n > m && strcmp(row->size + n - m, end) == 0;
}

static sheaf_status write_table(sheaf_out *o, const sheaf_bench *b, const sheaf_write_opts *opts)
{
    static const sheaf_i_column columns[] = {{.name = {"name", 4}},
                                             {.name = {"kernels", 7}},
                                             {.name = {"size", 4}},
                                             {.name = {"median", 6}, .right = true},
                                             {.name = {"spread", 6}, .right = true},
                                             {.name = {"rate", 4}, .right = true},
                                             {.name = {"of_bound", 8}, .title = "of the bound", .right = true},
                                             {.name = {"quality", 7}}};
    sheaf_i_rows r;
    sheaf_status st = sheaf_i_rows_open(&r, b->ctx, o, opts, "bench", NULL, columns, 8);
    if (st != SHEAF_OK) return st;
    heading(o, b->machine);
    for (int64_t i = 0; i < b->n && !sheaf_i_rows_full(&r); i++)
        if (!of_one_thread(&b->rows[i])) table_row(&r, &b->rows[i]);
    return sheaf_i_rows_close(&r);
}

/* ---- for programs */

#define OWN 25 /* fields of a row; then those of the machine, where it has no place of its own */
static const sheaf_i_column FIELDS[] = {
    {.name = {"kind", 4}},          {.name = {"name", 4}},      {.name = {"kernels", 7}},  {.name = {"size", 4}},
    {.name = {"runs", 4}},          {.name = {"median", 6}},    {.name = {"min", 3}},      {.name = {"max", 3}},
    {.name = {"spread", 6}},        {.name = {"rate", 4}},      {.name = {"unit", 4}},     {.name = {"bytes", 5}},
    {.name = {"flops", 5}},         {.name = {"lines_l1", 8}},  {.name = {"lines_l2", 8}}, {.name = {"lines_l3", 8}},
    {.name = {"lines_memory", 12}}, {.name = {"bound", 5}},     {.name = {"limit", 5}},    {.name = {"share", 5}},
    {.name = {"of_sgemm", 8}},      {.name = {"quality", 7}},   {.name = {"value", 5}},    {.name = {"allowed", 7}},
    {.name = {"verified", 8}},      {.name = {"processor", 9}}, {.name = {"compiler", 8}}, {.name = {"build", 5}},
    {.name = {"blas", 4}},          {.name = {"selected", 8}},  {.name = {"threads", 7}}};
#define ALL ((int32_t)(sizeof FIELDS / sizeof *FIELDS))

static void fields(sheaf_i_rows *r, const sheaf_bench_row *row)
{
    static const char *const kinds[] = {"limit", "kernel", "stage"};
    sheaf_i_cell_text(r, sheaf_i_str(kinds[row->kind]));
    sheaf_i_cell_text(r, sheaf_i_str(row->name));
    sheaf_i_cell_text(r, sheaf_i_str(row->kernels));
    sheaf_i_cell_text(r, sheaf_i_str(row->size));
    sheaf_i_cell_int(r, row->runs);
    sheaf_i_cell_real(r, row->median, 9);
    sheaf_i_cell_real(r, row->min, 9);
    sheaf_i_cell_real(r, row->max, 9);
    sheaf_i_cell_real(r, row->spread, 4);
    sheaf_i_cell_real(r, row->rate, 4);
    sheaf_i_cell_text(r, sheaf_i_str(row->unit));
    sheaf_i_cell_real(r, row->bytes, 0);
    sheaf_i_cell_real(r, row->flops, 0);
    sheaf_i_cell_real(r, row->lines_l1, 0);
    sheaf_i_cell_real(r, row->lines_l2, 0);
    sheaf_i_cell_real(r, row->lines_l3, 0);
    sheaf_i_cell_real(r, row->lines_memory, 0);
    sheaf_i_cell_real(r, row->bound, 9);
    sheaf_i_cell_text(r, sheaf_i_str(row->limit));
    sheaf_i_cell_real(r, row->share, 4);
    sheaf_i_cell_real(r, row->of_sgemm, 4);
    sheaf_i_cell_text(r, sheaf_i_str(row->quality));
    sheaf_i_cell_real(r, row->value, 12);
    sheaf_i_cell_real(r, row->allowed, 12);
    sheaf_i_cell_int(r, row->verified);
}

static void machine_fields(sheaf_i_rows *r, const char *machine)
{
    static const char *const keys[] = {"processor", "compiler", "build", "BLAS", "kernels", "threads"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) sheaf_i_cell_text(r, machine_value(machine, keys[i]));
}

/* "machine":{...}, which goes before the rows. */
static void machine_object(sheaf_i_text *t, const char *lines)
{
    sheaf_i_text_puts(t, ",\n\"machine\":{");
    for (const char *p = lines; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        size_t n = strcspn(p, ":\n");
        if (p[n] != ':') continue;
        const char *value = p + n + 1 + strspn(p + n + 1, " ");
        if (p != lines) sheaf_i_text_puts(t, ",");
        sheaf_i_text_json(t, (sheaf_str){p, n});
        sheaf_i_text_puts(t, ":");
        sheaf_i_text_json(t, (sheaf_str){value, strcspn(value, "\n")});
    }
    sheaf_i_text_puts(t, "}");
}

/* Rows of `columns` whose JSON tells the machine before. */
static sheaf_status open_rows(sheaf_i_rows *r, sheaf_out *o, const sheaf_bench *b, const sheaf_write_opts *opts,
                              const char *schema, const sheaf_i_column *columns, int32_t n)
{
    sheaf_i_text members;
    sheaf_i_text_init(&members, b->ctx);
    if (opts->format == SHEAF_FORMAT_JSON) machine_object(&members, b->machine);
    sheaf_i_text_add(&members, "", 1);
    sheaf_status st = members.status;
    if (st == SHEAF_OK) st = sheaf_i_rows_open_with(r, b->ctx, o, opts, schema, NULL, members.p, columns, n);
    sheaf_i_text_end(&members);
    return st;
}

sheaf_status sheaf_write_bench(sheaf_out *o, const sheaf_bench *b, const sheaf_write_opts *opts)
{
    sheaf_i_rows r;
    sheaf_write_opts own;
    sheaf_i_write_opts(&own, opts);
    if (own.format == SHEAF_FORMAT_TABLE) return write_table(o, b, &own);
    const bool json = own.format == SHEAF_FORMAT_JSON;
    sheaf_status st = open_rows(&r, o, b, &own, "bench", FIELDS, json ? OWN : ALL);
    if (st != SHEAF_OK) return st;
    for (int64_t i = 0; i < b->n && !sheaf_i_rows_full(&r); i++) {
        fields(&r, &b->rows[i]);
        if (!json) machine_fields(&r, b->machine);
        sheaf_i_row_end(&r);
    }
    return sheaf_i_rows_close(&r);
}

/* ---- changes */

static const char *const VERDICTS[] = {"same", "faster", "slower", "worse", "not compared"};

static sheaf_str signed_percent(double change, char room[24])
{
    if (isfinite(change)) snprintf(room, 24, "%+.1f %%", 100 * change);
    else *room = 0;
    return sheaf_i_str(room);
}

static void change_for_people(sheaf_i_rows *r, const sheaf_bench_change *c)
{
    const bool matched = c->verdict != SHEAF_BENCH_UNMATCHED;
    char room[24], low[24], high[24], text[120];
    sheaf_i_cell_text(r, sheaf_i_str(c->name));
    sheaf_i_cell_text(r, sheaf_i_str(c->kernels));
    sheaf_i_cell_text(r, sheaf_i_str(c->size));
    sheaf_i_cell_text(r, sheaf_i_str(matched ? seconds_text(c->old_seconds, room) : ""));
    sheaf_i_cell_text(r, sheaf_i_str(seconds_text(c->new_seconds, room)));
    sheaf_i_cell_text(r, matched ? signed_percent(c->change, room) : sheaf_i_str(""));
    snprintf(text, sizeof text, "%s .. %s", signed_percent(c->low, low).p, signed_percent(c->high, high).p);
    sheaf_i_cell_text(r, sheaf_i_str(matched ? text : ""));
    sheaf_i_cell_text(r, sheaf_i_str(VERDICTS[c->verdict]));
    if (c->verdict == SHEAF_BENCH_WORSE)
        snprintf(text, sizeof text, "%s %s -> %s", c->quality, significant(c->old_value, low),
                 significant(c->new_value, high));
    sheaf_i_cell_text(r, sheaf_i_str(c->verdict == SHEAF_BENCH_WORSE ? text : ""));
    sheaf_i_row_end(r);
}

static void change_for_programs(sheaf_i_rows *r, const sheaf_bench_change *c)
{
    const bool matched = c->verdict != SHEAF_BENCH_UNMATCHED;
    const double seconds[] = {c->old_seconds, c->new_seconds, c->change, c->low, c->high, c->old_value, c->new_value};
    sheaf_i_cell_text(r, sheaf_i_str(c->name));
    sheaf_i_cell_text(r, sheaf_i_str(c->kernels));
    sheaf_i_cell_text(r, sheaf_i_str(c->size));
    for (int i = 0; i < 7; i++) {
        if (i == 5) sheaf_i_cell_text(r, sheaf_i_str(VERDICTS[c->verdict]));
        if (i == 5) sheaf_i_cell_text(r, sheaf_i_str(c->quality));
        if (matched || i == 1 || i == 6) sheaf_i_cell_real(r, seconds[i], i < 2 ? 9 : i < 5 ? 4 : 12);
        else sheaf_i_cell_none(r);
    }
    sheaf_i_row_end(r);
}

sheaf_status sheaf_write_bench_changes(sheaf_out *o, const sheaf_bench_comparison *c, const sheaf_bench *b,
                                       const sheaf_write_opts *opts)
{
    static const sheaf_i_column shown[] = {{.name = {"name", 4}},
                                           {.name = {"kernels", 7}},
                                           {.name = {"size", 4}},
                                           {.name = {"before", 6}, .right = true},
                                           {.name = {"now", 3}, .right = true},
                                           {.name = {"change", 6}, .right = true},
                                           {.name = {"interval", 8}, .title = "95 % interval", .right = true},
                                           {.name = {"verdict", 7}},
                                           {.name = {"quality", 7}}};
    static const sheaf_i_column all[] = {
        {.name = {"name", 4}},         {.name = {"kernels", 7}},      {.name = {"size", 4}},
        {.name = {"old_seconds", 11}}, {.name = {"new_seconds", 11}}, {.name = {"change", 6}},
        {.name = {"low", 3}},          {.name = {"high", 4}},         {.name = {"verdict", 7}},
        {.name = {"quality", 7}},      {.name = {"old_value", 9}},    {.name = {"new_value", 9}}};
    sheaf_i_rows r;
    sheaf_write_opts own;
    sheaf_i_write_opts(&own, opts);
    const bool people = own.format == SHEAF_FORMAT_TABLE;
    sheaf_status st = open_rows(&r, o, b, &own, "bench-changes", people ? shown : all, people ? 9 : 12);
    if (st != SHEAF_OK) return st;
    if (people) heading(o, b->machine);
    int64_t n;
    const sheaf_bench_change *change = sheaf_bench_changes(c, &n);
    for (int64_t i = 0; i < n && !sheaf_i_rows_full(&r); i++)
        (people ? change_for_people : change_for_programs)(&r, &change[i]);
    return sheaf_i_rows_close(&r);
}
