/* Writing files whole or not at all: bytes go to NAME.tmp~ beside the target, which is renamed when complete. */
#ifndef SHEAF_BASE_FILE_H
#define SHEAF_BASE_FILE_H

#include "sheaf/sheaf.h"

/* Buffered. Errors stick: later writes do nothing and sheaf_out_close reports the first. */
void sheaf_i_out_write(sheaf_out *o, const void *p, size_t n);
void sheaf_i_out_text(sheaf_out *o, const char *s);
void sheaf_i_out_printf(sheaf_out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* SHEAF_OK, or the failure so far: for writers of long outputs. */
sheaf_status sheaf_i_out_status(const sheaf_out *o);

#endif
