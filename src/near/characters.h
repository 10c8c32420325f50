/* Folded words as their characters, numbered densely: the units of character shingles. */
#ifndef SHEAF_NEAR_CHARACTERS_H
#define SHEAF_NEAR_CHARACTERS_H

#include "near/tokens.h"

typedef struct {
    sheaf_ctx *ctx;
    int64_t *start;     /* the characters of folded word f are point[start[f] .. start[f + 1]) */
    uint32_t *point;    /* numbers from 2; 1 is the space between words */
    uint32_t n_points;  /* the highest number */
} sheaf_i_characters;

sheaf_status sheaf_i_characters_new(sheaf_i_characters *c, sheaf_ctx *ctx, const sheaf_i_tokens *t);
void sheaf_i_characters_end(sheaf_i_characters *c);

#endif
