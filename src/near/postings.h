/* A sparse matrix by columns, in tiles of rows, for sums over the columns of a query.
 *
 * Columns are classed by how many rows they have: class 0 those in more than 1/sqrt(2) of the rows, then half as many
 * every two classes; the last class takes all that is rarer. Beside the postings stands, for each row and class, the
 * length of the part of the row in more frequent classes: what a sum over the rarer ones may still miss, by Cauchy and
 * Schwarz, is at most that times the same of the query.
 */
#ifndef SHEAF_NEAR_POSTINGS_H
#define SHEAF_NEAR_POSTINGS_H

#include "base/mem.h"
#include "matrix/csr.h"

#define SHEAF_I_CLASSES 21
/* Rows of a tile: their sums stay in the first-level cache; but in the second where so many columns would have few
   postings in so many tiles. */
#define SHEAF_I_TILE_LEAST 8192
#define SHEAF_I_TILE_MOST 65536

typedef struct {
    uint32_t *start;   /* cols + 1 */
    uint16_t *row;     /* of each posting, from the first one of the tile */
    float *value;
    uint8_t *rest;     /* CLASSES x rows: of each row the length in classes below, in units, rounded up */
    float mean_rest[SHEAF_I_CLASSES];
} sheaf_i_tile;

typedef struct {
    const sheaf_matrix *m;
    int64_t rows, tile_rows;
    int32_t tiles;
    sheaf_i_tile *tile;
    uint8_t *class;    /* of each column */
    double longest;    /* the length of the longest row */
    float unit;        /* of rests */
    bool negative;     /* some value is */
} sheaf_i_postings;

/* `m` must live on. */
sheaf_status sheaf_i_postings_make(sheaf_i_postings *p, sheaf_ctx *ctx, const sheaf_matrix *m);
void sheaf_i_postings_end(sheaf_i_postings *p, sheaf_ctx *ctx);

/* A float that is not below x >= 0. */
static inline float sheaf_i_round_up(double x) { return (float)(x * 1.0000002); }

#endif
