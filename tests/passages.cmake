sheaf_test(passages SOURCES test_passages_find.c test_passages_diff.c)
sheaf_test(dups_report)
