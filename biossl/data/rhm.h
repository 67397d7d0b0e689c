#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "biossl/core/random.h"
#include "biossl/data/dataset.h"
#include "biossl/data/synonyms.h"

namespace biossl::rhm {

inline constexpr std::int64_t default_train_images = 10'000;
inline constexpr std::int64_t default_test_images = 2'000;

struct RhmOptions {
  std::int64_t symbols = 8;
  std::int64_t synonyms = 8;
  std::int64_t tuple = 2;
  std::int64_t levels = 3;
  std::int64_t classes = 8;

  template <class Visitor>
  void visit(Visitor& field) {
    field("symbols", symbols, "v: symbols of a level, and channels of an image");
    field("synonyms", synonyms, "m: tuples that a symbol may be rewritten to; at most v^(s-1)");
    field("tuple", tuple, "s: symbols of a tuple; a square number makes images, another one strings");
    field("levels", levels, "L: how many times a class is rewritten");
    field("classes", classes, "n_c: symbols of the highest level");
  }

  /// s^L: symbols of the lowest string.
  std::int64_t length() const;
};

/// Throws std::invalid_argument for settings that have no unambiguous rules, or that are too large.
void check_options(const RhmOptions& options);

/// The production rules of a Random Hierarchy Model (Cagnetta, Petrini, Tomasini, Favero & Wyart 2024, Phys. Rev. X 14,
/// 031001). Level 0 rewrites the classes, level L-1 makes the lowest string. On every level each symbol has m tuples of
/// s symbols of the level below, its synonyms. They are drawn from the v^s tuples by Random(seed, "rhm.rules", level),
/// and no tuple belongs to two symbols.
class Rules {
 public:
  Rules(const RhmOptions& options, std::uint64_t seed);

  const RhmOptions& options() const { return options_; }
  /// Symbols that a level rewrites: n_c on level 0, v below.
  std::int64_t symbols(std::int64_t level) const { return level == 0 ? options_.classes : options_.symbols; }
  /// The s symbols of one of the m tuples.
  std::span<const std::int32_t> tuple(std::int64_t level, std::int32_t symbol, std::int64_t synonym) const;
  /// The lowest string of a class. `upper` draws the tuples of all levels but the lowest `redrawn` ones, whose tuples
  /// `lower` draws.
  std::vector<std::int32_t> derive(std::int32_t label, std::int64_t redrawn, Random upper, Random lower) const;

 private:
  RhmOptions options_;
  std::vector<std::vector<std::int32_t>> tuples_;  // per level (symbols, m, s)
};

/// The data set "rhm": the lowest strings of random trees, one-hot over v channels, 0 and 255. A string is an image of
/// height 1 and width s^L; where s is a square, it is an image of side sqrt(s)^L, whose symbols are rewritten to
/// squares. Image i has class i mod n_c; its tree depends on (seed, split, i) only. The splits draw from streams of
/// their own, but where few strings exist (n_c m^((s^L - 1) / (s - 1)) trees) the same one may occur in both.
class Rhm final : public Dataset, public SynonymSource {
 public:
  static Shape shape_of(const RhmOptions& options);
  static Shape shape_of(const Settings& settings) { return shape_of(read_options<RhmOptions>("rhm", settings)); }
  static constexpr Traits traits{.shape = &Rhm::shape_of};

  Rhm(const RhmOptions& options, const DatasetRequest& request);

  const Rules& rules() const { return rules_; }
  const Tensor& pixels() const override;
  std::int64_t levels() const override { return rules_.options().levels; }
  void render_synonym(std::int64_t image, std::int64_t redrawn, Random random, std::uint8_t* to) const override;

 private:
  void render(const std::vector<std::int32_t>& string, std::uint8_t* to) const;
  Random stream(std::int64_t image) const;

  Rules rules_;
  Split split_;
  std::uint64_t seed_;
  std::vector<std::int64_t> pixel_of_;  // where each symbol of the string lies in the image
  mutable std::once_flag rendered_;
  mutable Tensor pixels_;
};

}  // namespace biossl::rhm
