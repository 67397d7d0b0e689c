#pragma once

#include <string>

namespace biossl {

/// What a component's updates depend on, as the component states it: properties (i) to (iii) of Tang, Yang & Amit
/// (2022) and locality. A loss, a feedback path and a rule each have such a value; a recipe has a property where all of
/// its components have it. Property (iv), no labels, is Loss::reads_labels.
struct Plausibility {
  bool recent_activity = true;   ///< (i) an update needs what is active now and a few earlier views at most
  bool plain_arithmetic = true;  ///< (ii) no normalisation, inner product or division
  bool separate_weights = true;  ///< (iii) errors descend over weights that are not read off the forward weights
  bool local_to_blocks = true;   ///< no error crosses from one block to another
  std::string account = {};      ///< one sentence for the reader, or none
};

/// The properties that both have.
inline Plausibility operator&(const Plausibility& one, const Plausibility& other) {
  const std::string between = one.account.empty() || other.account.empty() ? "" : " ";
  return {.recent_activity = one.recent_activity && other.recent_activity,
          .plain_arithmetic = one.plain_arithmetic && other.plain_arithmetic,
          .separate_weights = one.separate_weights && other.separate_weights,
          .local_to_blocks = one.local_to_blocks && other.local_to_blocks,
          .account = one.account + between + other.account};
}

}  // namespace biossl
