/* Bands of min-hashes: partners that share one band of r hashes, where not every pair must be found.
 *
 * Broder 1997; Indyk and Motwani 1998. The least hash of two sets is the same with a chance of their Jaccard; here of
 * the lists of shared shingles alone, whose union is smaller, so with that chance at least. A pair at the threshold t
 * shares one of b bands of r hashes with a chance of 1 - (1 - t^r)^b, which b makes as high as was asked for; r is
 * where hashing and the expected number of strangers met cost least. What is met is compared exactly, so nothing below
 * the threshold is ever found; what share was found is measured on a sample that is searched for exactly. Where the
 * exact search is expected to cost less, as it does on most collections at any threshold that means something, there
 * are no bands, nor where more than 512 would be needed: the search is exact then.
 */
#ifndef SHEAF_NEAR_BANDS_H
#define SHEAF_NEAR_BANDS_H

#include "near/lists.h"

typedef struct sheaf_i_bands {
    sheaf_ctx *ctx;
    int32_t bands, rows;
    int64_t n;          /* items */
    uint32_t *member;   /* bands x n: items that may be near, those that share a band side by side */
    int64_t n_members;  /* of each band */
    uint32_t *first;    /* bands x n: where in `member` an item's company begins */
} sheaf_i_bands;

/* exact: what the exact search is expected to cost, in nanoseconds. Where that is less there are no bands. */
sheaf_status sheaf_i_bands_make(sheaf_i_bands *b, const sheaf_i_job *j, const sheaf_i_lists *l, double exact);
/* Leaves out items that are gone. */
void sheaf_i_bands_compact(sheaf_i_bands *b, const uint8_t *gone);
void sheaf_i_bands_end(sheaf_i_bands *b);

/* Bands of `rows` hashes that find a pair at the threshold with the chance asked for. */
int32_t sheaf_i_bands_needed(double threshold, double recall, int32_t rows);

/* Where the share lies above, with a confidence of 95 %, of which `found` of n were found: the lower bound of Clopper
   and Pearson 1934. */
double sheaf_i_share_low(int64_t found, int64_t n);

#endif
