#include "biossl/network/update_queue.h"

#include <algorithm>

namespace biossl {

void UpdateQueue::add(Updatable& parameters, double learning_rate) { waiting_.push_back({&parameters, learning_rate}); }

void UpdateQueue::apply() {
  while (!waiting_.empty()) {
    const Optimizer& optimizer = waiting_.front().parameters->optimizer();
    const auto others = std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
      return &waiting.parameters->optimizer() == &optimizer;
    });
    steps_.clear();
    for (auto its = waiting_.begin(); its != others; ++its) {
      steps_.push_back(&its->parameters->begin_update(its->learning_rate));
    }
    optimizer.step(steps_);
    for (auto its = waiting_.begin(); its != others; ++its) its->parameters->end_update();
    waiting_.erase(waiting_.begin(), others);
  }
}

}  // namespace biossl
