sheaf_test(dups SOURCES test_dups_truth.c test_dups_random.c test_dups_cases.c test_dups_failures.c test_dups_parts.c)
