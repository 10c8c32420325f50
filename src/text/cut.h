/* Cuts text into words.
 *
 * Unicode: the segments between the word boundaries of UAX #29 that hold a letter or a digit. Letters that the
 * standard leaves to dictionaries (Han, Hiragana, Thai, Lao, Khmer, Myanmar ...) form runs, and a run yields its
 * overlapping pairs of characters, or its only character; Katakana and Hangul are words as the standard cuts them.
 * sklearn: runs of two or more characters of Python's \w, as they stand in the lower-cased text.
 *
 * Words of more than SHEAF_I_MAX_WORD bytes (encoded binaries, mostly) are left out.
 */
#ifndef SHEAF_TEXT_CUT_H
#define SHEAF_TEXT_CUT_H

#include "kernel/kernel.h"
#include "sheaf/sheaf.h"

#define SHEAF_I_MAX_WORD 256
/* Room for the words of one step: those of a scan and one before it. */
#define SHEAF_I_CUT_WORDS (SHEAF_I_SCAN_WORDS + 8)

typedef struct {
    const uint8_t *p;
    size_t n, at;
    size_t run_at, run_end; /* last character of an open run of bigram letters; run_at == run_end: none */
    bool run_paired;        /* that character has been part of a pair */
    bool sigma;             /* sklearn: the words of the last step may have a capital sigma */
    sheaf_analyzer analyzer;
    sheaf_i_scan_fn *scan;
} sheaf_i_cutter;

/* n < 2^32. */
void sheaf_i_cut_begin(sheaf_i_cutter *c, sheaf_analyzer analyzer, const char *p, size_t n);
/* The next words, in order, at p[start[i] .. end[i]); both with room for SHEAF_I_CUT_WORDS. Returns how many, 0 at the
   end of the text. */
int32_t sheaf_i_cut(sheaf_i_cutter *c, uint32_t *start, uint32_t *end);

/* The sklearn analyser lower-cases before it cuts, and a capital sigma by what stands around it, even beyond the word:
   copies the word with every capital sigma in its lower-case form to out (same length). False: there is none. */
bool sheaf_i_cut_sigma(const uint8_t *p, size_t n, sheaf_span word, uint8_t *out);

/* End of the UAX #29 segment that starts at the boundary `at` < n: the reference for tests and the slow path.
   *kind gets the SHEAF_I_SEGMENT_ bits. */
enum { SHEAF_I_SEGMENT_WORD = 1, SHEAF_I_SEGMENT_BIGRAM = 2 };
size_t sheaf_i_segment(const uint8_t *p, size_t n, size_t at, unsigned *kind);

#endif
