#pragma once

#include <cstddef>

#include "biossl/core/level.h"

// A program compiled for one processor (-march=native) would end with SIGILL and no message on an older one.
// instruction_check.cc is compiled for every x86-64 processor and runs before any other code of biossl. It compares
// what the program was compiled for with what the processor has, and ends the program with one line if something is
// missing.

namespace biossl {

/// The rows of instruction_sets.inc.
inline constexpr const char* instruction_set_names[] = {
#define INSTRUCTION_SET(name, macro) name,
#include "biossl/core/instruction_sets.inc"
#undef INSTRUCTION_SET
};
inline constexpr std::size_t instruction_set_count = sizeof instruction_set_names / sizeof instruction_set_names[0];

namespace BIOSSL_LEVEL {
/// For each row: whether the compiler was allowed to use it.
extern const bool compiled_for_instruction_set[instruction_set_count];
}  // namespace BIOSSL_LEVEL

/// What a processor lacks: the number of rows and the name of the first; null if it lacks none.
struct MissingInstructionSets {
  std::size_t count;
  const char* first;
};

/// Whether this processor has the row, for each; false on processors that are no x86-64.
void find_instruction_sets(bool* present);

/// The rows that are `needed` and not `present`.
MissingInstructionSets missing_instruction_sets(const bool* needed, const bool* present);

}  // namespace biossl
