/* report/ and model/: entry point. */
#include "support.h"
#include "test_report.h"

static int take(void *user, const void *bytes, size_t n)
{
    test_sink *s = user;
    char *p = realloc(s->text, s->n + n + 1);
    if (!p) return -1;
    memcpy(p + s->n, bytes, n);
    s->text = p;
    s->n += n;
    s->text[s->n] = 0;
    return 0;
}

sheaf_out *test_sink_open(sheaf_ctx *ctx, test_sink *sink)
{
    sheaf_out *out;
    assert_ok(ctx, sheaf_out_callback(ctx, &out, take, sink));
    return out;
}

int main(void) { return test_report_text() + test_report_model(); }
