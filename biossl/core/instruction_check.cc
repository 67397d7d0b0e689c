#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "biossl/core/instruction_sets.h"

// Compiled for every x86-64 processor (CMakeLists.txt). Uses the C library only: for a template or inline function of
// the C++ library, the linker may take the copy of another file, which is compiled for a newer processor.

namespace biossl {

MissingInstructionSets missing_instruction_sets(const bool* needed, const bool* present) {
  MissingInstructionSets missing{0, nullptr};
  for (std::size_t row = 0; row < instruction_set_count; ++row) {
    if (!needed[row] || present[row]) continue;
    if (missing.count == 0) missing.first = instruction_set_names[row];
    ++missing.count;
  }
  return missing;
}

void find_instruction_sets(bool* present) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#define INSTRUCTION_SET(name, macro) *present++ = __builtin_cpu_supports(name) != 0;
#include "biossl/core/instruction_sets.inc"
#undef INSTRUCTION_SET
#else
  for (std::size_t row = 0; row < instruction_set_count; ++row) present[row] = false;
#endif
}

#if defined(__x86_64__)
namespace {

/// Runs before the constructors of static objects, which are compiled for a newer processor. 101 is the first priority
/// that programs may use.
__attribute__((constructor(101))) void require_instruction_sets() {
  bool present[instruction_set_count];
  find_instruction_sets(present);
  const MissingInstructionSets missing = missing_instruction_sets(BIOSSL_LEVEL::compiled_for_instruction_set, present);
  if (missing.count == 0) return;
  std::fprintf(stderr, "%s: built for a processor with %s", program_invocation_short_name, missing.first);
  if (missing.count > 1) std::fprintf(stderr, " (and %zu more instruction sets)", missing.count - 1);
  std::fprintf(stderr, ", which this one lacks; build it on this machine, with `make`\n");
  _exit(1);
}

}  // namespace
#endif

}  // namespace biossl
