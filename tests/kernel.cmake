sheaf_test(kernel)
