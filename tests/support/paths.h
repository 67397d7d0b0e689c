#pragma once

/// Where the tests find what they read and start. One file alone is compiled with these paths, so that a compiler cache
/// serves the others in any folder.
namespace biossl::testing::paths {

extern const char* const source;            ///< the root of the source code
extern const char* const program;           ///< biossl
extern const char* const with_examples;     ///< biossl with the components of examples/
extern const char* const for_no_processor;  ///< of core/for_no_processor.cc
extern const char* const other_onednn;      ///< of support/other_onednn.cc
extern const char* const cmake;             ///< the CMake that configured the build

}  // namespace biossl::testing::paths
