# Installs BUILD, moves what was installed, and uses it there: the program, and the library in the project of
# examples/embed_in_cmake, which has a loss of its own.
#   cmake -D BUILD=FOLDER -D FOLDER=SCRATCH -D COMPILER=FILE -P install_test.cmake
unset(ENV{LD_LIBRARY_PATH})
set(prefix ${FOLDER}/moved)

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nends with ${code}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()
function(expect text)
  if(NOT output MATCHES "${text}")
    message(FATAL_ERROR "\"${text}\" is not in:\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${FOLDER})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${FOLDER}/installed)
file(RENAME ${FOLDER}/installed ${prefix})

run(${prefix}/bin/biossl --version)
expect("biossl [0-9]+\\.[0-9]+")
foreach(file share/biossl/recipes/demo.toml share/biossl/examples/vicreg.cc share/doc/biossl/LICENSE share/doc/biossl/docs/installing.md
    include/biossl/core/instruction_sets.inc)
  if(NOT EXISTS ${prefix}/${file})
    message(FATAL_ERROR "${file} was not installed")
  endif()
endforeach()
if(EXISTS ${prefix}/include/biossl/backend)
  message(FATAL_ERROR "include/biossl/backend was installed, which is no part of the interface")
endif()

run(${CMAKE_COMMAND} -S ${prefix}/share/biossl/examples/embed_in_cmake -B ${FOLDER}/build -D CMAKE_PREFIX_PATH=${prefix}
  -D CMAKE_CXX_COMPILER=${COMPILER})
run(${CMAKE_COMMAND} --build ${FOLDER}/build)
run(${FOLDER}/build/embed)
expect("step 3: loss [0-9]+\\.[0-9]+\n$")
