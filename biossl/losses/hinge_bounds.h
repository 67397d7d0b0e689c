#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "biossl/ops/types.h"

namespace biossl {

/// Options that contrastive hinges have in common: which negatives there are, and how near and far pairs are to be.
struct HingeBounds {
  std::string negatives = "recent";
  std::int64_t recent = 4;
  double weight = 0.2;
  double threshold = 2.0;
  double margin = 1.0;
  double positive_threshold = -1.0;
  double negative_threshold = -1.0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("negatives", negatives,
          "\"recent\": each view against the `recent` images seen before it; \"all\": every other image");
    field("recent", recent, "how many images back a negative may lie (K); the published \"5 negatives\" is 4");
    field("weight", weight, "weight of a recent negative's term; all negatives have weight 1");
    field("threshold", threshold, "theta: what separates near from far");
    field("margin", margin, "m: positive pairs want d <= theta - m, negative pairs d >= theta + m");
    field("positive_threshold", positive_threshold, "a bound of its own for positive pairs; negative: theta - m");
    field("negative_threshold", negative_threshold, "a bound of its own for negative pairs; negative: theta + m");
  }
  /// Behind all fields of the options that hold these.
  template <class Visitor>
  void visit_unused(Visitor& field) const {
    if (negatives == "all") {
      field.unused("recent", "negatives = \"all\" looks at the whole batch");
      field.unused("weight", "with negatives = \"all\" every term has weight 1");
    }
    if (positive_threshold >= 0 && negative_threshold >= 0) {
      field.unused("threshold", "both pairs have bounds of their own");
      field.unused("margin", "both pairs have bounds of their own");
    }
  }

  /// Throws std::invalid_argument, naming the loss, for impossible options.
  Hinge hinge(std::string_view loss) const;
};

}  // namespace biossl
