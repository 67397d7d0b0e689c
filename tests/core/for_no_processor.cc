// A program that claims to be compiled for every set of instructions there is; no processor has both AMD's and Intel's
// own ones. instruction_check.cc must end it before the constructor below.
#include <cstdio>

#include "biossl/core/instruction_sets.h"

namespace biossl {

namespace BIOSSL_LEVEL {
constinit const bool compiled_for_instruction_set[] = {
#define INSTRUCTION_SET(name, macro) true,
#include "biossl/core/instruction_sets.inc"
#undef INSTRUCTION_SET
};
}  // namespace BIOSSL_LEVEL

}  // namespace biossl

namespace {

const int first = std::puts("a static object was made");

}  // namespace

int main() { return first < 0 ? 1 : 0; }
