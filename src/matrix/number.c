/* Numbers in text; see number.h.
 *
 * Writing: nine significant digits from a * 10^k in double. The error of that product is far below the 5e-9 by which
 * nine digits may be off, and two floats differ by at least 6e-8, so reading finds the same float.
 * Reading: up to 19 digits as an integer, times or over a power of ten in double; exact up to 2^53 and 10^22 (Clinger
 * 1990), within some 1e-16 otherwise.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "matrix/number.h"

#define MAX_DIGITS 19
#define MAX_POWER 60

static const double power[MAX_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31,
    1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46, 1e47,
    1e48, 1e49, 1e50, 1e51, 1e52, 1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59, 1e60};

/* The exponent lies within +-400 by now; below 1e-60 times 19 digits every float is 0, above 1e60 none is finite. */
static double scale(double m, int e)
{
    if (m == 0) return 0;
    if (e > MAX_POWER) return INFINITY;
    if (e >= 0) return m * power[e];
    return -e <= MAX_POWER ? m / power[-e] : m / power[MAX_POWER] / power[-e - MAX_POWER > 30 ? 30 : -e - MAX_POWER];
}

static bool digit(const char *p, const char *end) { return p < end && *p >= '0' && *p <= '9'; }

static bool parse_exponent(const char *p, const char *end, int *e)
{
    bool negative = p < end && *p == '-';
    int v = 0;
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (!digit(p, end)) return false;
    for (; digit(p, end); p++)
        if (v < 100000000) v = 10 * v + (*p - '0');
    *e += negative ? -v : v;
    return p == end;
}

bool sheaf_i_parse_float(const char *p, size_t n, float *out)
{
    const char *end = p + n;
    bool negative = n && *p == '-', any = false, point = false;
    uint64_t m = 0;
    int digits = 0, e = 0;
    if (n > INT32_MAX / 4) return false;
    if (n && (*p == '-' || *p == '+')) p++;
    for (; p < end; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (!digit(p, end)) break;
        any = true;
        if (digits < MAX_DIGITS) {
            m = 10 * m + (uint64_t)(*p - '0');
            if (m) digits++;
            e -= point;
        } else {
            e += !point;
        }
    }
    if (!any) return false;
    if (p < end && (*p == 'e' || *p == 'E' || *p == 'd' || *p == 'D')) { /* D: Fortran's */
        if (!parse_exponent(p + 1, end, &e)) return false;
    } else if (p < end) {
        return false;
    }
    if (e < -400) e = -400;
    float v = (float)scale((double)m, e);
    *out = negative ? -v : v;
    return isfinite(v);
}

bool sheaf_i_parse_int(const char *p, size_t n, int64_t *out)
{
    const char *end = p + n;
    bool negative = n && *p == '-';
    int64_t v = 0;
    if (n && (*p == '-' || *p == '+')) p++;
    if (!digit(p, end)) return false;
    for (; digit(p, end); p++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *p - '0', &v)) return false;
    *out = negative ? -v : v;
    return p == end;
}

size_t sheaf_i_int_text(char *to, int64_t v)
{
    char back[20];
    size_t n = 0, used = 0;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    if (v < 0) to[used++] = '-';
    do back[n++] = (char)('0' + u % 10);
    while (u /= 10);
    while (n) to[used++] = back[--n];
    return used;
}

/* a = m * 10^(e - 8) with 10^8 <= m < 10^9 */
static uint32_t nine_digits(double a, int *e)
{
    *e = (int)floor(log10(a));
    for (;;) {
        int k = 8 - *e;
        double m = rint(k >= 0 ? a * power[k] : a / power[-k]);
        if (m >= 1e9) ++*e;
        else if (m < 1e8) --*e;
        else return (uint32_t)m;
    }
}

size_t sheaf_i_float_text(char *to, float v)
{
    size_t used = 0;
    double a = fabs((double)v);
    if (signbit(v)) to[used++] = '-';
    if (a < 1e9 && a == (double)(int64_t)a) return used + sheaf_i_int_text(to + used, (int64_t)a);

    int e;
    char d[16];
    size_t n = sheaf_i_int_text(d, nine_digits(a, &e));
    while (n > 1 && d[n - 1] == '0') n--;
    if (e >= -5 && e < 0) { /* 0.000ddd; whole numbers below 1e9 are out already, so the rest stands left of 1 ... */
        memcpy(to + used, "0.0000", 6);
        used += (size_t)(1 - e);
        memcpy(to + used, d, n);
        return used + n;
    }
    size_t whole = e >= 0 && e < (int)n ? (size_t)e + 1 : 1; /* ... or has a point among its digits */
    memcpy(to + used, d, whole);
    used += whole;
    if (n > whole) {
        to[used++] = '.';
        memcpy(to + used, d + whole, n - whole);
        used += n - whole;
    }
    if (e >= (int)whole || e < 0) {
        to[used++] = 'e';
        used += sheaf_i_int_text(to + used, e);
    }
    return used;
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

bool sheaf_i_scan_word(sheaf_i_scan *s, const char **word, size_t *n)
{
    while (s->p < s->end && blank(*s->p)) s->p++;
    *word = s->p;
    while (s->p < s->end && !blank(*s->p) && *s->p != '\n') s->p++;
    *n = (size_t)(s->p - *word);
    return *n > 0;
}

bool sheaf_i_scan_line(sheaf_i_scan *s)
{
    if (s->p < s->end) {
        const char *nl = memchr(s->p, '\n', (size_t)(s->end - s->p));
        s->p = nl ? nl + 1 : s->end;
    }
    s->line++;
    return s->p < s->end;
}
