sheaf_test(measure SOURCES test_measure_compare.c)
