#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "biossl/feedback/feedback.h"
#include "biossl/network/observer.h"
#include "biossl/network/parameters.h"
#include "biossl/network/synapses_setup.h"
#include "biossl/ops/pooled_error.h"
#include "biossl/ops/types.h"
#include "biossl/ops/weights.h"

namespace biossl {

/// How errors have come down across one layer, read off the live objects.
struct PathRecord {
  std::string layer;              ///< "blocks.0", "heads.4"
  std::string feedback;           ///< the path's own name
  bool separate_weights = false;  ///< as Plausibility::separate_weights of the path
  std::int64_t errors_sent =
      0;                 ///< errors, of a batch or a micro-batch of one, that crossed it; 0: the path was never used
  double alignment = 0;  ///< cosine of the angle between F and W, as they are now
};

/// Connections from one layer to the next, with the feedback path beside them and the optimiser's state. `learn` gets
/// the activity of the input units and the error of the output units and nothing else, so an update can depend on those
/// alone. Weights, bias and their updates lie in one piece each.
class Synapses : public Parameters, public FeedbackLayer {
 public:
  /// post = activation(bias + W * pre)
  virtual void forward(const Tensor& pre, Activation activation, Tensor& post) const = 0;
  /// error_pre = F^T * error_post over the feedback path.
  void send_back(const PooledError& error_post, Tensor& error_pre);
  /// Computes the update error_post (x) pre, plus UpdateOptions::unit_decay * W, or adds a micro-batch to it. With the
  /// batch's last micro-batch the optimiser's step is taken.
  void learn(const Tensor& pre, const PooledError& error_post, const UpdateOptions& options);

  void end_update() override;

  const Weights& weights() const { return weights_; }
  const Tensor& bias() const { return bias_; }
  /// The last update; the derivative of the loss by the weights as seen through the feedback path.
  const Tensor& weight_update() const { return weight_update_; }
  const Tensor& bias_update() const { return bias_update_; }
  Feedback& feedback() { return *feedback_; }
  const Feedback& feedback() const { return *feedback_; }
  /// F as it is.
  const Weights& path() { return feedback_->weights(weights_, steps()); }
  /// Writes W between two steps. F stays as it is where it is a variable of its own (Feedback::assign).
  void set_weights(const Tensor& values);
  /// The same for a caller that has written into W's memory itself. It must have called path() before it wrote.
  void weights_written();
  /// Makes F these weights. False, and F is as it was, where the path works F out of other numbers.
  bool set_feedback(const Tensor& given);
  /// The layer's name is left to the caller.
  PathRecord path_record();
  /// A resumed run continues to count from here.
  void set_errors_sent(std::int64_t errors) { errors_sent_ = errors; }
  std::int64_t parameters() const { return count(); }
  /// Whoever looks at this layer, under the layer's name; null: nobody.
  void set_observer(Observer* observer, std::string name);

  /// Weights and bias; with `learning`, optimiser and feedback state too. Names start with the prefix.
  State state(const std::string& prefix, bool learning) override;
  void restored() override;

 protected:
  /// shape: of the weights as operations take them; channels_last and file_shape: as in StateTensor. Weights and bias
  /// are drawn uniform in +-1/sqrt(row size of `shape`), which is the number of inputs of a unit for linear and
  /// convolution layers, as number `index` of the seed has them. A bias has `units` numbers; 0: shape[0].
  Synapses(const SynapsesSetup& setup, const Shape& shape, const Shape& channels_last, const Shape& file_shape,
           bool bias, std::uint32_t index, std::int64_t units = 0);

  virtual void descend(const PooledError& error_post, const Weights& path, Tensor& error_pre) const = 0;
  virtual void compute_update(const Tensor& pre, const PooledError& error_post, Tensor& weight_update,
                              Tensor& bias_update) const = 0;

  Weights weights_;
  Tensor bias_;

 private:
  void add_micro_batch(const Tensor& pre, const PooledError& error_post);
  void add_unit_decay(const Tensor& unit_decay);
  /// Room for another update, made when it is first needed.
  Tensor& spare_update();

  std::unique_ptr<Feedback> feedback_;
  Shape channels_last_, file_shape_;
  Tensor weight_update_, bias_update_;
  Tensor spare_update_;  // as step_.update; empty until it is needed
  std::int64_t errors_sent_ = 0;
  Observer* observer_ = nullptr;
  std::string name_;
};

}  // namespace biossl
