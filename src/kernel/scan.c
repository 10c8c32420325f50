/* Words of plain ASCII, 64 bytes at a time: a bit a byte says what it is, words begin and end where a run of bits does,
 * and the places of those bits are written out without a jump a word.
 */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "kernel/wide.h"

#define BLOCK 64
#define BLOCKS (SHEAF_I_SCAN_BYTES / BLOCK)

/* Bit i of each: what byte i of a block is. */
typedef struct {
    uint64_t letter, digit, underscore, joins_letters, joins_digits;
} block_class;

#if LANES == 16
typedef struct {
    __m512i v;
} bytes;

INLINE bytes load(const uint8_t *p) { return (bytes){_mm512_loadu_si512(p)}; }

INLINE bytes load_part(const uint8_t *p, size_t n)
{
    return (bytes){_mm512_maskz_loadu_epi8(((uint64_t)1 << n) - 1, p)};
}

INLINE uint64_t high(bytes b) { return _mm512_movepi8_mask(b.v); }
INLINE uint64_t is(bytes b, char c) { return _mm512_cmpeq_epi8_mask(b.v, _mm512_set1_epi8(c)); }

INLINE uint64_t within(bytes b, char or, char first, char count)
{
    __m512i x = _mm512_sub_epi8(_mm512_or_si512(b.v, _mm512_set1_epi8(or)), _mm512_set1_epi8(first));
    return _mm512_cmplt_epu8_mask(x, _mm512_set1_epi8(count));
}

/* Writes base + the number of every set bit, rising, and anything into up to 16 places behind; returns how many. */
INLINE uint32_t put_bits(uint32_t *out, uint64_t bits, uint32_t base)
{
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    uint32_t used = 0;
    UNROLL
    for (int i = 0; i < 4; i++) {
        __mmask16 some = (__mmask16)(bits >> (16 * i));
        __m512i at = _mm512_add_epi32(lane, _mm512_set1_epi32((int)(base + 16 * (uint32_t)i)));
        _mm512_storeu_si512(out + used, _mm512_maskz_compress_epi32(some, at));
        used += (uint32_t)__builtin_popcount(some);
    }
    return used;
}
#else
typedef struct {
    __m256i lo, hi;
} bytes;

INLINE bytes load(const uint8_t *p)
{
    return (bytes){_mm256_loadu_si256((const __m256i *)(const void *)p),
                   _mm256_loadu_si256((const __m256i *)(const void *)(p + 32))};
}

INLINE bytes load_part(const uint8_t *p, size_t n)
{
    uint8_t copy[BLOCK] = {0};
    memcpy(copy, p, n);
    return load(copy);
}

INLINE uint64_t bits_of(__m256i lo, __m256i hi)
{
    return (uint32_t)_mm256_movemask_epi8(lo) | (uint64_t)(uint32_t)_mm256_movemask_epi8(hi) << 32;
}

INLINE uint64_t high(bytes b) { return bits_of(b.lo, b.hi); }

INLINE uint64_t is(bytes b, char c)
{
    return bits_of(_mm256_cmpeq_epi8(b.lo, _mm256_set1_epi8(c)), _mm256_cmpeq_epi8(b.hi, _mm256_set1_epi8(c)));
}

INLINE __m256i within_half(__m256i v, char or, char first, char count)
{
    __m256i x = _mm256_sub_epi8(_mm256_or_si256(v, _mm256_set1_epi8(or)), _mm256_set1_epi8(first));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8((char)(count - 1))), x);
}

INLINE uint64_t within(bytes b, char or, char first, char count)
{
    return bits_of(within_half(b.lo, or, first, count), within_half(b.hi, or, first, count));
}

/* As above; eight at a time, so that the number of jumps hardly depends on that of the bits. */
INLINE uint32_t put_bits(uint32_t *out, uint64_t bits, uint32_t base)
{
    uint32_t count = (uint32_t)__builtin_popcountll(bits);
    for (uint32_t i = 0; i < count; i += 8) {
        UNROLL
        for (uint32_t j = 0; j < 8; j++) {
            out[i + j] = base + (bits ? (uint32_t)__builtin_ctzll(bits) : 0);
            bits &= bits - 1;
        }
    }
    return count;
}
#endif

INLINE block_class classify(bytes b, bool joins)
{
    block_class c = {.letter = within(b, 0x20, 'a', 26), .digit = within(b, 0, '0', 10), .underscore = is(b, '_')};
    if (joins) {
        uint64_t both = is(b, '.') | is(b, '\'');
        c.joins_letters = both | is(b, ':');
        c.joins_digits = both | is(b, ',') | is(b, ';');
    }
    return c;
}

