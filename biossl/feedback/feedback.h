#pragma once

#include <cstdint>
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
  /// Called once, before the first step, with the forward weights W as they start; `random` is this layer's own stream
  /// and `bound` the bound of the uniform distribution that the forward weights were drawn from. Buffers are made here.
  virtual void attach(const Weights& /*forward*/, Random /*random*/, float /*bound*/) {}
  /// F, given W as it is now and the steps it has learnt. Follows from these and from state() alone: it may be asked
  /// for at any time, more than once or not at all, and a resumed run gets the same.
  virtual const Weights& weights(const Weights& forward, std::int64_t steps) = 0;
  /// True where F has values of its own and nothing is read off W: property (iii).
  virtual bool separate_weights() const = 0;
  /// That in a sentence.
  virtual std::string_view account() const { return "Errors descend over weights of their own."; }
  /// What a checkpoint keeps of it: names without a prefix, and tensors; a tensor of W's shape is laid out in the file
  /// as W is.
  virtual State state() { return {}; }
  /// Called after the state has been written from a checkpoint.
  virtual void restored() {}
};

using FeedbackRegistry = Registry<Feedback>;

}  // namespace biossl
