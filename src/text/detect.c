#include "base/context.h"
#include "text/analysis.h"
#include <string.h>
sheaf_status sheaf_i_detect(sheaf_i_analysis *a)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(a->language, a->ctx, 1);
    SHEAF_NEW(a->language_docs, a->ctx, 1);
    SHEAF_NEW0(a->doc_language, a->ctx, a->w->n_docs);
    a->n_languages = 1;
    a->language[0] = sheaf_i_language_find(strcmp(a->o->lang, "auto") == 0 ? "en" : a->o->lang);
    if (a->w->analyzer == SHEAF_ANALYZER_SKLEARN) a->language[0] = SHEAF_I_NO_LANGUAGE;
    a->language_docs[0] = a->w->n_docs;
done:
    return st;
}
