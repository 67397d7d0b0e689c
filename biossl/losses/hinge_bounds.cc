#include "biossl/losses/hinge_bounds.h"

#include "biossl/core/settings.h"

namespace biossl {

Hinge HingeBounds::hinge(std::string_view loss) const {
  check_choice(loss, "negatives", negatives, {"recent", "all"});
  check(recent >= 1 && recent <= 1'000'000, loss, "recent = {} must be between 1 and 1000000", recent);
  check(weight >= 0, loss, "weight = {} may not be negative", weight);
  check(margin >= 0, loss,
        "margin = {} may not be negative: positive pairs would be left farther apart than negative ones", margin);
  const bool all = negatives == "all";
  const auto bound = [](double own, double shared) { return static_cast<float>(own < 0 ? shared : own); };
  return {.positive_threshold = bound(positive_threshold, threshold - margin),
          .negative_threshold = bound(negative_threshold, threshold + margin),
          .negative_weight = all ? 1.0F : static_cast<float>(weight),
          .recent = all ? 0 : recent};
}

}  // namespace biossl
