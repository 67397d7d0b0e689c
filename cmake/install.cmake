# What `cmake --install` puts where: the program, recipes, examples, documentation and licence; and with BIOSSL_SHARED
# the library, its headers, a CMake package and a pkg-config file. `cpack` makes a .deb of it (preset package).
include(GNUInstallDirs)
set(install_data ${CMAKE_INSTALL_DATADIR}/biossl)
set(install_private ${CMAKE_INSTALL_LIBDIR}/biossl)  # libraries of others that only biossl uses

install(TARGETS biossl_program)
install(DIRECTORY recipes examples DESTINATION ${install_data} FILES_MATCHING REGEX "/[^./][^/]*\\.(toml|cc|h|txt)$"
  PATTERN build EXCLUDE)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs FILES_MATCHING REGEX "/[^./][^/]*\\.(md|png)$")
install(FILES README.md CHANGELOG.md CITATION.cff LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# An installed folder may be moved: libraries are looked for relative to the program, in the installed folder and in the
# build folder. What is built is linked as it is installed: CMake else keeps room in it for the other paths, and so it
# looks in the working directory too.
file(RELATIVE_PATH bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set(program_rpath "")
set(library_rpath "")
if(oneDNN_prefix STREQUAL "${PROJECT_SOURCE_DIR}/build/onednn")
  file(REAL_PATH ${oneDNN_LIBRARY} oneDNN_file)  # named as programs look for it
  install(FILES ${oneDNN_file} DESTINATION ${install_private})
  install(DIRECTORY ${oneDNN_prefix}/share/doc/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
  file(REAL_PATH ${PROJECT_BINARY_DIR} built)
  cmake_path(GET oneDNN_file PARENT_PATH oneDNN_folder)
  file(RELATIVE_PATH built_to_oneDNN ${built} ${oneDNN_folder})
  set(program_rpath "$ORIGIN/${bin_to_lib}/biossl" "$ORIGIN/${built_to_oneDNN}")
  set(library_rpath "$ORIGIN/biossl" "$ORIGIN/${built_to_oneDNN}")
endif()
if(BIOSSL_SHARED)
  list(APPEND program_rpath "$ORIGIN/${bin_to_lib}" "$ORIGIN")
endif()
# Of a package CMake removes all of them.
set(own_rpath INSTALL_RPATH_USE_LINK_PATH ON)
if(NOT CMAKE_SKIP_INSTALL_RPATH)
  list(APPEND own_rpath BUILD_WITH_INSTALL_RPATH ON)
endif()
set_target_properties(biossl_program PROPERTIES INSTALL_RPATH "${program_rpath}" ${own_rpath})

if(BIOSSL_SHARED)
  set(binary_interface ${PROJECT_VERSION_MAJOR})
  if(PROJECT_VERSION_MAJOR EQUAL 0)  # until 1.0 every minor version may change it
    string(APPEND binary_interface .${PROJECT_VERSION_MINOR})
  endif()
  set_target_properties(biossl_library PROPERTIES OUTPUT_NAME biossl EXPORT_NAME biossl DEFINE_SYMBOL ""
    VERSION ${PROJECT_VERSION} SOVERSION ${binary_interface} INSTALL_RPATH "${library_rpath}" ${own_rpath})
  # What the headers use. All else that the library is linked with is its own affair.
  target_link_libraries(biossl_library PUBLIC $<INSTALL_INTERFACE:fmt::fmt> $<INSTALL_INTERFACE:nlohmann_json::nlohmann_json>
    $<INSTALL_INTERFACE:OpenMP::OpenMP_CXX>)
  target_compile_features(biossl_library PUBLIC cxx_std_20)
  biossl_find_files(headers ${PROJECT_SOURCE_DIR}/biossl *.h)
  list(FILTER headers EXCLUDE REGEX "/biossl/backend/")
  target_sources(biossl_library PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
  # The target all_verify_interface_header_sets compiles each header on its own.
  set_target_properties(biossl_library PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  install(TARGETS biossl_library EXPORT biosslTargets FILE_SET HEADERS)
  install(DIRECTORY biossl DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.inc" PATTERN backend EXCLUDE)

  set(install_cmake ${CMAKE_INSTALL_LIBDIR}/cmake/biossl)
  include(CMakePackageConfigHelpers)
  configure_package_config_file(cmake/biosslConfig.cmake.in ${PROJECT_BINARY_DIR}/biosslConfig.cmake INSTALL_DESTINATION ${install_cmake})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/biosslConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/biosslConfig.cmake ${PROJECT_BINARY_DIR}/biosslConfigVersion.cmake DESTINATION ${install_cmake})
  install(EXPORT biosslTargets NAMESPACE biossl:: DESTINATION ${install_cmake})

  file(RELATIVE_PATH pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  configure_file(cmake/biossl.pc.in ${PROJECT_BINARY_DIR}/biossl.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/biossl.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The biossl developers <biossl@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_DESCRIPTION "biossl trains deep networks on images without labels, with learning rules that a brain could run,\n\
 and measures what they learn. This package holds the program, recipes, the C++ library and its headers.")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})  # where libbiossl.so lies when its users are looked at
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "g++, cmake, libfmt-dev, nlohmann-json3-dev")  # for programs that use the library
include(CPack)
