sheaf_test(similar SOURCES test_similar_model.c test_similar_latent.c test_similar_sparse.c)
# The answers are exact with more than one table of kernels.
add_test(NAME similar_avx2 COMMAND test_similar WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(similar_avx2 PROPERTIES ENVIRONMENT SHEAF_KERNELS=avx2)
add_test(NAME similar_plain COMMAND test_similar WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(similar_plain PROPERTIES ENVIRONMENT SHEAF_KERNELS=plain)
