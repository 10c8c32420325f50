sheaf_test(matrix SOURCES test_matrix_coded.c test_matrix_io.c LINK ZLIB::ZLIB)

# With clang: cmake -DCMAKE_C_COMPILER=clang -DSHEAF_FUZZ=ON -DSHEAF_SANITIZE=address,undefined,fuzzer-no-link
if(SHEAF_FUZZ)
  foreach(format npz mtx svm)
    add_executable(fuzz_matrix_${format} fuzz_matrix_${format}.c)
    target_include_directories(fuzz_matrix_${format} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(fuzz_matrix_${format} PRIVATE sheaf m)
    target_link_options(fuzz_matrix_${format} PRIVATE -fsanitize=fuzzer)
  endforeach()
endif()

find_program(SHEAF_SYSTEM_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH) # the one that Debian's scipy belongs to
if(SHEAF_SYSTEM_PYTHON)
  add_test(NAME scipy_formats COMMAND ${SHEAF_SYSTEM_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/scipy_formats.py
                                      $<TARGET_FILE:sheaf_program>)
  set_tests_properties(scipy_formats PROPERTIES SKIP_RETURN_CODE 77)
endif()
