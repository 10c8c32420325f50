/* Options of the words and terms, checked. */
#ifndef SHEAF_TEXT_OPTIONS_H
#define SHEAF_TEXT_OPTIONS_H

#include "sheaf/sheaf.h"

/* Defaults where `given` is NULL or older than this version. Fails on what is out of range. */
sheaf_status sheaf_i_text_opts(sheaf_ctx *ctx, sheaf_text_opts *o, const sheaf_text_opts *given);

#endif
