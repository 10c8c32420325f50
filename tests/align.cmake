sheaf_test(align SOURCES test_align_vectors.c)
