#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "biossl/core/progress.h"

namespace biossl {

/// A line of metrics.jsonl.
struct EpochMetrics {
  std::int64_t epoch = 0;        ///< counted from 1
  std::string stage;             ///< what learnt, as LearningRule::stage says; empty: everything
  double loss = 0;               ///< mean over the epoch's batches of a batch's summed loss
  double loss_per_pair = 0;      ///< mean over the pairs
  double active_share = 0;       ///< current views with an error that is not zero, of all current views
  double learning_rate = 0;      ///< of the last batch
  std::int64_t images = 0;       ///< pairs of views seen
  double seconds = 0;            ///< of training, checkpoints excluded
  double images_per_second = 0;  ///< pairs a second
};

/// How pretraining stands after a batch.
struct BatchReport {
  std::int64_t epoch = 0;  ///< counted from 1
  std::int64_t epochs = 0;
  std::string_view stage;  ///< what learns; empty: everything
  std::int64_t batch = 0;  ///< batches done of this epoch
  std::int64_t batches = 0;
  std::int64_t images = 0;  ///< pairs of views seen in this epoch
  double loss = 0;          ///< mean of a batch's summed loss in this epoch so far
  double seconds = 0;       ///< of this epoch so far
};

/// Told how a run gets on; a program shows it. Does nothing by itself.
class Reporter {
 public:
  virtual ~Reporter() = default;

  /// One line worth knowing.
  virtual void note(std::string_view /*line*/) {}
  /// Told after a batch; of training on a GPU, which is given work ahead, after one a second.
  virtual void batch(const BatchReport& /*report*/) {}
  virtual void epoch(const EpochMetrics& /*metrics*/, std::int64_t /*epochs*/) {}
  /// A stage behind pretraining ("trained encoder: features of the training images") has come this far.
  virtual void stage(std::string_view /*name*/, std::int64_t /*done*/, std::int64_t /*total*/,
                     std::string_view /*text*/) {}
  /// The signal that asks the run to stop; 0: none.
  virtual int stop_signal() { return 0; }
};

/// A run was asked to stop and has stopped; nothing is lost.
class Interrupted : public std::runtime_error {
 public:
  Interrupted(int signal, const std::string& what) : std::runtime_error(what), signal_(signal) {}
  int signal() const { return signal_; }

 private:
  int signal_;
};

/// Passes progress on as a stage of that name. Throws Interrupted when the reporter has been asked to stop.
Progress stage_progress(Reporter& reporter, std::string name);

}  // namespace biossl
