/* Options of the words and terms; see options.h. */
#include "text/options.h"

#include <string.h>

#include "base/context.h"
#include "text/languages.h"
#include "text/ngrams.h"

void sheaf_text_opts_init(sheaf_text_opts *o, size_t size)
{
    sheaf_text_opts d = {.size = size, .lang = "auto", .stem = -1, .ngram_min = 1, .ngram_max = 1,
                         .min_df_count = 2, .max_df_share = .5};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

static sheaf_status check_language(sheaf_ctx *ctx, const sheaf_text_opts *o)
{
    if (!strcmp(o->lang, "auto") || !strcmp(o->lang, "none") || sheaf_i_language_find(o->lang) >= 0) return SHEAF_OK;
    char list[256] = "";
    for (int32_t i = 0; i < sheaf_i_n_languages; i++) {
        size_t used = strlen(list);
        if (used + 4 < sizeof list) {
            strcat(list, " ");
            strcat(list, sheaf_i_languages[i].code);
        }
    }
    sheaf_status st = sheaf_i_fail(ctx, SHEAF_EINVAL, "language '%.32s' is not known", o->lang);
    sheaf_i_hint(ctx, "use auto, none or one of:%s", list);
    return st;
}

static bool is_share(double x) { return x >= 0 && x <= 1; }

sheaf_status sheaf_i_text_opts(sheaf_ctx *ctx, sheaf_text_opts *o, const sheaf_text_opts *given)
{
    sheaf_text_opts_init(o, sizeof *o);
    if (given) sheaf_i_opts_copy(o, sizeof *o, given, given->size);
    if (!o->lang) o->lang = "auto";
    if (o->analyzer != SHEAF_ANALYZER_UNICODE && o->analyzer != SHEAF_ANALYZER_SKLEARN)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "analyzer = %d is not known", (int)o->analyzer);
    if ((int)o->stop < SHEAF_STOP_LANG || o->stop > SHEAF_STOP_ADD)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "stop = %d is not known", (int)o->stop);
    if (o->n_stop_words < 0 || (o->n_stop_words && !o->stop_words))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld stop words", (long long)o->n_stop_words);
    if (o->ngram_min < 1 || o->ngram_max < o->ngram_min || o->ngram_max > SHEAF_I_MAX_NGRAM)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "n-grams of %d to %d words: need 1 <= min <= max <= %d", o->ngram_min,
                            o->ngram_max, SHEAF_I_MAX_NGRAM);
    if (!is_share(o->min_df_share) || !is_share(o->max_df_share))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "document shares %g and %g: need 0 to 1", o->min_df_share,
                            o->max_df_share);
    if (o->min_df_count < 0 || o->max_df_count < 0 || o->max_terms < 0)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "min_df, max_df or max_terms is negative");
    return check_language(ctx, o);
}
