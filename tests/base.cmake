sheaf_test(base)
