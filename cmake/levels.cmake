# What the code is compiled for: one processor, or, with BIOSSL_PORTABLE, several levels of x86-64 (core/level.h).
#
# A portable build compiles the vector code once a level, as an object library each, and all else for the lowest level.
# Functions that are defined in headers outside of the levels' namespaces have one name in all of them, and the linker
# keeps the copy that it meets first. So objects are linked from the lowest level to the highest: the copy that is kept
# is of the lowest level that has one. Every object that calls such a function holds a copy of it, so no code calls one
# of a higher level than its own. tests/levels looks whether that holds.
if(BIOSSL_PORTABLE)
  set(biossl_levels v2 v3 v4)  # names of x86-64's levels, lowest first
else()
  set(biossl_levels native)
  if(NOT BIOSSL_NATIVE)
    set(biossl_levels generic)
    if(BIOSSL_ARCH)
      string(REGEX REPLACE "^x86-64-" "" biossl_levels ${BIOSSL_ARCH})
      string(MAKE_C_IDENTIFIER ${biossl_levels} biossl_levels)
    endif()
  endif()
endif()
if(BIOSSL_PORTABLE AND NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  message(FATAL_ERROR "BIOSSL_PORTABLE=ON is for x86-64, and this build is for ${CMAKE_SYSTEM_PROCESSOR}; leave it out")
endif()

# What all but the levels' own code is compiled for.
add_library(biossl_processor INTERFACE)
if(BIOSSL_PORTABLE)
  list(GET biossl_levels 0 lowest)
  target_compile_options(biossl_processor INTERFACE -march=x86-64-${lowest})
elseif(BIOSSL_NATIVE)
  target_compile_options(biossl_processor INTERFACE -march=native -mprefer-vector-width=512)
elseif(BIOSSL_ARCH AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(biossl_processor INTERFACE -march=${BIOSSL_ARCH})
endif()

# Takes the vector code out of a list of source files, into objects that are to be linked after all others, and sets
# level_objects. Of a build with one level it changes nothing.
function(biossl_add_levels list)
  set(level_objects "")
  set(others ${${list}})
  if(BIOSSL_PORTABLE)
    set(vector_sources ${others})
    list(FILTER vector_sources INCLUDE REGEX "/backend/cpu/|/data/world/render\\.cc$|/core/instruction_sets\\.cc$")
    list(FILTER vector_sources EXCLUDE REGEX "/backend/cpu/(onednn|matrix_product|operations)\\.cc$")
    list(REMOVE_ITEM others ${vector_sources})
    list(APPEND others ${PROJECT_SOURCE_DIR}/biossl/core/instruction_sets.cc)  # for core/instruction_check.cc too
    foreach(level ${biossl_levels})
      add_library(biossl_${level} OBJECT ${vector_sources})
      target_compile_definitions(biossl_${level} PRIVATE BIOSSL_LEVEL=${level})
      target_compile_options(biossl_${level} PRIVATE -march=x86-64-${level} $<$<STREQUAL:${level},v4>:-mprefer-vector-width=512> -Wno-shadow)
      target_link_libraries(biossl_${level} PRIVATE biossl_flags OpenMP::OpenMP_CXX oneDNN::oneDNN fmt::fmt)
      set_target_properties(biossl_${level} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)  # reading the headers takes longer than the rest
      list(APPEND level_objects $<TARGET_OBJECTS:biossl_${level}>)
    endforeach()
  endif()
  set(${list} ${others} PARENT_SCOPE)
  set(level_objects ${level_objects} PARENT_SCOPE)
  set(rows "LEVEL(one, ${biossl_levels})")
  if(BIOSSL_PORTABLE)
    list(TRANSFORM biossl_levels REPLACE "(.+)" "LEVEL(\\1, \\1)" OUTPUT_VARIABLE rows)
    list(JOIN rows " " rows)
  endif()
  set(dispatching ${PROJECT_SOURCE_DIR}/biossl/core/instruction_level.cc ${PROJECT_SOURCE_DIR}/biossl/backend/cpu/operations.cc
    ${PROJECT_SOURCE_DIR}/biossl/data/world/render_at_level.cc)
  set_property(SOURCE ${dispatching} APPEND PROPERTY COMPILE_DEFINITIONS "BIOSSL_LEVELS=${rows}")
endfunction()
