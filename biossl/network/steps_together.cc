#include "biossl/network/steps_together.h"

#include <algorithm>

#include "biossl/network/synapses.h"

namespace biossl {

void StepsTogether::add(Synapses& synapses, double learning_rate) { waiting_.push_back({&synapses, learning_rate}); }

void StepsTogether::take() {
  while (!waiting_.empty()) {
    const Optimizer& optimizer = waiting_.front().synapses->optimizer();
    const auto others = std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
      return &waiting.synapses->optimizer() == &optimizer;
    });
    steps_.clear();
    for (auto its = waiting_.begin(); its != others; ++its) {
      steps_.push_back(&its->synapses->begin_step(its->learning_rate));
    }
    optimizer.step(steps_);
    for (auto its = waiting_.begin(); its != others; ++its) its->synapses->end_step();
    waiting_.erase(waiting_.begin(), others);
  }
}

}  // namespace biossl
