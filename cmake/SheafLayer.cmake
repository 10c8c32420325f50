# sheaf_layer(NAME SOURCES ... LINK ...): one folder of src/ as an object library.
#
# Headers are included as "folder/file.h". Each layer sees a directory of links to its own folder and to those that
# stand above it in SHEAF_LAYERS, minus the ones it must not know: any other include does not compile.
set(SHEAF_HIDDEN_near cluster refine)   # near and cluster do not know each other

function(sheaf_layer_view name)  # makes ${CMAKE_BINARY_DIR}/layers/NAME
  set(view ${CMAKE_BINARY_DIR}/layers/${name})
  file(REMOVE_RECURSE ${view})
  file(MAKE_DIRECTORY ${view})
  foreach(layer IN LISTS SHEAF_LAYERS)
    if(NOT layer IN_LIST SHEAF_HIDDEN_${name})
      file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${layer} ${view}/${layer} SYMBOLIC)
    endif()
    if(layer STREQUAL name)
      break()
    endif()
  endforeach()
endfunction()

function(sheaf_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  sheaf_layer_view(${name})
  add_library(sheaf_${name} OBJECT ${ARG_SOURCES})
  target_include_directories(sheaf_${name} PRIVATE ${CMAKE_BINARY_DIR}/layers/${name} ${CMAKE_SOURCE_DIR}/include)
  target_link_libraries(sheaf_${name} PRIVATE ${ARG_LINK})
  target_sources(sheaf PRIVATE $<TARGET_OBJECTS:sheaf_${name}>)
  target_link_libraries(sheaf PRIVATE ${ARG_LINK} m)
endfunction()
