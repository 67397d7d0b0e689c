#pragma once

#include <string_view>

#include "biossl/core/random.h"
#include "biossl/core/registry.h"
#include "biossl/core/state.h"
#include "biossl/ops/weights.h"

namespace biossl {

/// The path an error takes down across one layer: error_pre = backward_data(error_post, F). Each layer has a path of
/// its own.
class Feedback {
 public:
  static constexpr const char* kind = "feedback path";

  virtual ~Feedback() = default;

  /// The name it is registered under.
  virtual std::string_view name() const = 0;
  /// Called once, before the first step, with the forward weights as they start; `random` is this layer's own stream
  /// and `bound` the bound of the uniform distribution that the forward weights were drawn from.
  virtual void attach(const Weights& /*forward*/, Random /*random*/, float /*bound*/) {}
  /// F, given the forward weights as they are now.
  virtual const Weights& weights(const Weights& forward) = 0;
  /// True where forward and feedback connections are separate weights: property (iii).
  virtual bool separate_weights() const = 0;
  /// What a checkpoint keeps of it; names without a prefix.
  virtual State state() { return {}; }
  /// Called after the state has been written from a checkpoint.
  virtual void restored() {}
};

using FeedbackRegistry = Registry<Feedback>;

}  // namespace biossl
