# Writes to FILE a ctest entry for every test suite of PROGRAM: cmake -D PROGRAM=... -D FILE=... [-D EMULATOR=...] -P
# add_suites.cmake gtest_discover_tests would make one for every test, and starting a process for each of a thousand
# tests costs minutes under the sanitizers, most tests taking milliseconds. The output of a suite that fails names the
# tests in it that failed.
cmake_minimum_required(VERSION 3.25)

# A program lists its skipped tests last if none failed, so a suite with a failure is never taken for one with skipped
# tests.
set(properties "TIMEOUT 600 ENVIRONMENT OMP_WAIT_POLICY=passive SKIP_REGULAR_EXPRESSION \"\\\\[  SKIPPED \\\\] [^\\n]+\\n*$\"")

# A suite's label is the folder that it stands in: ctest -L '^ops$' runs those of tests/ops. These are labelled quick
# too.
file(GLOB_RECURSE files RELATIVE ${CMAKE_CURRENT_LIST_DIR} ${CMAKE_CURRENT_LIST_DIR}/*_test.cc)
foreach(file ${files})
  string(REGEX REPLACE "/?[^/]+$" "" folder ${file})
  file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/${file} lines REGEX "^TEST(_[FP])?\\(")
  foreach(line ${lines})
    string(REGEX REPLACE "^TEST(_[FP])?\\(([^,]+),.*" "\\2" suite ${line})
    set(folder_of_${suite} "${folder}")
  endforeach()
endforeach()

set(command ${EMULATOR} ${PROGRAM})
list(JOIN command "\" \"" words)
execute_process(COMMAND ${command} --gtest_list_tests OUTPUT_VARIABLE listed COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\n[^ \n]+\\." suites "${listed}")  # "Suite." or "Instances/Suite."; its tests are indented
set(entries "")
foreach(suite ${suites})
  string(REGEX REPLACE "^\n(.+)\\.$" "\\1" suite ${suite})
  string(REGEX REPLACE "^.*/" "" name ${suite})
  set(labels ${folder_of_${name}})
  if(labels STREQUAL "ops")
    list(APPEND labels quick)
  endif()
  string(APPEND entries "add_test(\"${suite}\" \"${words}\" \"--gtest_filter=${suite}.*\")\n"
    "set_tests_properties(\"${suite}\" PROPERTIES LABELS \"${labels}\" ${properties})\n")
endforeach()
if(NOT entries)
  message(FATAL_ERROR "${PROGRAM} lists no tests")
endif()
file(WRITE ${FILE} "${entries}")
