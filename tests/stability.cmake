sheaf_test(stability)
