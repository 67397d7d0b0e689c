#pragma once

#include <string>

#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"
#include "biossl/runs/run_directory.h"

// Shared by the tests of runs: a data set "tiny" of 22 images (8x8, three classes) that needs no files, views "tiny" of
// it, a loss "failing" that becomes NaN after `good_batches`, and recipes with them.

namespace biossl::testing {

/// Two small blocks with pooling, bias and activations; batches of 5, the last one shorter; 3 epochs.
Recipe tiny_recipe(const std::vector<Override>& overrides = {});
const char* tiny_recipe_text();

/// The CPU, without data.
inline const ExecutionContext here{.data = {}, .device = Device::cpu};

/// The bytes of a run's newest checkpoint.
std::string final_checkpoint(const RunDirectory& directory);

/// Requests a stop after a number of batches, as a signal would; collects the notes.
class StoppingReporter final : public Reporter {
 public:
  explicit StoppingReporter(std::int64_t batches = -1) : left_(batches) {}

  void note(std::string_view line) override { notes += std::string(line) + "\n"; }
  void batch(const BatchReport&) override { --left_; }
  int stop_signal() override { return left_ == 0 ? 2 : 0; }

  std::string notes;

 private:
  std::int64_t left_;
};

}  // namespace biossl::testing
