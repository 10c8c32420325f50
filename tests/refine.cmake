sheaf_test(refine SOURCES test_refine_cases.c test_refine_labels.c test_refine_partition.c test_refine_exchange.c
           test_refine_tree.c test_refine_choose.c)
# Nothing that is promised depends on the table of kernels.
foreach(kernels plain avx2)
  add_test(NAME refine_${kernels} COMMAND test_refine WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(refine_${kernels} PROPERTIES ENVIRONMENT SHEAF_KERNELS=${kernels})
endforeach()
