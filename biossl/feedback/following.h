#pragma once

#include "biossl/feedback/feedback.h"

namespace biossl {

/// A path with a tensor for F that follows W: made anew when it is next needed after W has changed, and only then.
class FollowingFeedback : public Feedback {
 public:
  void attach(const Weights& forward, Random random, float bound) final {
    const Tensor& like = forward.values();
    path_ = Weights(Tensor(like.shape(), like.dtype(), like.device()));
    start(like, random, bound);
  }
  const Weights& weights(const Weights& forward, std::int64_t steps) final {
    if (followed_ != forward.version()) {
      Tensor values = path_.values();
      follow(forward.values(), steps, values);
      path_.changed();
      followed_ = forward.version();
    }
    return path_;
  }
  void restored() final { followed_ = 0; }

 protected:
  /// As Feedback::attach.
  virtual void start(const Tensor& forward, Random random, float bound) = 0;
  /// Writes F, of the forward weights' shape and type, for these forward weights.
  virtual void follow(const Tensor& forward, std::int64_t steps, Tensor& path) = 0;

 private:
  Weights path_;
  std::uint64_t followed_ = 0;  // the version of W that F belongs to; versions count from 1
};

}  // namespace biossl
