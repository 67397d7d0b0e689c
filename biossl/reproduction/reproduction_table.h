#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "biossl/reproduction/reproduction.h"

namespace biossl {

/// Mean and deviation over the finished seeds.
struct Spread {
  std::int64_t count = 0;
  double mean = 0;
  double deviation = 0;  ///< sample standard deviation (divisor count - 1); 0 for fewer than two values
};
Spread spread_of(std::span<const double> values);

/// A row as displayed, with its numbers.
struct TableRow {
  std::string name;      ///< of its recipe
  std::string loss;      ///< "hinge"; "-" if nothing learns
  std::string rule;      ///< "E2E", "GLL", …
  std::string feedback;  ///< "BP", "RF", …; "-" if no error crosses a layer
  std::string setting;   ///< "all negatives"
  bool uses_labels = false;
  std::optional<PublishedRecipe> published;
  std::int64_t epochs = 0;  ///< as requested; per block for rules that train blocks in turn
  std::int64_t published_epochs = 0;
  std::int64_t total_epochs = 0;
  std::int64_t probe_epochs = 0;
  std::int64_t published_probe_epochs = 0;
  bool reduced = false;  ///< whether the budget is smaller than the published one
  std::vector<RunStatus> runs;

  Spread accuracy() const;  ///< percent
  Spread chance() const;    ///< percent; accuracy of guessing on the same test images
  Spread seconds() const;
  Spread images_per_second() const;
  std::int64_t peak_memory_bytes() const;    ///< the largest
  std::optional<double> difference() const;  ///< ours - published, percentage points; std::nullopt if one is missing
};

struct ReproductionTable {
  std::string name;
  std::int64_t seeds = 0;
  std::vector<std::string> sources;   ///< of the published numbers
  std::vector<std::string> reduced;   ///< "5 of 400 epochs a block"; empty for the published budget
  std::vector<std::string> changed;   ///< other settings that differ from the published ones
  std::vector<std::string> machines;  ///< machines of the finished runs, with threads, device and commit
  std::vector<TableRow> rows;         ///< in the published order, then those without a published number
};

/// The table of what the run directories contain now.
ReproductionTable collect(const Reproduction& reproduction);

}  // namespace biossl
