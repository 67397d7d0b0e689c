#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace biossl {

/// The learning rate over a run.
///   constant   rate
///   cosine     rate * (1 + cos(pi * s / S)) / 2, s counted from the end of the warm-up, S the steps behind it
/// Either way the first `warmup` steps rise linearly: rate * (step + 1) / warmup.
class Schedule {
 public:
  static std::vector<std::string> names() { return {"constant", "cosine"}; }

  /// Throws std::invalid_argument for an unknown name, a rate that is not positive or a warm-up longer than the run.
  Schedule(const std::string& name, double rate, std::int64_t steps, std::int64_t warmup);

  /// The rate of a step, counted from 0.
  double rate(std::int64_t step) const;

 private:
  bool cosine_;
  double rate_;
  std::int64_t steps_;
  std::int64_t warmup_;
};

}  // namespace biossl
