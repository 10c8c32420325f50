/* Strings in order of their bytes. */
#ifndef SHEAF_TEXT_ORDER_H
#define SHEAF_TEXT_ORDER_H

#include "sheaf/sheaf.h"

typedef struct {
    uint64_t prefix;  /* the first eight bytes, the first one on top, zeros behind a shorter string: set by the sort */
    const char *p;
    uint32_t n, id;   /* length; the caller's number */
} sheaf_i_ordered;

/* Sorts n strings by their bytes, a beginning before what it begins; as much room beside them. Equal ones stand in any
   order. */
sheaf_status sheaf_i_order_bytes(sheaf_ctx *ctx, sheaf_i_ordered *s, sheaf_i_ordered *room, int64_t n);

#endif
