# Documents and tables. The fuzz targets run as plain tests, over seed inputs and their mutations.
set(read_targets jsonl csv html archive utf8 split table)
set(read_sources test_read_formats.c test_read_hostile.c test_read_split.c fuzz_main.c)
foreach(target IN LISTS read_targets)
  list(APPEND read_sources fuzz_read_${target}.c)
endforeach()
sheaf_test(read SOURCES ${read_sources} LINK PkgConfig::CJSON PkgConfig::ARCHIVE ZLIB::ZLIB)

# With clang: cmake -DCMAKE_C_COMPILER=clang -DSHEAF_FUZZ=ON -DSHEAF_SANITIZE=address,undefined,fuzzer-no-link
if(SHEAF_FUZZ)
  foreach(target IN LISTS read_targets)
    add_executable(fuzz_read_${target} fuzz_read_${target}.c)
    target_compile_definitions(fuzz_read_${target} PRIVATE SHEAF_FUZZER)
    target_include_directories(fuzz_read_${target} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(fuzz_read_${target} PRIVATE sheaf m)
    target_link_options(fuzz_read_${target} PRIVATE -fsanitize=fuzzer)
  endforeach()
endif()
