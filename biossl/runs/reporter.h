#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "biossl/core/progress.h"
#include "biossl/evaluation/health.h"

namespace biossl {

/// A line of metrics.jsonl.
struct EpochMetrics {
  std::int64_t epoch = 0;           ///< counted from 1
  std::string stage;                ///< what learns (LearningRule::stage); empty: everything
  double loss = 0;                  ///< mean over the batches of the sum over a batch
  double loss_per_pair = 0;         ///< mean per pair
  double active_share = 0;          ///< share of current views with a nonzero error
  double learning_rate = 0;         ///< in the last batch
  std::int64_t images = 0;          ///< pairs of views seen
  double seconds = 0;               ///< training time without checkpoints
  double images_per_second = 0;     ///< pairs per second
  std::vector<Health> health = {};  ///< at the end of the epoch, of every block that learnt in it
  double health_seconds = 0;        ///< that measuring it took; not part of `seconds`
};

/// The progress of pretraining after a batch.
struct BatchReport {
  std::int64_t epoch = 0;  ///< counted from 1
  std::int64_t epochs = 0;
  std::string_view stage;  ///< what learns; empty: everything
  std::int64_t batch = 0;  ///< finished batches of this epoch
  std::int64_t batches = 0;
  std::int64_t images = 0;  ///< pairs of views seen in this epoch
  double loss = 0;          ///< mean over the batches so far of the sum over a batch
  double seconds = 0;       ///< of this epoch so far
};

/// Receives the progress of a run, for display. The base class does nothing.
class Reporter {
 public:
  virtual ~Reporter() = default;

  /// A message of one line.
  virtual void note(std::string_view /*line*/) {}
  /// Called after each batch; on a GPU, whose work is queued ahead, about once a second.
  virtual void batch(const BatchReport& /*report*/) {}
  virtual void epoch(const EpochMetrics& /*metrics*/, std::int64_t /*epochs*/) {}
  /// Progress of a stage after pretraining ("trained encoder: features of the training images").
  virtual void stage(std::string_view /*name*/, std::int64_t /*done*/, std::int64_t /*total*/,
                     std::string_view /*text*/) {}
  /// The signal that requests a stop; 0: none.
  virtual int stop_signal() { return 0; }
};

/// A run has stopped on request; nothing is lost.
class Interrupted : public std::runtime_error {
 public:
  Interrupted(int signal, const std::string& what) : std::runtime_error(what), signal_(signal) {}
  int signal() const { return signal_; }

 private:
  int signal_;
};

/// Forwards progress as a stage of that name. Throws Interrupted if a stop is requested.
Progress stage_progress(Reporter& reporter, std::string name);

}  // namespace biossl
