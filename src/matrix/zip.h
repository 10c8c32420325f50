/* The little of the zip container that .npz needs: members one after the other, stored or deflated, zip64. */
#ifndef SHEAF_MATRIX_ZIP_H
#define SHEAF_MATRIX_ZIP_H

#include <zlib.h>

#include "sheaf/sheaf.h"

/* ---- writing: the same bytes every time, no dates */

#define SHEAF_I_ZIP_MEMBERS 8

typedef struct {
    const char *name;
    uint64_t at, packed, size;
    uint32_t crc;
    bool wide;               /* sizes of 64 bits */
} sheaf_i_zip_entry;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_out *out;
    uint64_t written;
    uint64_t limit;          /* sizes and places from here on take zip64; 0xffffffff but in tests */
    sheaf_i_zip_entry entry[SHEAF_I_ZIP_MEMBERS];
    int32_t n;
} sheaf_i_zip;

void sheaf_i_zip_begin(sheaf_i_zip *z, sheaf_ctx *ctx, sheaf_out *out);
/* One member: a head and a body, deflated in parallel. `name` must live until the end. */
sheaf_status sheaf_i_zip_add(sheaf_i_zip *z, const char *name, const void *head, size_t n_head, const void *body,
                             size_t n_body);
void sheaf_i_zip_end(sheaf_i_zip *z);

/* ---- reading from memory */

typedef struct {
    sheaf_ctx *ctx;
    const char *file, *name;  /* for messages */
    const uint8_t *p;
    uint64_t packed_left, left, size;
    uint32_t crc, crc_want;
    bool deflated, started;
    z_stream z;
} sheaf_i_member;

/* Finds the member; fails if there is none or the container is damaged. sheaf_i_member_end in every case. */
sheaf_status sheaf_i_member_open(sheaf_i_member *m, sheaf_ctx *ctx, const char *file, const uint8_t *zip, size_t n,
                                 const char *name);
/* Next n bytes; fails if there are fewer. After the last byte the check sum is compared. */
sheaf_status sheaf_i_member_read(sheaf_i_member *m, void *to, size_t n);
void sheaf_i_member_end(sheaf_i_member *m);

/* zlib's memory comes from the context. */
void sheaf_i_zlib_memory(z_stream *z, sheaf_ctx *ctx);

#endif
