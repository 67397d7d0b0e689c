#pragma once

#include <memory>

#include "biossl/core/clock.h"
#include "biossl/data/loader.h"
#include "biossl/data/views.h"
#include "biossl/optim/schedule.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/checkpoint.h"
#include "biossl/runs/reporter.h"
#include "biossl/runs/run_directory.h"

namespace biossl {

/// Pretraining: makes what a recipe describes, everything sized before the first step, and runs it epoch by epoch. What
/// a batch is made of depends on (seed, epoch, image) only, so going on from a checkpoint gives the very weights that
/// never stopping would have.
class Trainer {
 public:
  /// Throws BadInput where the recipe and its data do not fit together (a batch larger than the data, a network that
  /// shrinks a map to nothing, views that the data set cannot show).
  Trainer(const Recipe& recipe, const ExecutionContext& place);

  Network& network() { return *network_; }
  LearningRule& rule() { return *rule_; }
  const Dataset& images() const { return *images_; }
  const RunProgress& progress() const { return progress_; }
  std::int64_t total_epochs() const { return rule_->total_epochs(); }
  std::int64_t batches() const { return loader_.batches(); }

  /// Goes on from a checkpoint of this very recipe. Throws BadInput where it does not fit.
  void resume(const Checkpoint& checkpoint);
  /// Trains to the end, writing metrics and checkpoints. Throws Interrupted, after a checkpoint, when the reporter asks
  /// to stop; std::runtime_error, keeping the last good checkpoint, when the loss is no longer finite.
  void run(const RunDirectory& directory, Reporter& reporter);

  /// Makes batch `batch` of the epoch that was started last: (2n, H, W, C), view 0 in rows 0..n-1, view 1 behind them.
  Tensor make_batch(std::int64_t batch);
  /// Makes it the epoch at hand and shuffles for it.
  void start_epoch(std::int64_t epoch);
  /// Learns from a batch; adds to the totals.
  void step(const Tensor& images, std::int64_t batch);
  /// Both of these: a training step. True where a GPU was given it as one graph (but for views that the host makes),
  /// which it is but for the first ones.
  bool take_step(std::int64_t batch);

 private:
  void train_epoch(const RunDirectory& directory, Reporter& reporter);
  bool on_gpu() const { return totals_.device() == Device::cuda; }
  /// The loss so far in this epoch. Throws std::runtime_error, naming the cause, where it is not finite.
  double check_finite(const RunDirectory& directory, std::int64_t batch);
  bool is_first_step(std::int64_t batch) const;
  /// Why the loss is not finite, and what to do.
  std::string blame(std::int64_t batch);
  void report(std::int64_t batch, double loss, double seconds, Reporter& reporter) const;
  EpochMetrics finish_epoch(double seconds);
  std::filesystem::path save(const RunDirectory& directory);
  [[noreturn]] void stop(const RunDirectory& directory, int signal);
  double rate(std::int64_t batch) const;

  Recipe recipe_;
  std::unique_ptr<Dataset> images_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<LearningRule> rule_;
  std::unique_ptr<Views> views_;
  BatchLoader loader_;
  Schedule schedule_;
  Tensor batch_;                  // (2B, H, W, C)
  Tensor totals_;                 // (2), of the epoch under way
  Tensor labels_, batch_labels_;  // int32; empty unless the loss uses them
  RunProgress progress_;
};

}  // namespace biossl
