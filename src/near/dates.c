/* Dates as text to moments in time; see dates.h. */
#include "near/dates.h"

typedef struct {
    const char *p, *end;
} cursor;

static bool digit(const cursor *c) { return c->p < c->end && *c->p >= '0' && *c->p <= '9'; }

/* Exactly n digits. */
static bool number(cursor *c, int n, int64_t *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, c->p++) {
        if (!digit(c)) return false;
        *out = 10 * *out + (*c->p - '0');
    }
    return true;
}

static bool take(cursor *c, char x)
{
    if (c->p >= c->end || *c->p != x) return false;
    c->p++;
    return true;
}

static bool leap(int64_t y) { return y % 4 == 0 && (y % 100 || y % 400 == 0); }

static int64_t days_in(int64_t y, int64_t m)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[m - 1] + (m == 2 && leap(y));
}

/* Days from 1970-01-01 in the Gregorian calendar: years begin in March, so that the leap day is the last. */
static int64_t days_from(int64_t y, int64_t m, int64_t d)
{
    const int64_t year = m > 2 ? y : y - 1, month = (m + 9) % 12;
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + d - 1 - 719468;
}

static bool fraction(cursor *c, int64_t *us)
{
    int64_t unit = 100000;
    if (!take(c, '.') && !take(c, ',')) return true;
    if (!digit(c)) return false;
    for (; digit(c); c->p++, unit /= 10) *us += unit * (*c->p - '0');
    return true;
}

static bool zone(cursor *c, int64_t *minutes)
{
    int64_t h, m = 0;
    *minutes = 0;
    if (c->p == c->end || take(c, 'Z') || take(c, 'z')) return true;
    const bool west = take(c, '-');
    if (!west && !take(c, '+')) return false;
    if (!number(c, 2, &h)) return false;
    if (c->p < c->end) {
        (void)take(c, ':');
        if (!number(c, 2, &m)) return false;
    }
    *minutes = (west ? -1 : 1) * (60 * h + m);
    return h < 24 && m < 60;
}

static bool clock_time(cursor *c, int64_t *us)
{
    int64_t h, m, s = 0, part = 0, minutes;
    if (!number(c, 2, &h) || !take(c, ':') || !number(c, 2, &m)) return false;
    if (take(c, ':') && (!number(c, 2, &s) || !fraction(c, &part))) return false;
    if (h > 24 || m > 59 || s > 60) return false;
    if (c->p < c->end && *c->p == ' ') c->p++;
    if (!zone(c, &minutes)) return false;
    *us = ((h * 60 + m - minutes) * 60 + s) * 1000000 + part;
    return true;
}

bool sheaf_i_parse_date(sheaf_str text, int64_t *us)
{
    cursor c = {text.p, text.p + text.n};
    int64_t y, m = 1, d = 1, time = 0;
    if (!text.n || !number(&c, 4, &y) || y < 1) return false;
    if (take(&c, '-')) {
        if (!number(&c, 2, &m) || m < 1 || m > 12) return false;
        if (take(&c, '-')) {
            if (!number(&c, 2, &d) || d < 1 || d > days_in(y, m)) return false;
            if ((take(&c, 'T') || take(&c, 't') || take(&c, ' ')) && !clock_time(&c, &time)) return false;
        }
    }
    *us = days_from(y, m, d) * 86400000000 + time;
    return c.p == c.end;
}
