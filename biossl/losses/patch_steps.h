#pragma once

#include <cstdint>
#include <string_view>

#include "biossl/core/error.h"
#include "biossl/losses/loss.h"

namespace biossl {

/// Which patches of an image a loss compares: patch (r, c) with patch (r + k + skip, c) of the same column, for k =
/// 1..steps (Illing, Ventura, Bellec & Gerstner 2021). Places of a grid are counted row by row.
struct PatchSteps {
  std::int64_t steps = 5;
  std::int64_t skip = 1;

  template <class Visitor>
  void visit(Visitor& field) {
    field("steps", steps, "K: a patch is compared with those skip + 1 to skip + K rows below it");
    field("skip", skip, "rows below a patch that it is not compared with, because they overlap it");
  }

  /// Throws std::invalid_argument unless the grid has patches that far apart, of one view. A loss that is only asked
  /// for its properties has no grid.
  void check_grid(std::string_view loss, const LossSetup& setup) const {
    check(steps >= 1 && steps <= most && skip >= 0 && skip <= most, loss,
          "steps = {} must be between 1 and {}, skip = {} between 0 and {}", steps, most, skip, most);
    if (!setup.grid.is_cut()) return;
    check(setup.views == 1, loss, "{} views of an image; patches of one view are compared", setup.views);
    const std::int64_t rows = setup.grid.rows;
    check(rows > 1 + skip, loss,
          "a grid of {}x{} patches has no patch {} rows below another (skip = {}); choose views.crop, patch and stride "
          "for more rows, or a smaller loss.skip",
          rows, setup.grid.columns, 1 + skip, skip);
    check(rows > steps + skip, loss,
          "steps = {} and skip = {} reach {} rows down, and a grid of {}x{} patches allows {}; set loss.steps = {}, or "
          "choose views.crop, patch and stride for more rows",
          steps, skip, steps + skip, rows, setup.grid.columns, rows - 1, rows - 1 - skip);
  }

  /// How many places further the partner of a place is, at step k.
  std::int64_t offset(std::int64_t k, const PatchGrid& grid) const { return (k + skip) * grid.columns; }
  /// The places with a partner at step k: the first so many.
  std::int64_t places(std::int64_t k, const PatchGrid& grid) const { return grid.size() - offset(k, grid); }
  /// Those of all steps.
  std::int64_t all_places(const PatchGrid& grid) const {
    std::int64_t sum = 0;
    for (std::int64_t k = 1; k <= steps; ++k) sum += places(k, grid);
    return sum;
  }

 private:
  static constexpr std::int64_t most = 1000;
};

}  // namespace biossl
