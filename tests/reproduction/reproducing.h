#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/reproduction/reproduction.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl::testing {

/// A folder with a table of three tiny recipes, two of them published: tiny_b stands before tiny_a.
class Reproducing : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(recipes());
    write_recipe("tiny_a", "[published]\naccuracy = 50\nsource = \"Someone (1999)\"\nsetting = \"all\"\nplace = 2\n");
    write_recipe("tiny_b", "[published]\naccuracy = 40.5\nsource = \"Someone (1999)\"\nsetting = \"few\"\nplace = 1\n");
    write_recipe("other", "");
  }

  std::filesystem::path recipes() const { return folder_.path() / "tiny_table"; }
  std::filesystem::path out() const { return folder_.path() / "out"; }
  std::filesystem::path run_of(const std::string& name) const { return out() / name; }
  void write_recipe(const std::string& name, const std::string& more) const {
    write_file(recipes() / (name + ".toml"), tiny_recipe_text() + more);
  }

  ReproductionRequest request(std::vector<std::string> rows = {}, std::int64_t seeds = 1) const {
    return {.tables = {recipes().string()},
            .rows = std::move(rows),
            .changes = {},
            .epochs = {},
            .seeds = seeds,
            .out = out()};
  }
  static Reproduction plan(const ReproductionRequest& request) { return plan_reproduction(request, Device::cpu); }
  /// Reproduces and returns how many runs failed.
  std::int64_t run(const ReproductionRequest& request) { return reproduce(plan(request), here, quiet_); }
  nlohmann::json table() const { return nlohmann::json::parse(read_file(out() / "table.json")); }

  template <class Fault>
  static std::string fault(const ReproductionRequest& request) {
    try {
      plan(request);
    } catch (const Fault& found) {
      return found.what();
    }
    ADD_FAILURE() << "was accepted";
    return "";
  }

  TemporaryFolder folder_;
  Reporter quiet_;
};

/// The runs' directories, without what is before them.
inline std::vector<std::string> names(const std::vector<ReproductionRun>& runs) {
  std::vector<std::string> names;
  for (const ReproductionRun& run : runs) names.push_back(run.directory.filename());
  return names;
}

}  // namespace biossl::testing