/* Classes of the blocks from p on, up to the first byte beyond ASCII; *stop: so many bytes from p on were looked at. */
INLINE int32_t classify_blocks(const uint8_t *p, size_t n, bool joins, block_class *class, size_t *stop)
{
    size_t done = 0;
    for (int32_t k = 0; k < BLOCKS; k++) {
        size_t left = n - done;
        bytes b = left < BLOCK ? load_part(p + done, left) : load(p + done);
        uint64_t beyond = high(b);
        class[k] = classify(b, joins);
        if (beyond) {
            uint64_t keep = (beyond & -beyond) - 1;
            class[k].letter &= keep;
            class[k].digit &= keep;
            class[k].underscore &= keep;
            class[k].joins_letters &= keep;
            class[k].joins_digits &= keep;
            *stop = done + (size_t)__builtin_ctzll(beyond);
            return k + 1;
        }
        done += left < BLOCK ? left : BLOCK;
        if (done == n) {
            *stop = n;
            return k + 1;
        }
    }
    *stop = done;
    return BLOCKS;
}

/* The two sides of a bit; the next block's first one is `next`, the last one's last `before`. */
INLINE uint64_t after(uint64_t bits, uint64_t next) { return bits >> 1 | next << 63; }
INLINE uint64_t behind(uint64_t bits, uint64_t before) { return bits << 1 | before; }

INLINE uint32_t put_words(const block_class *class, int32_t n_blocks, size_t at, size_t stop, bool more, bool joins,
                          uint32_t *start, uint32_t *end)
{
    uint64_t open = 0, letter_open = 0, digit_open = 0, single_open = 0;
    uint32_t starts = 0, ends = 0;
    for (int32_t k = 0; k < n_blocks; k++) {
        const block_class *c = &class[k], none = {0}, *d = k + 1 < n_blocks ? c + 1 : &none;
        uint64_t word = c->letter | c->digit | c->underscore;
        if (joins) {
            word |= c->joins_letters & behind(c->letter, letter_open) & after(c->letter, d->letter & 1);
            word |= c->joins_digits & behind(c->digit, digit_open) & after(c->digit, d->digit & 1);
            letter_open = c->letter >> 63;
            digit_open = c->digit >> 63;
        }
        uint64_t shifted = behind(word, open), first = word & ~shifted, last = ~word & shifted;
        open = word >> 63;
        if (!joins) { /* words of one character are none, unless what comes next may be a part of them */
            uint64_t goes_on = word, next = (d->letter | d->digit | d->underscore) & 1;
            if (more && stop / BLOCK == (size_t)k) goes_on |= (uint64_t)1 << (stop % BLOCK);
            if (more && stop == ((size_t)k + 1) * BLOCK) next = 1;
            uint64_t single = first & ~after(goes_on, next);
            first &= ~single;
            last &= ~behind(single, single_open);
            single_open = single >> 63;
        }
        uint32_t base = (uint32_t)(at + (size_t)k * BLOCK);
        starts += put_bits(start + starts, first, base);
        ends += put_bits(end + ends, last, base);
    }
    if (open && ends < starts) end[ends] = (uint32_t)(at + stop);
    return starts;
}

/* Without the words of underscores alone. */
static uint32_t drop_underscores(const uint8_t *p, uint32_t n, uint32_t *start, uint32_t *end)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = start[i];
        while (at < end[i] && p[at] == '_') at++;
        start[kept] = start[i];
        end[kept] = end[i];
        kept += at < end[i];
    }
    return kept;
}

INLINE size_t scan_words(const uint8_t *p, size_t n, size_t at, bool joins, uint32_t *start, uint32_t *end,
                         int32_t *n_words, bool *hard)
{
    block_class class[BLOCKS];
    size_t stop;
    int32_t n_blocks = classify_blocks(p + at, n - at, joins, class, &stop);
    bool more = at + stop < n, whole = stop == SHEAF_I_SCAN_BYTES;
    uint32_t used = put_words(class, n_blocks, at, stop, more, joins, start, end);
    size_t next = stop += at;
    *hard = false;
    if (more) {
        uint8_t c = p[stop - (stop > at)];
        bool middle = joins && (c == '.' || c == '\'' || c == ':' || c == ',' || c == ';');
        if (used && (end[used - 1] == stop || (middle && end[used - 1] + 1 == stop))) next = start[--used];
        *hard = !whole || next == at;
    }
    uint64_t underscores = 0;
    for (int32_t k = 0; joins && k < n_blocks; k++) underscores |= class[k].underscore;
    if (underscores) used = drop_underscores(p, used, start, end);
    *n_words = (int32_t)used;
    return next;
}

size_t ISA(scan)(const uint8_t *p, size_t n, size_t at, bool joins, uint32_t *start, uint32_t *end, int32_t *n_words,
                 bool *hard)
{
    return joins ? scan_words(p, n, at, true, start, end, n_words, hard)
                 : scan_words(p, n, at, false, start, end, n_words, hard);
}
