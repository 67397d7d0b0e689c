# Finds oneDNN's header and library and defines oneDNN::oneDNN. BIOSSL_ONEDNN says where; every configuration looks
# anew. Debian's own package file also asks for OpenCL, which biossl does not need; this module does not.
set(BIOSSL_ONEDNN "" CACHE STRING
  "oneDNN: empty: build/onednn, where scripts/setup.sh has put one, else the system's; SYSTEM: the system's; a folder: its include and lib")
set(oneDNN_prefix "${BIOSSL_ONEDNN}")
file(GLOB oneDNN_fetched CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/build/onednn/version)  # one that comes or goes asks for a new look
if(oneDNN_prefix STREQUAL "" AND oneDNN_fetched)
  set(oneDNN_prefix ${PROJECT_SOURCE_DIR}/build/onednn)
endif()
set(oneDNN_place "")
if(NOT oneDNN_prefix MATCHES "^(SYSTEM)?$")
  set(oneDNN_place PATHS ${oneDNN_prefix} NO_DEFAULT_PATH)
endif()

unset(oneDNN_INCLUDE_DIR CACHE)
unset(oneDNN_LIBRARY CACHE)
find_path(oneDNN_INCLUDE_DIR dnnl.hpp ${oneDNN_place} PATH_SUFFIXES include)
find_library(oneDNN_LIBRARY dnnl ${oneDNN_place} PATH_SUFFIXES lib lib64)
if(oneDNN_INCLUDE_DIR)
  file(STRINGS ${oneDNN_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h oneDNN_numbers REGEX "DNNL_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+")
  string(REGEX REPLACE "[^0-9;]" "" oneDNN_numbers "${oneDNN_numbers}")
  list(JOIN oneDNN_numbers "." oneDNN_VERSION)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(oneDNN REQUIRED_VARS oneDNN_LIBRARY oneDNN_INCLUDE_DIR VERSION_VAR oneDNN_VERSION)
if(oneDNN_FOUND AND NOT TARGET oneDNN::oneDNN)
  add_library(oneDNN::oneDNN UNKNOWN IMPORTED)
  set_target_properties(oneDNN::oneDNN PROPERTIES IMPORTED_LOCATION ${oneDNN_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${oneDNN_INCLUDE_DIR})
endif()
mark_as_advanced(oneDNN_INCLUDE_DIR oneDNN_LIBRARY)
