#pragma once

#include <memory>

#include "biossl/core/stopwatch.h"
#include "biossl/data/batch_sampler.h"
#include "biossl/data/views.h"
#include "biossl/optim/schedule.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/checkpoint.h"
#include "biossl/runs/reporter.h"
#include "biossl/runs/run_directory.h"
#include "biossl/training/health_meter.h"

namespace biossl {

/// Pretraining: constructs what a recipe describes, allocates everything, and trains epoch by epoch. A batch depends on
/// (seed, epoch, image) only, so continuing from a checkpoint gives the same weights as an uninterrupted run.
class Trainer {
 public:
  /// Throws BadInput if the recipe does not fit the data: a batch larger than the data, a network that shrinks a map to
  /// nothing, views that the data set cannot show. With `start`, the run starts with that checkpoint's weights
  /// (Checkpoint::start); the recipe's train.from is not read.
  Trainer(const Recipe& recipe, const ExecutionContext& context, const Checkpoint* start = nullptr);

  Network& network() { return *network_; }
  LearningRule& rule() { return *rule_; }
  const Dataset& images() const { return *images_; }
  const RunProgress& progress() const { return progress_; }
  std::int64_t total_epochs() const { return rule_->total_epochs(); }
  std::int64_t batches() const { return sampler_.batches(); }
  /// Whether a run of fewer epochs is the beginning of this one: the learning rate does not depend on the number of
  /// epochs, nor does what learns in an epoch.
  bool epochs_are_free() const;

  /// Of a run that started from a checkpoint: the names of the tensors that it did not hold.
  const std::vector<std::string>& drawn_anew() const { return drawn_anew_; }

  /// Continues from a checkpoint of this recipe. Throws BadInput if it does not fit, std::invalid_argument where images
  /// or views in memory are others.
  void resume(const Checkpoint& checkpoint);
  /// Trains to the end and writes metrics and checkpoints. Throws Interrupted, after a checkpoint, if the reporter
  /// requests a stop; std::runtime_error, keeping the last good checkpoint, if the loss is not finite.
  void run(const RunDirectory& directory, Reporter& reporter);

  /// Makes batch `batch` of the current epoch: (2n, H, W, C), view 0 in rows 0..n-1, view 1 in rows n..2n-1; or as the
  /// views' plan says, with the patches of an image one after another.
  Tensor make_batch(std::int64_t batch);
  /// Sets the current epoch and shuffles.
  void start_epoch(std::int64_t epoch);
  /// Learns from a batch and adds to the totals.
  void step(const Tensor& images, std::int64_t batch);
  /// A training step: make_batch and step. Returns true if a GPU ran it as one graph, which holds for all but the first
  /// steps. Views made on the host are not part of the graph.
  bool take_step(std::int64_t batch);
  /// Takes the next step of the run, in the order of `run`, without metrics and checkpoints, and returns its loss: the
  /// sum over the batch. Waits for a GPU. Throws std::invalid_argument after the last step of the last epoch, and
  /// std::runtime_error with the cause if the loss is not finite, or on the host the weights after the step. A step
  /// that throws adds nothing to the losses of later ones.
  double advance();
  /// The batch that the next step of `advance` learns from. Throws likewise.
  Tensor next_batch();
  /// Writes a checkpoint of the run as it stands after a step of `advance`. Throws std::runtime_error, and writes
  /// nothing, where weights are not finite.
  void save_to(const std::filesystem::path& file);
  /// The sum of the losses of the current epoch's steps so far, which is not finite if one is not. Waits for a GPU.
  double total_loss() const;

 private:
  void train_epoch(const RunDirectory& directory, Reporter& reporter);
  bool on_gpu() const { return totals_.device() == Device::cuda; }
  /// The loss of this epoch so far. Throws std::runtime_error with the cause if it is not finite.
  double check_finite(const RunDirectory& directory, std::int64_t batch);
  /// Throws std::runtime_error with the cause. what: "loss is"; last_good: a checkpoint, or ""; learnt: whether the
  /// weights have changed before.
  [[noreturn]] void fail_not_finite(std::string_view what, std::int64_t batch, const std::string& last_good,
                                    bool learnt);
  bool is_first_step(std::int64_t batch) const;
  /// Why the loss or the weights are not finite, and advice.
  std::string blame(std::int64_t batch, bool learnt);
  void report(std::int64_t batch, double loss, double seconds, Reporter& reporter) const;
  EpochMetrics finish_epoch(double seconds);
  std::filesystem::path save(const RunDirectory& directory);
  [[noreturn]] void stop(const RunDirectory& directory, int signal);
  double rate(std::int64_t batch) const;
  /// The step of `advance`, in an open epoch.
  double advance_once();
  /// Shuffles for the next step of `advance`, where its epoch has not begun here.
  void open_epoch();

  Recipe recipe_;
  std::unique_ptr<Dataset> images_;
  ViewPlan plan_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<LearningRule> rule_;
  std::unique_ptr<Views> views_;
  HealthMeter health_;
  BatchSampler sampler_;
  Schedule schedule_;
  Tensor batch_;                  // (2B, H, W, C), or as plan_ says
  Tensor totals_;                 // of the current epoch
  Tensor labels_, batch_labels_;  // int32; empty unless the loss needs labels
  RunProgress progress_;
  std::int64_t open_epoch_ = -1;  // the epoch that was started last
  bool started_from_checkpoint_;
  bool warned_ = false;  // whether the user has been told that learning goes wrong
  std::vector<std::string> drawn_anew_;
};

}  // namespace biossl
