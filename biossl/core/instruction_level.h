#pragma once

#include <cstddef>
#include <span>
#include <string_view>

// The levels of instruction sets that this program has vector code for (core/level.h), and the one in use.

// A row LEVEL(namespace of its code, name) for each level, lowest first.
#ifndef BIOSSL_LEVELS
#define BIOSSL_LEVELS LEVEL(one, generic)
#endif

namespace biossl {

/// "v3", and for each row of instruction_sets.inc whether the level's code may use it.
struct InstructionLevel {
  const char* name;
  const bool* needed;
};

/// The levels of this program, lowest first. A build that is not portable has one, whatever it is compiled for.
std::span<const InstructionLevel> instruction_levels();

/// The number of the level that this process uses: the one that BIOSSL_ISA names, otherwise the highest one that the
/// processor has. A named level below x86-64-v4 limits oneDNN as well, unless ONEDNN_MAX_CPU_ISA is set. The first call
/// settles it, before oneDNN is used. Throws std::invalid_argument as choose_level() does.
std::size_t instruction_level();

const char* instruction_level_name();

/// The choice among levels on a processor that has `present`. `wanted`: a name, or "" for the highest. Throws
/// std::invalid_argument for a level that there is not, or that the processor lacks.
std::size_t choose_level(std::span<const InstructionLevel> levels, const bool* present, std::string_view wanted);

/// The entry for the level in use of an array that has one for each level.
template <class T, std::size_t count>
const T& at_level(const T (&of_levels)[count]) {
  return of_levels[instruction_level()];
}

}  // namespace biossl
