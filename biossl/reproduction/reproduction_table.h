#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "biossl/reproduction/reproduction.h"

namespace biossl {

/// Of the seeds that are finished.
struct Spread {
  std::int64_t count = 0;
  double mean = 0;
  double deviation = 0;  ///< standard deviation of the sample (divided by count - 1); 0 below two
};
Spread spread_of(std::span<const double> values);

/// A row as people read it, beside the numbers behind it.
struct TableRow {
  std::string name;      ///< of its recipe
  std::string loss;      ///< "hinge"; "-" where nothing learns
  std::string rule;      ///< "E2E", "GLL", …
  std::string feedback;  ///< "BP", "RF", …; "-" where no error crosses a layer
  std::string setting;   ///< "all negatives"
  bool uses_labels = false;
  std::optional<PublishedRecipe> published;
  std::int64_t epochs = 0;  ///< as asked for: of every block, where blocks learn one after another
  std::int64_t published_epochs = 0;
  std::int64_t total_epochs = 0;
  std::int64_t probe_epochs = 0;
  std::int64_t published_probe_epochs = 0;
  bool reduced = false;  ///< a smaller budget than the published one
  std::vector<RunStatus> runs;

  Spread accuracy() const;  ///< percent
  Spread chance() const;    ///< likewise, of guessing on the same test images
  Spread seconds() const;
  Spread images_per_second() const;
  std::int64_t peak_memory_bytes() const;    ///< the largest
  std::optional<double> difference() const;  ///< ours - published, points of percent; nothing without both
};

struct ReproductionTable {
  std::string name;
  std::int64_t seeds = 0;
  std::vector<std::string> sources;   ///< of the published numbers
  std::vector<std::string> reduced;   ///< "5 of 400 epochs a block"; empty: the published budget
  std::vector<std::string> changed;   ///< other settings that are not the published ones
  std::vector<std::string> machines;  ///< that finished runs were begun on, with threads, device and commit
  std::vector<TableRow> rows;         ///< in the published order, then those without a published number
};

/// What the run directories hold now.
ReproductionTable collect(const Reproduction& reproduction);

}  // namespace biossl
