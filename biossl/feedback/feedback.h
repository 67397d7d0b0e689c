#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "biossl/core/plausibility.h"
#include "biossl/core/random.h"
#include "biossl/core/registry.h"
#include "biossl/core/state.h"
#include "biossl/core/step_context.h"
#include "biossl/ops/weights.h"

namespace biossl {

/// The layer that a path belongs to, as a path that learns between steps may use it: it can drive the layer's input and
/// read what its outputs do.
class FeedbackLayer {
 public:
  virtual ~FeedbackLayer() = default;

  /// The map (H, W, C) of one image that the layer reads, and the one that it makes. A linear layer makes (1, 1,
  /// units).
  virtual Shape input_map() const = 0;
  virtual Shape output_map() const = 0;
  /// post = W pre, without bias and nonlinearity.
  virtual void drive(const Tensor& pre, Tensor& post) const = 0;
  /// product = sum over images and positions of post (x) pre, of W's shape.
  virtual void correlate(const Tensor& pre, const Tensor& post, Tensor& product) const = 0;
};

/// The path an error takes down across one layer: error_pre = backward_data(error_post, F). Each layer has its own.
class Feedback {
 public:
  static constexpr const char* kind = "feedback path";

  virtual ~Feedback() = default;

  /// The name it is registered under.
  virtual std::string_view name() const = 0;
  /// Called once, before the first step, with the forward weights W as they start. `random` is the layer's own stream,
  /// `bound` the bound of the uniform distribution that W was drawn from. Buffers are made here.
  virtual void attach(const Weights& /*forward*/, Random /*random*/, float /*bound*/) {}
  /// F for W as it is, after so many steps. It follows from these and from state() alone: it may be asked for at any
  /// time, more than once or not at all, and a resumed run gets the same.
  virtual const Weights& weights(const Weights& forward, std::int64_t steps) = 0;

  /// Sets F to these weights, of W's shape: the next call of weights(), with W unchanged, returns them up to rounding.
  /// Returns false and changes nothing where F is computed from other numbers.
  virtual bool assign(const Tensor& /*values*/, const Weights& /*forward*/) { return false; }

  /// lambda: the share of themselves that W, its bias and F lose in each step, whatever the learning rate. The
  /// optimiser takes it from W; a path that has weights of its own takes it from F in after_update.
  virtual double decay() const { return 0; }
  /// True where the path learns in after_update.
  virtual bool uses_increments() const { return false; }
  /// Called after each step of W, where uses_increments(): W has become
  /// W + increment - decay() * W - learning_rate * weight_decay * W, the last term by the optimiser's setting
  /// (ParameterStep). `increment` holds neither of the two decays.
  virtual void after_update(const Tensor& /*increment*/) {}
  /// Called between two learning steps.
  virtual void between_steps(const FeedbackLayer& /*layer*/, const StepContext& /*context*/) {}

  /// separate_weights, and a sentence on where the path's weights come from.
  virtual Plausibility plausibility() const = 0;
  /// What a checkpoint keeps of it: names without a prefix, and tensors. The file lays out a tensor of W's shape as W.
  virtual State state() { return {}; }
  /// Called after the state has been written from a checkpoint.
  virtual void restored() {}
};

using FeedbackRegistry = Registry<Feedback>;

/// Makes the feedback path of each layer of a network.
class FeedbackFactory {
 public:
  /// A registered path.
  FeedbackFactory(std::string name, Settings settings = {})  // NOLINT(google-explicit-constructor)
      : make_([name = std::move(name), settings = std::move(settings)] {
          return FeedbackRegistry::instance().make(name, settings);
        }) {}
  FeedbackFactory(const char* name) : FeedbackFactory(std::string(name)) {}  // NOLINT(google-explicit-constructor)
  explicit FeedbackFactory(std::function<std::unique_ptr<Feedback>()> make) : make_(std::move(make)) {}

  std::unique_ptr<Feedback> make() const { return make_(); }

 private:
  std::function<std::unique_ptr<Feedback>()> make_;
};

}  // namespace biossl
