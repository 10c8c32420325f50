# The programs that measure (SHEAF_BENCH).
find_package(Python3 COMPONENTS Interpreter)
if(SHEAF_BENCH AND Python3_FOUND)
  add_test(NAME bench_generate
           COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/bench_generate.py $<TARGET_FILE:generate>)
  add_test(NAME bench_stages
           COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/bench_stages.py $<TARGET_FILE:generate>
                   $<TARGET_FILE:stages>)
endif()
