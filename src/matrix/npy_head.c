/* The head of a .npy array: the text of a Python dictionary; see npy.h. It is hostile: nothing is believed but what is
   where NumPy writes it. */
#include <string.h>

#include "matrix/npy.h"

int sheaf_i_npy_version(const uint8_t prefix[SHEAF_I_NPY_PREFIX], size_t *length)
{
    if (memcmp(prefix, SHEAF_I_NPY_MAGIC, 6) != 0 || prefix[6] < 1 || prefix[6] > 3) return 0;
    *length = (size_t)prefix[8] | (size_t)prefix[9] << 8;
    return prefix[6];
}

/* The value of a key; NULL if it is not there. */
static const char *value_of(const char *text, const char *key)
{
    const char *p = strstr(text, key);
    if (!p) return NULL;
    p += strlen(key);
    while (*p == ' ' || *p == ':') p++;
    return p;
}

/* '<f4', '|S3', '<i8' ... */
static bool parse_type(sheaf_i_npy_head *h, const char *p)
{
    if (!p || *p++ != '\'') return false;
    h->big_endian = *p == '>';
    if (*p != '<' && *p != '|' && *p != '=' && *p != '>') return false;
    if (!p[1] || !strchr("iufSUb", p[1]) || p[2] < '1' || p[2] > '9' || p[3] != '\'') return false;
    h->type = p[1];
    h->width = (p[2] - '0') * (h->type == 'U' ? 4 : 1);
    return true;
}

static bool parse_length(const char **p, int64_t *n)
{
    if (**p < '0' || **p > '9') return false;
    for (*n = 0; **p >= '0' && **p <= '9'; ++*p)
        if (__builtin_mul_overflow(*n, 10, n) || __builtin_add_overflow(*n, **p - '0', n)) return false;
    while (**p == ',' || **p == ' ') ++*p;
    return true;
}

/* (), (n,), (n, m) ... */
static bool parse_shape(sheaf_i_npy_head *h, const char *p)
{
    int64_t n;
    if (!p || *p++ != '(') return false;
    for (h->dims = 0; *p != ')'; h->dims++) {
        if (!parse_length(&p, &n)) {
            h->dims = -1;
            return false;
        }
        if (h->dims < 2) h->shape[h->dims] = n;
    }
    return true;
}

bool sheaf_i_npy_parse(sheaf_i_npy_head *h, const char *text)
{
    *h = (sheaf_i_npy_head){.dims = -1};
    const char *order = value_of(text, "'fortran_order'");
    h->fortran = order && strncmp(order, "True", 4) == 0;
    return parse_type(h, value_of(text, "'descr'")) && parse_shape(h, value_of(text, "'shape'"));
}
