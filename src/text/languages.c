/* The table of languages; see languages.h. */
#include "text/languages.h"

#include <string.h>

const sheaf_i_language sheaf_i_languages[] = {
    {"ar", "arabic", SHEAF_I_ARABIC},     {"ca", "catalan", SHEAF_I_LATIN},    {"cs", NULL, SHEAF_I_LATIN},
    {"da", "danish", SHEAF_I_LATIN},      {"de", "german", SHEAF_I_LATIN},     {"el", "greek", SHEAF_I_GREEK},
    {"en", "english", SHEAF_I_LATIN},     {"es", "spanish", SHEAF_I_LATIN},    {"eu", "basque", SHEAF_I_LATIN},
    {"fi", "finnish", SHEAF_I_LATIN},     {"fr", "french", SHEAF_I_LATIN},     {"ga", "irish", SHEAF_I_LATIN},
    {"hi", "hindi", SHEAF_I_DEVANAGARI},  {"hu", "hungarian", SHEAF_I_LATIN},  {"hy", "armenian", SHEAF_I_ARMENIAN},
    {"id", "indonesian", SHEAF_I_LATIN},  {"it", "italian", SHEAF_I_LATIN},    {"ja", NULL, SHEAF_I_KANA},
    {"ko", NULL, SHEAF_I_HANGUL},         {"lt", "lithuanian", SHEAF_I_LATIN}, {"nl", "dutch", SHEAF_I_LATIN},
    {"no", "norwegian", SHEAF_I_LATIN},   {"pl", NULL, SHEAF_I_LATIN},         {"pt", "portuguese", SHEAF_I_LATIN},
    {"ro", "romanian", SHEAF_I_LATIN},    {"ru", "russian", SHEAF_I_CYRILLIC}, {"sv", "swedish", SHEAF_I_LATIN},
    {"ta", "tamil", SHEAF_I_TAMIL},       {"th", NULL, SHEAF_I_THAI},          {"tr", "turkish", SHEAF_I_LATIN},
    {"uk", NULL, SHEAF_I_CYRILLIC},       {"zh", NULL, SHEAF_I_HAN}};
const int32_t sheaf_i_n_languages = sizeof sheaf_i_languages / sizeof *sheaf_i_languages;
_Static_assert(sizeof sheaf_i_languages / sizeof *sheaf_i_languages <= SHEAF_I_MAX_LANGUAGES, "a bit a language");

int32_t sheaf_i_language_find(const char *code)
{
    for (int32_t i = 0; i < sheaf_i_n_languages; i++)
        if (!strcmp(sheaf_i_languages[i].code, code)) return i;
    return -1;
}

const char *sheaf_i_language_stop_words(int32_t language)
{
    for (const sheaf_i_stop_list *l = sheaf_i_stop_lists; l->code; l++)
        if (!strcmp(l->code, sheaf_i_languages[language].code)) return l->words;
    return "";
}
