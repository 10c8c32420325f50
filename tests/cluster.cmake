sheaf_test(cluster SOURCES test_cluster_judged.c test_cluster_kmeans.c test_cluster_pruning.c test_cluster_scores.c)
# Pruned runs must have the labels of unpruned ones with more than one table of kernels.
add_test(NAME cluster_avx2 COMMAND test_cluster WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(cluster_avx2 PROPERTIES ENVIRONMENT SHEAF_KERNELS=avx2)
