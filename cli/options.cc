#include "cli/options.h"

#include "biossl/backend/cuda_device.h"
#include "biossl/core/device.h"
#include "biossl/core/error.h"
#include "biossl/core/parallel.h"
#include "biossl/experiment/environment.h"

namespace biossl::cli {

void PlaceOptions::add_data(CLI::App& command) {
  command.add_option("--data", data, "directory of the data sets (the built-in world needs none)")
      ->envname("BIOSSL_DATA")
      ->type_name("DIR");
}

void PlaceOptions::add_compute(CLI::App& command) {
  command.add_option("--device", device, "cpu, cuda, or reference (plain loops, slow)")
      ->capture_default_str()
      ->type_name("NAME");
  command.add_option("--threads", threads, "threads to compute with [all processors this process may use]")
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
}

Place PlaceOptions::settle() const {
  set_threads(threads == 0 ? available_processors() : threads);
  const Place place{.data = data, .device = device_named(device)};
  if (place.device == Device::cuda) cuda::require_device();
  return place;
}

void RecipeOptions::add_changes(CLI::App& command) {
  command.add_option("--set", changes, "change one value of the recipe, --set train.epochs=5; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->expected(1);
}

void RecipeOptions::add_seed(CLI::App& command) {
  command.add_option("--seed", seed, "seed of everything random, instead of the recipe's")->type_name("N");
}

std::vector<Override> RecipeOptions::overrides() const {
  std::vector<Override> overrides;
  for (const std::string& change : changes) {
    const std::size_t equals = change.find('=');
    if (equals == std::string::npos) {
      throw std::invalid_argument("--set " + change + ": write KEY=VALUE, for example train.epochs=5");
    }
    overrides.push_back({.key = change.substr(0, equals), .value = change.substr(equals + 1)});
  }
  if (seed) overrides.push_back({.key = "seed", .value = std::to_string(*seed)});
  return overrides;
}

Recipe RecipeOptions::read() const { return file.empty() ? demo_recipe(overrides()) : read_recipe(file, overrides()); }

}  // namespace biossl::cli
