#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "biossl/data/dataset.h"

namespace biossl {

/// The rows of a data set in two parts, each in ascending order. No row is in both.
struct RowShares {
  std::vector<std::int32_t> taken, rest;
};

/// Draws a share of every class: of its n images round(share n) are taken, at least one and at most n - 1. Images
/// without labels count as one class. Of frames whole clips are drawn instead, n of a class, so that no clip is in both
/// parts; the class is that of the first frame. The draw depends on the seed, the purpose ("data.test_share"), the
/// labels and the clips alone.
RowShares draw_share(const Dataset& images, double share, std::uint64_t seed, std::string_view purpose);

/// The images `rows` of another data set, in this order, with their labels and all classes. In memory if that is.
/// Throws std::invalid_argument for a row that is no image.
std::unique_ptr<Dataset> make_subset(std::unique_ptr<Dataset> images, std::vector<std::int32_t> rows);

}  // namespace biossl
