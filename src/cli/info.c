/* sheaf info */
#include "settings.h"

static sheaf_status write_info(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    return sheaf_write_info(out, what, o);
}

int run_info(settings *s)
{
    sheaf_model *m;
    int code = fit_model(s, SHEAF_FIT_TERMS, &m);
    if (code) return code;
    code = write_result(s, s->output, write_info, m);
    if (!code) progress_end(s);
    model_end(m);
    return code;
}
