# biossl_cuda: the functions of namespace biossl::cuda, by BIOSSL_CUDA
#   OFF        backend/no_cuda, which says that there is no CUDA
#   ON         backend/cuda, compiled for GPUs; needs the CUDA toolkit and cuDNN (of the toolkit or of the Python package nvidia-cudnn-cu13:
#              CUDNN_ROOT)
#   BESIDE     as OFF; backend/cuda is compiled too and linked into a second program, biossl-cuda (CI's, which so compiles all else once)
#   SIMULATED  backend/cuda, compiled for this processor beside tests/simulated_cuda
set(backend ${CMAKE_CURRENT_SOURCE_DIR}/biossl/backend)
file(GLOB cuda_sources CONFIGURE_DEPENDS ${backend}/cuda/*.cc)
file(GLOB cuda_kernels CONFIGURE_DEPENDS ${backend}/cuda/*.cu)

function(biossl_add_no_cuda target)
  file(GLOB no_cuda_sources CONFIGURE_DEPENDS ${backend}/no_cuda/*.cc)
  add_library(${target} OBJECT ${ARGN} ${no_cuda_sources})
  target_link_libraries(${target} PRIVATE biossl_dependencies)
endfunction()

function(biossl_add_simulated_cuda target)
  list(FILTER cuda_sources EXCLUDE REGEX "/(cudnn|cublas)\\.cc$")  # libraries; what stands in for them is beside the simulation
  file(GLOB simulation CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/simulated_cuda/*.cc)
  set_source_files_properties(${cuda_kernels} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "-xc++")
  if(BIOSSL_SANITIZE STREQUAL "thread")  # which watches the simulated threads, not what makes them take turns
    set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/tests/simulated_cuda/simulator.cc PROPERTIES
      COMPILE_OPTIONS "-fno-sanitize=thread;-DSIMULATED_CUDA_CLOCKS")
  endif()
  add_library(${target} OBJECT ${cuda_sources} ${cuda_kernels} ${simulation})
  target_include_directories(${target} SYSTEM PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/tests/simulated_cuda/include)
  target_link_libraries(${target} PRIVATE biossl_dependencies)
endfunction()

macro(biossl_add_cuda target)  # not a function: a language is enabled for the whole project
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90)  # 90: machine code, and PTX for what comes later
  endif()
  enable_language(CUDA)
  # CMake 3.25 does not know that nvcc has C++20, so what it calls 17 is that.
  set(CMAKE_CUDA_STANDARD 17)
  set(CMAKE_CUDA17_STANDARD_COMPILE_OPTION -std=c++20)
  find_package(CUDAToolkit REQUIRED)
  find_package(cuDNN REQUIRED)
  add_library(${target} OBJECT ${cuda_sources} ${cuda_kernels})
  set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)  # two kernels may have helpers of one name
  # Not biossl_flags: nvcc does not know all of them.
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${CUDAToolkit_INCLUDE_DIRS})
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow>
    "$<$<COMPILE_LANGUAGE:CUDA>:-DFMT_USE_CONSTEXPR=1;--expt-relaxed-constexpr;--extended-lambda;-Xcompiler=-Wall,-Wextra>")
  if(BIOSSL_WERROR)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Werror>
      "$<$<COMPILE_LANGUAGE:CUDA>:--Werror=all-warnings;-Xcompiler=-Werror>")
  endif()
  target_link_libraries(${target} PUBLIC fmt::fmt CUDA::cudart_static CUDA::cublas cuDNN::cuDNN)
endmacro()

if(BIOSSL_CUDA STREQUAL "SIMULATED")
  biossl_add_simulated_cuda(biossl_cuda)
  biossl_add_no_cuda(biossl_no_cuda EXCLUDE_FROM_ALL)  # not built, but for clang-tidy to know how
elseif(BIOSSL_CUDA STREQUAL "BESIDE")
  biossl_add_no_cuda(biossl_cuda)
  biossl_add_cuda(biossl_cuda_beside)
elseif(BIOSSL_CUDA)
  biossl_add_cuda(biossl_cuda)
else()
  biossl_add_no_cuda(biossl_cuda)
endif()

# What programs link beside the library, last of all that is ours (cmake/levels.cmake). A shared library holds the
# backend itself.
if(NOT BIOSSL_SHARED)
  set(backend_of_program biossl_cuda ${level_objects})
elseif(TARGET biossl_cuda_beside)
  message(FATAL_ERROR "BIOSSL_SHARED=ON has one backend in the library, and BIOSSL_CUDA=BESIDE two programs with one each; choose one of the two")
else()
  set(backend_of_program "")
  target_link_libraries(biossl_library PRIVATE biossl_cuda ${level_objects})
endif()
