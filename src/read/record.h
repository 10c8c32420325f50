/* The strings that a document carries along, packed: id, title, date, label, each as its length and its bytes, then the
 * number of its own columns, each as its number, length and bytes. Numbers take 7 bits a byte, the lowest first.
 */
#ifndef SHEAF_READ_RECORD_H
#define SHEAF_READ_RECORD_H

#include "read/corpus.h"

#define SHEAF_I_NUMBER_BYTES 10 /* at most */

static inline size_t sheaf_i_put_number(unsigned char *to, uint64_t x)
{
    size_t n = 0;
    for (; x >= 0x80; x >>= 7) to[n++] = (unsigned char)(x | 0x80);
    to[n++] = (unsigned char)x;
    return n;
}

static inline uint64_t sheaf_i_take_number(const unsigned char **p)
{
    uint64_t x = *(*p)++;
    if (x < 0x80) return x;
    x &= 0x7F;
    for (int shift = 7;; shift += 7) {
        uint64_t more = *(*p)++;
        x |= (more & 0x7F) << shift;
        if (more < 0x80) return x;
    }
}

static inline sheaf_str sheaf_i_take_string(const unsigned char **p)
{
    size_t n = (size_t)sheaf_i_take_number(p);
    sheaf_str s = {(const char *)*p, n};
    *p += n;
    return s;
}

typedef enum { SHEAF_I_OF_ID, SHEAF_I_OF_TITLE, SHEAF_I_OF_DATE, SHEAF_I_OF_LABEL, SHEAF_I_OF_ALL } sheaf_i_of;

/* The so-manieth string of the record at p, which is moved behind it. */
static inline sheaf_str sheaf_i_record_string(const unsigned char **p, sheaf_i_of which)
{
    for (int i = 0; i < (int)which; i++) (void)sheaf_i_take_string(p);
    return sheaf_i_take_string(p);
}

/* Records lie in order of reading: to be asked for some documents ahead of their use in order of id. */
static inline void sheaf_i_record_fetch(const sheaf_corpus *c, int64_t doc)
{
    if (doc >= c->n) return;
    const unsigned char *p = c->kept[c->docs[doc].chunk].records + c->docs[doc].record;
    __builtin_prefetch(p);
    __builtin_prefetch((const void *)((uintptr_t)p + 64)); /* may be beyond the records */
}

#endif
