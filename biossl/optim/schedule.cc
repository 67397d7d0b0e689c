#include "biossl/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "biossl/core/settings.h"

namespace biossl {

Schedule::Schedule(const std::string& name, double rate, std::int64_t steps, std::int64_t warmup)
    : cosine_(name == "cosine"), rate_(rate), steps_(steps), warmup_(warmup) {
  check_choice("train", "schedule", name, names());
  check(std::isfinite(rate) && rate > 0, "train", "learning_rate = {} must be a positive number", rate);
  check(warmup >= 0 && warmup <= steps, "train", "a warm-up of {} steps does not fit into a run of {}", warmup, steps);
}

double Schedule::rate(std::int64_t step) const {
  if (step < warmup_) return rate_ * static_cast<double>(step + 1) / static_cast<double>(warmup_);
  if (!cosine_) return rate_;
  const auto behind = static_cast<double>(std::max<std::int64_t>(steps_ - warmup_, 1));
  const double progress = std::min(1.0, static_cast<double>(step - warmup_) / behind);
  return rate_ * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

}  // namespace biossl
