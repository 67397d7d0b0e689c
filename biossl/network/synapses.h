#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "biossl/core/state.h"
#include "biossl/feedback/feedback.h"
#include "biossl/network/update_queue.h"
#include "biossl/ops/pooled_error.h"
#include "biossl/ops/types.h"
#include "biossl/ops/weights.h"
#include "biossl/optim/optimizer.h"

namespace biossl {

/// What synapses are made with, the same for a whole network.
struct SynapsesSetup {
  std::uint64_t seed = 1;
  Device device = Device::cpu;
  DType dtype = DType::float32;  ///< of activity and errors: the compute type
  std::string feedback = "transpose";
  Settings feedback_settings;
  std::shared_ptr<const Optimizer> optimizer;

  /// The type of weights, updates and embeddings.
  DType master_dtype() const { return dtype == DType::float64 ? DType::float64 : DType::float32; }
};

/// How errors have come down across one layer, read off the live objects.
struct PathRecord {
  std::string layer;              ///< "blocks.0", "heads.4"
  std::string feedback;           ///< the path's own name
  bool separate_weights = false;  ///< as Feedback::separate_weights
  std::int64_t errors_sent =
      0;                 ///< errors, of a batch or a micro-batch of one, that crossed it; 0: the path was never used
  double alignment = 0;  ///< cosine of the angle between F and W, as they are now
};

/// Everything that learns: a bundle of connections from one layer to the next, with the feedback path beside it and the
/// optimiser's state. `learn` is handed the activity of the input units and the error of the output units and nothing
/// else, so a weight can only depend on those. Weights, bias and their updates lie in one piece each.
class Synapses : public Updatable {
 public:
  /// post = activation(bias + W * pre)
  virtual void forward(const Tensor& pre, Activation activation, Tensor& post) const = 0;
  /// error_pre = F^T * error_post over the feedback path.
  void send_back(const PooledError& error_post, Tensor& error_pre);
  /// Computes the update, error_post (x) pre, or adds a micro-batch to it; with the last, the optimiser's step is
  /// taken.
  void learn(const Tensor& pre, const PooledError& error_post, const UpdateOptions& options);

  const Optimizer& optimizer() const override { return *optimizer_; }
  ParameterStep& begin_update(double learning_rate) override;
  void end_update() override { weights_.changed(); }

  const Weights& weights() const { return weights_; }
  const Tensor& bias() const { return bias_; }
  /// The last update; the derivative of the loss by the weights as seen through the feedback path.
  const Tensor& weight_update() const { return weight_update_; }
  const Tensor& bias_update() const { return bias_update_; }
  Feedback& feedback() { return *feedback_; }
  const Feedback& feedback() const { return *feedback_; }
  /// F as it is now.
  const Weights& path() { return feedback_->weights(weights_, steps()); }
  /// The layer's name is left to whoever knows it.
  PathRecord path_record();
  /// A run that goes on counts on from here.
  void set_errors_sent(std::int64_t errors) { errors_sent_ = errors; }
  std::int64_t parameters() const { return step_.values.size(); }
  /// Steps taken so far.
  std::int64_t steps() const { return *steps_.data<std::int32_t>(); }

  /// Weights and bias; with `learning`, optimiser and feedback state too. Names start with the prefix.
  State state(const std::string& prefix, bool learning);
  /// Called after the state has been written from outside.
  void restored();

 protected:
  /// shape: of the weights as operations take them; channels_last and file_shape: as in StateTensor. Weights and bias
  /// are drawn uniform in
  /// +-1/sqrt(inputs of a unit), as number `index` of the seed has them. A bias has `units` numbers; 0: shape[0].
  Synapses(const SynapsesSetup& setup, const Shape& shape, const Shape& channels_last, const Shape& file_shape,
           bool bias, std::uint32_t index, std::int64_t units = 0);

  virtual void descend(const PooledError& error_post, const Weights& path, Tensor& error_pre) const = 0;
  void add_micro_batch(const Tensor& pre, const PooledError& error_post);
  virtual void compute_update(const Tensor& pre, const PooledError& error_post, Tensor& weight_update,
                              Tensor& bias_update) const = 0;

  Weights weights_;
  Tensor bias_;

 private:
  std::shared_ptr<const Optimizer> optimizer_;
  std::unique_ptr<Feedback> feedback_;
  Shape channels_last_, file_shape_;
  ParameterStep step_;  // values, their update and the optimiser's state: of the weights, then of the bias
  Tensor weight_update_, bias_update_;
  Tensor micro_batch_update_;  // of one micro-batch, as step_.update; empty until a step is taken in micro-batches
  Tensor steps_;               // one number, on the host
  std::int64_t errors_sent_ = 0;
};

}  // namespace biossl
