/* Equal strings get the same number: grouped in parallel, numbered by first appearance. */
#ifndef SHEAF_TEXT_GROUP_H
#define SHEAF_TEXT_GROUP_H

#include "base/mem.h"
#include "sheaf/sheaf.h"

#define SHEAF_I_GROUP_PARTS 64
#define SHEAF_I_NO_GROUP UINT32_MAX

typedef struct {
    uint32_t tag, string; /* string + 1; 0: empty */
} sheaf_i_group_slot;

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_str *s;   /* the caller's, who keeps them */
    int64_t n, n_groups;
    uint32_t *id;         /* the number of each string, or SHEAF_I_NO_GROUP */
    uint32_t *first;      /* the first string of each number */
    struct {
        sheaf_i_group_slot *slot;
        uint32_t mask;
    } part[SHEAF_I_GROUP_PARTS]; /* by the top bits of the hash */
    sheaf_i_group_slot *slots;   /* of all parts */
} sheaf_i_groups;

/* n < 2^32 - 1 strings; those with p == NULL are left out. */
sheaf_status sheaf_i_groups_make(sheaf_i_groups *g, sheaf_ctx *ctx, const sheaf_str *s, int64_t n);
/* The same for strings that are known to be distinct, which need not be looked at; nothing can be found in it. */
sheaf_status sheaf_i_groups_number(sheaf_i_groups *g, sheaf_ctx *ctx, const sheaf_str *s, int64_t n);
int64_t sheaf_i_groups_find(const sheaf_i_groups *g, sheaf_str s); /* its number, -1: not there */
void sheaf_i_groups_end(sheaf_i_groups *g);

static inline sheaf_str sheaf_i_group_string(const sheaf_i_groups *g, int64_t number) { return g->s[g->first[number]]; }

#endif
