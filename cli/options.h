#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "cli/command.h"

// Options that several subcommands share.

namespace biossl::cli {

/// Where to compute, and where data lies.
struct PlaceOptions {
  std::string data;
  std::string device = "cpu";
  int threads = 0;  ///< 0: default_threads()

  void add_data(Command command);
  void add_compute(Command command);
  void add_threads(Command command);
  /// Starts the threads, with a note on stderr where it is not as many as were asked for, or more than are of use.
  /// Throws std::invalid_argument for an unknown device or an impossible number, and std::runtime_error, saying why,
  /// where no GPU can be used.
  ExecutionContext settle() const;
};

/// Which recipe, and what is changed in it.
struct RecipeOptions {
  std::string file;
  std::vector<std::string> changes;
  std::optional<std::uint64_t> seed;

  void add_changes(Command command);
  void add_seed(Command command);
  /// --set and --seed. Throws std::invalid_argument for a change that is no key=value.
  std::vector<Override> overrides() const;
  /// The file's recipe; the demo's where no file is named.
  Recipe read() const;
};

}  // namespace biossl::cli
