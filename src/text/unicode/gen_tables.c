/* Build-time program: reads Debian's unicode-data and writes the two-stage table of character properties that
 * characters.h looks up.
 *
 *     gen_tables /usr/share/unicode > unicode_table.c
 *
 * Equal blocks of BLOCK characters are stored once.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/characters.h"

#define N 0x110000
#define BLOCK (1 << SHEAF_I_CHAR_BITS)

static uint16_t prop[N];
static bool letter[N];

typedef struct {
    const char *name;
    int value;
} named;

static const named breaks[] = {
    {"CR", SHEAF_I_WB_CR}, {"LF", SHEAF_I_WB_LF}, {"Newline", SHEAF_I_WB_NEWLINE}, {"Extend", SHEAF_I_WB_EXTEND},
    {"ZWJ", SHEAF_I_WB_ZWJ}, {"Format", SHEAF_I_WB_FORMAT}, {"Regional_Indicator", SHEAF_I_WB_RI},
    {"Katakana", SHEAF_I_WB_KATAKANA}, {"Hebrew_Letter", SHEAF_I_WB_HEBREW}, {"ALetter", SHEAF_I_WB_LETTER},
    {"Single_Quote", SHEAF_I_WB_SINGLE_QUOTE}, {"Double_Quote", SHEAF_I_WB_DOUBLE_QUOTE},
    {"MidNumLet", SHEAF_I_WB_MID_NUM_LET}, {"MidLetter", SHEAF_I_WB_MID_LETTER}, {"MidNum", SHEAF_I_WB_MID_NUM},
    {"Numeric", SHEAF_I_WB_NUMERIC}, {"ExtendNumLet", SHEAF_I_WB_EXTEND_NUM_LET},
    {"WSegSpace", SHEAF_I_WB_SPACE}, {NULL, 0}};

static const named scripts[] = {
    {"Latin", SHEAF_I_LATIN}, {"Greek", SHEAF_I_GREEK}, {"Cyrillic", SHEAF_I_CYRILLIC}, {"Arabic", SHEAF_I_ARABIC},
    {"Hebrew", SHEAF_I_HEBREW}, {"Armenian", SHEAF_I_ARMENIAN}, {"Devanagari", SHEAF_I_DEVANAGARI},
    {"Tamil", SHEAF_I_TAMIL}, {"Han", SHEAF_I_HAN}, {"Hiragana", SHEAF_I_KANA}, {"Katakana", SHEAF_I_KANA},
    {"Hangul", SHEAF_I_HANGUL}, {"Thai", SHEAF_I_THAI}, {NULL, 0}};

static void die(const char *what, const char *name)
{
    fprintf(stderr, "gen_tables: %s %s\n", what, name);
    exit(1);
}

static FILE *open_data(const char *dir, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    if (!f) die("cannot open", path);
    return f;
}

/* Lines "0041..005A ; Name # comment": calls set for every character. */
static void read_ranges(const char *dir, const char *file, void (*set)(uint32_t c, const char *name, void *arg),
                        void *arg)
{
    FILE *f = open_data(dir, file);
    char line[1024], name[128];
    while (fgets(line, sizeof line, f)) {
        unsigned lo, hi;
        if (sscanf(line, "%x..%x ; %127[A-Za-z_]", &lo, &hi, name) != 3) {
            if (sscanf(line, "%x ; %127[A-Za-z_]", &lo, name) != 2) continue;
            hi = lo;
        }
        if (lo > hi || hi >= N) die("bad range in", file);
        for (uint32_t c = lo; c <= hi; c++) set(c, name, arg);
    }
    fclose(f);
}

static void set_break(uint32_t c, const char *name, void *arg)
{
    (void)arg;
    for (const named *b = breaks; b->name; b++)
        if (!strcmp(b->name, name)) {
            prop[c] |= (uint16_t)b->value;
            return;
        }
    die("unknown word break class", name);
}

static void set_script(uint32_t c, const char *name, void *arg)
{
    (void)arg;
    for (const named *s = scripts; s->name; s++)
        if (!strcmp(s->name, name)) prop[c] |= (uint16_t)(s->value << SHEAF_I_SCRIPT_SHIFT);
}

