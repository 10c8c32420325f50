find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  set(cases ${CMAKE_CURRENT_SOURCE_DIR}/cli/output.cases ${CMAKE_CURRENT_SOURCE_DIR}/cli/usage.cases
            ${CMAKE_CURRENT_SOURCE_DIR}/cli/similar.cases ${CMAKE_CURRENT_SOURCE_DIR}/cli/align.cases
            ${CMAKE_CURRENT_SOURCE_DIR}/cli/dups.cases ${CMAKE_CURRENT_SOURCE_DIR}/cli/bench.cases
            ${CMAKE_CURRENT_SOURCE_DIR}/cli/k.cases ${CMAKE_CURRENT_SOURCE_DIR}/cli/cluster.cases)
  add_test(NAME cli_cases
           COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/cli/run.py $<TARGET_FILE:sheaf_program> ${cases})
  add_test(NAME cli_properties
           COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/cli/properties.py $<TARGET_FILE:sheaf_program>)
  add_test(NAME cli_bench
           COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/cli/bench.py $<TARGET_FILE:sheaf_program>)
  set_tests_properties(cli_properties cli_bench PROPERTIES TIMEOUT 1200)
else()
  message(WARNING "no python3: the command-line tests are left out")
endif()

add_subdirectory(${CMAKE_SOURCE_DIR}/examples ${CMAKE_BINARY_DIR}/examples)
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/example)
add_test(NAME example_cluster COMMAND example_cluster ${CMAKE_SOURCE_DIR}/seeds/articles
         WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/example)
set_tests_properties(example_cluster PROPERTIES PASS_REGULAR_EXPRESSION "^1: [^\n]+ documents, for example [^\n]+\n2: ")

if(Python3_FOUND)
  if(SHEAF_SANITIZE)
    set(quick --quick)
  endif()
  add_test(NAME corpora COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/corpora.py
                                $<TARGET_FILE:sheaf_program> ${quick})
  set_tests_properties(corpora PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
endif()
