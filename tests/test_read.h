/* What the tests of reading share. */
#ifndef SHEAF_TESTS_TEST_READ_H
#define SHEAF_TESTS_TEST_READ_H

#include "support.h"

#include "read/corpus.h"

/* Files in a folder of the test's own, removed at its end. */
const char *test_folder(void);
const char *test_file(const char *name, const char *bytes, size_t n); /* makes folders; returns the path, borrowed */
static inline const char *test_text(const char *name, const char *text) { return test_file(name, text, strlen(text)); }
void test_clear(void); /* empties the folder */

/* name, content, name, content ... NULL packed as .zip, .tar, .tar.gz, .tar.zst, .tar.xz, .tar.bz2, or the first
   content alone as .gz (malloc). */
enum { TEST_ZIP, TEST_TAR, TEST_TAR_GZ, TEST_TAR_ZST, TEST_TAR_XZ, TEST_TAR_BZ2, TEST_GZ, TEST_PACKERS };
char *test_pack(int kind, const char *const *entries, size_t *n);

static inline sheaf_read_opts test_options(void)
{
    sheaf_read_opts o;
    sheaf_read_opts_init(&o, sizeof o);
    return o;
}

/* Reads one input that must be readable, and checks the invariants. */
sheaf_corpus *test_read(sheaf_ctx *ctx, const char *path, const sheaf_read_opts *o);
/* The document with that id; fails if there is none. */
int64_t test_doc(const sheaf_corpus *c, const char *id);
/* Everything the corpus says, as text (malloc): two corpora are the same if this is. */
char *test_dump(const sheaf_corpus *c);
/* The reason given for a skipped place, or NULL. Borrowed until the next call. */
const char *test_skip_reason(const sheaf_corpus *c, const char *end_of_place);

void fuzz_targets_hold(void **state);
extern const struct CMUnitTest test_read_formats[], test_read_hostile[], test_read_split[];
extern const size_t test_read_formats_n, test_read_hostile_n, test_read_split_n;

#endif
