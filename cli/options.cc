#include "cli/options.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "biossl/core/accelerator.h"
#include "biossl/core/device.h"
#include "biossl/core/error.h"
#include "biossl/core/memory_limits.h"
#include "biossl/core/parallel.h"
#include "biossl/core/text.h"
#include "biossl/core/thread_limits.h"

namespace biossl::cli {
namespace {

/// Notes go to stderr, because a program may read stdout.
void start(int asked) {
  start_threads(asked);
  require_memory_for_libraries();
  const int processors = available_processors();
  if (threads() < asked) {
    fmt::print(stderr, "biossl: {} threads are wanted, OpenMP and the limits of this process grant {}\n", asked,
               threads());
  } else if (asked > processors) {
    fmt::print(stderr, "biossl: {} threads wait for each other on {}; --threads {} is faster\n", asked,
               processors == 1 ? "1 processor" : fmt::format("{} processors", processors), processors);
  }
}

}  // namespace

void ExecutionOptions::add_data(Command command) {
  command.add_option("--data", data, "directory of the data sets (the built-in world needs none)")
      .envname("BIOSSL_DATA")
      .check(path_word())
      .type_name("DIR");
}

void ExecutionOptions::add_compute(Command command) {
  command.add_option("--device", device, "cpu, cuda, or reference (plain loops, slow)")
      .capture_default_str()
      .type_name("NAME");
  add_threads(command);
}

void ExecutionOptions::add_threads(Command command) {
  command
      .add_option("--threads", threads,
                  "threads to compute with [OMP_NUM_THREADS, else all processors this process may use]")
      .check(whole_number(1, most_threads))
      .type_name("N");
}

ExecutionContext ExecutionOptions::settle() const {
  start(threads == 0 ? default_threads() : threads);
  const ExecutionContext context{.data = data, .device = device_named(device)};
  if (context.device == Device::cuda) accelerator::require();
  return context;
}

void RecipeOptions::add_changes(Command command) {
  command.add_option("--set", changes, "change one value of the recipe, --set train.epochs=5; may be repeated")
      .type_name("KEY=VALUE")
      .repeatable();
}

void RecipeOptions::add_seed(Command command) {
  command.add_option("--seed", seed, "seed of everything random, instead of the recipe's")
      .check(whole_number(0))
      .type_name("N");
}

std::vector<Override> RecipeOptions::overrides() const {
  std::vector<Override> overrides;
  for (const std::string& change : changes) {
    const std::size_t equals = change.find('=');
    if (equals == std::string::npos) {
      throw std::invalid_argument("--set " + change + ": write KEY=VALUE, for example train.epochs=5");
    }
    overrides.push_back(
        {.key = std::string(trimmed(change.substr(0, equals))), .value = change.substr(equals + 1), .option = {}});
  }
  if (seed) overrides.push_back({.key = "seed", .value = std::to_string(*seed), .option = "seed"});
  return overrides;
}

Recipe RecipeOptions::read(const std::vector<Override>& those) const {
  if (file.find('=') != std::string::npos && !std::filesystem::exists(file)) {
    throw std::invalid_argument(
        fmt::format("there is no file '{}'; to change a value write --set {}", file, shell_quoted(file)));
  }
  return file.empty() ? demo_recipe(those) : read_recipe(file, those);
}

}  // namespace biossl::cli
