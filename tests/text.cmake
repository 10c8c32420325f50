sheaf_test(text SOURCES test_text_languages.c test_text_phrases.c test_text_sklearn.c test_text_terms.c test_text_words.c
  LINK PkgConfig::UTF8PROC)
target_compile_definitions(test_text PRIVATE UNICODE_DATA="${UNICODE_DATA}")
