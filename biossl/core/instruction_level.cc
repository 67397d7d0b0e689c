#include "biossl/core/instruction_level.h"

#include <dnnl.h>
#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "biossl/core/instruction_sets.h"

namespace biossl {

#define LEVEL(code, name)                                                \
  namespace code {                                                       \
  extern const bool compiled_for_instruction_set[instruction_set_count]; \
  }
BIOSSL_LEVELS
#undef LEVEL

namespace {

constexpr const char* variable = "BIOSSL_ISA";

constexpr InstructionLevel levels_of_program[] = {
#define LEVEL(code, name) {#name, code::compiled_for_instruction_set},
    BIOSSL_LEVELS
#undef LEVEL
};

MissingInstructionSets missing(const InstructionLevel& level, const bool* present) {
  return missing_instruction_sets(level.needed, present);
}

std::string names(std::span<const InstructionLevel> levels) {
  std::string text;
  for (const InstructionLevel& level : levels) text += fmt::format("{}{}", text.empty() ? "" : ", ", level.name);
  return text;
}

/// Limits oneDNN to the instruction sets of a level that was asked for by name.
void limit_onednn(std::string_view level) {
  if (std::getenv("ONEDNN_MAX_CPU_ISA") != nullptr || std::getenv("DNNL_MAX_CPU_ISA") != nullptr) return;
  if (level == "v2") dnnl_set_max_cpu_isa(dnnl_cpu_isa_sse41);
  if (level == "v3") dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2);
}

std::size_t settle_level() {
  bool present[instruction_set_count];
  find_instruction_sets(present);
  const char* wanted = std::getenv(variable);
  const std::string_view name = wanted == nullptr ? "" : wanted;
  const std::size_t level = choose_level(levels_of_program, present, name);
  limit_onednn(name);
  return level;
}

}  // namespace

std::span<const InstructionLevel> instruction_levels() { return levels_of_program; }

std::size_t instruction_level() {
  static const std::size_t level = settle_level();
  return level;
}

const char* instruction_level_name() { return levels_of_program[instruction_level()].name; }

std::size_t choose_level(std::span<const InstructionLevel> levels, const bool* present, std::string_view wanted) {
  for (std::size_t level = levels.size(); level-- > 0;) {
    const auto [count, first] = missing(levels[level], present);
    if (wanted.empty() && (count == 0 || level == 0)) return level;
    if (wanted != levels[level].name) continue;
    if (count == 0) return level;
    throw std::invalid_argument(
        fmt::format("{}={}: this processor lacks {}{}; leave {} out for the best level it has", variable, wanted, first,
                    count > 1 ? fmt::format(" and {} more instruction sets", count - 1) : "", variable));
  }
  throw std::invalid_argument(
      levels.size() > 1
          ? fmt::format("{}={}: there is no such level; this program has {}", variable, wanted, names(levels))
          : fmt::format("{}={}: this program has the level {} alone; one built with -DBIOSSL_PORTABLE=ON has several",
                        variable, wanted, names(levels)));
}

}  // namespace biossl