static void set_flag(uint32_t c, const char *name, void *arg)
{
    const named *want = arg;
    if (!strcmp(name, want->name)) prop[c] |= (uint16_t)want->value;
}

/* UnicodeData.txt: "code;name;category;...;numeric value;..." with ranges as a First and a Last line. */
static void read_categories(const char *dir)
{
    FILE *f = open_data(dir, "UnicodeData.txt");
    char line[1024];
    uint32_t first = 0;
    while (fgets(line, sizeof line, f)) {
        char *field[9] = {line};
        int n = 1;
        for (char *p = line; *p && n < 9; p++)
            if (*p == ';') {
                *p = 0;
                field[n++] = p + 1;
            }
        if (n < 9) die("short line in", "UnicodeData.txt");
        uint32_t c = (uint32_t)strtoul(field[0], NULL, 16);
        if (c >= N) die("bad code in", "UnicodeData.txt");
        if (strstr(field[1], ", First>")) {
            first = c;
            continue;
        }
        uint32_t lo = strstr(field[1], ", Last>") ? first : c;
        bool is_letter = field[2][0] == 'L', is_number = field[2][0] == 'N' || field[8][0] != ';';
        for (uint32_t i = lo; i <= c; i++) {
            letter[i] = is_letter || !strcmp(field[2], "Nl");
            if (is_letter || is_number || i == '_') prop[i] |= SHEAF_I_CHAR_PYTHON_WORD;
        }
    }
    fclose(f);
}

static void write_tables(void)
{
    static uint16_t stage[N / BLOCK], block[N];
    int n_blocks = 0;
    for (uint32_t i = 0; i < N / BLOCK; i++) {
        int b = 0;
        while (b < n_blocks && memcmp(block + b * BLOCK, prop + i * BLOCK, sizeof *prop * BLOCK) != 0) b++;
        if (b == n_blocks) memcpy(block + n_blocks++ * BLOCK, prop + i * BLOCK, sizeof *prop * BLOCK);
        stage[i] = (uint16_t)b;
    }
    printf("/* Written by gen_tables from the Unicode Character Database. */\n#include \"text/characters.h\"\n\n"
           "const uint16_t sheaf_i_char_stage[%d] = {", N / BLOCK);
    for (int i = 0; i < N / BLOCK; i++) printf("%s%d,", i % 24 ? " " : "\n", stage[i]);
    printf("\n};\n\nconst uint16_t sheaf_i_char_block[][%d] = {", BLOCK);
    for (int i = 0; i < n_blocks; i++) {
        printf("\n{");
        for (int j = 0; j < BLOCK; j++) printf("%s%d,", j % 24 ? " " : "\n", block[i * BLOCK + j]);
        printf("},");
    }
    printf("\n};\n");
}

int main(int argc, char **argv)
{
    if (argc != 2) die("usage:", "gen_tables UNICODE_DATA_DIR");
    named pictographic = {"Extended_Pictographic", SHEAF_I_CHAR_PICTOGRAPHIC};
    named cased = {"Cased", SHEAF_I_CHAR_CASED}, ignorable = {"Case_Ignorable", SHEAF_I_CHAR_CASE_IGNORABLE};
    read_ranges(argv[1], "auxiliary/WordBreakProperty.txt", set_break, NULL);
    read_ranges(argv[1], "Scripts.txt", set_script, NULL);
    read_ranges(argv[1], "emoji/emoji-data.txt", set_flag, &pictographic);
    read_ranges(argv[1], "DerivedCoreProperties.txt", set_flag, &cased);
    read_ranges(argv[1], "DerivedCoreProperties.txt", set_flag, &ignorable);
    read_categories(argv[1]);
    for (uint32_t c = 0; c < N; c++)
        if (letter[c] && (prop[c] & SHEAF_I_WB_MASK) == SHEAF_I_WB_OTHER) prop[c] |= SHEAF_I_CHAR_BIGRAM;
    write_tables();
    return fflush(stdout) != 0 || ferror(stdout);
}
