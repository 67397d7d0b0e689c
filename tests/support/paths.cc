#include "tests/support/paths.h"

namespace biossl::testing::paths {

const char* const source = BIOSSL_SOURCE_DIR;
const char* const program = BIOSSL_PROGRAM;
const char* const with_examples = BIOSSL_WITH_EXAMPLES;
const char* const for_no_processor = BIOSSL_FOR_NO_PROCESSOR;
const char* const other_onednn = BIOSSL_OTHER_ONEDNN;
const char* const cmake = BIOSSL_CMAKE;

}  // namespace biossl::testing::paths
