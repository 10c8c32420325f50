sheaf_test(kernel SOURCES test_kernel_coarse.c test_kernel_gains.c test_kernel_nearest.c test_kernel_rivals.c test_kernel_scan.c test_kernel_sparse.c test_kernel_tall.c)
