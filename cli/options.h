#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "cli/command.h"

// Options shared by several subcommands.

namespace biossl::cli {

/// The device, the threads and the data directory.
struct ExecutionOptions {
  std::string data;
  std::string device = "cpu";
  int threads = 0;  ///< 0: default_threads()

  void add_data(Command command);
  void add_compute(Command command);
  void add_threads(Command command);
  /// Starts the threads, with a note on stderr if fewer start than requested or more are requested than help. Throws
  /// std::invalid_argument for an unknown device or an invalid number; std::runtime_error, with the reason, if no GPU
  /// can be used.
  ExecutionContext settle() const;
};

/// The recipe and the changes to it.
struct RecipeOptions {
  std::string file;
  std::vector<std::string> changes;
  std::optional<std::uint64_t> seed;

  void add_changes(Command command);
  void add_seed(Command command);
  /// The overrides of --set and --seed. Throws std::invalid_argument for a change that is no key=value.
  std::vector<Override> overrides() const;
  /// The recipe of the file, or the demo recipe without a file, with overrides() or with those given.
  Recipe read() const { return read(overrides()); }
  Recipe read(const std::vector<Override>& those) const;
};

}  // namespace biossl::cli
