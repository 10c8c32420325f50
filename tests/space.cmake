sheaf_test(space SOURCES test_space_cases.c)
# The same with the slower tables of kernels, where the processor would have chosen another.
foreach(table plain avx2)
  add_test(NAME space_${table} COMMAND test_space WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(space_${table} PROPERTIES ENVIRONMENT SHEAF_KERNELS=${table})
endforeach()
