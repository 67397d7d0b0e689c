// Losses that compare patches, against plain loops over their formulas, and what they draw.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "biossl/benchmarks/timing.h"
#include "biossl/core/parallel.h"
#include "biossl/losses/loss.h"
#include "tests/support/message_of.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

constexpr std::int64_t largest_batch = 4;
constexpr PatchGrid grid{.rows = 5, .columns = 2};
constexpr std::int64_t steps = 3;
constexpr std::int64_t skip = 1;
const Settings of_steps{{"steps", steps}, {"skip", skip}};

Settings with(Settings settings) {
  settings.insert(of_steps.begin(), of_steps.end());
  return settings;
}

LossSetup setup_of(std::int64_t features, DType dtype, Device device, std::uint64_t seed = 3) {
  return {.batch = largest_batch,
          .features = features,
          .dtype = dtype,
          .device = device,
          .seed = seed,
          .grid = grid,
          .views = 1};
}

StepContext context_of(std::int64_t epoch, std::int64_t batch) {
  return {.epoch = epoch, .batch = batch, .learning_rate = 0.1, .labels = {}};
}

struct Result {
  std::vector<double> errors, totals;
};

Result evaluate(Loss& loss, const Tensor& embeddings, const StepContext& context) {
  Tensor errors = poisoned(embeddings.shape(), embeddings.dtype(), embeddings.device());
  Tensor totals({2}, DType::float64, embeddings.device());
  loss.evaluate(embeddings, context, errors, totals);
  return {values_of(errors), values_of(totals)};
}

/// One term of CLAPP's loss: image and place whose prediction k it judges, and the target's.
struct Term {
  std::int64_t image, k, place;
  std::int64_t target_image, target_place;
  bool operator==(const Term&) const = default;
};

struct Drawn {
  std::vector<Term> positives, negatives;
};

/// Vectors of an embedding: W_1 z .. W_K z, z.
constexpr std::int64_t vectors = steps + 1;

/// What a loss compares in a batch. With predictions of 0 every hinge is active, and with a dimension of its own for
/// every target the error of a prediction names its targets.
Drawn drawn_by(Loss& loss, std::int64_t images, const StepContext& context) {
  const std::int64_t patches = images * grid.size();
  const std::int64_t features = patches;
  std::vector<double> values(static_cast<std::size_t>(patches * vectors * features));
  for (std::int64_t patch = 0; patch < patches; ++patch) {
    values[static_cast<std::size_t>((patch * vectors + steps) * features + patch)] = 1;
  }
  const Result result =
      evaluate(loss, tensor_of({patches, vectors * features}, values, DType::float64, Device::reference), context);
  Drawn drawn;
  for (std::int64_t patch = 0; patch < patches; ++patch) {
    for (std::int64_t k = 1; k <= steps; ++k) {
      for (std::int64_t target = 0; target < patches; ++target) {
        const double error = result.errors[static_cast<std::size_t>((patch * vectors + k - 1) * features + target)];
        const Term term{patch / grid.size(), k, patch % grid.size(), target / grid.size(), target % grid.size()};
        if (error < 0) drawn.positives.push_back(term);
        if (error > 0) drawn.negatives.push_back(term);
      }
    }
  }
  return drawn;
}

std::unique_ptr<Loss> clapp(const Settings& settings, std::int64_t features, DType dtype = DType::float64,
                            Device device = Device::reference, std::uint64_t seed = 3) {
  return LossRegistry::instance().make("clapp_patches", with(settings), setup_of(features, dtype, device, seed));
}

Drawn draw(const Settings& settings, std::int64_t images, const StepContext& context, std::uint64_t seed = 3) {
  const std::int64_t features = images * grid.size() * vectors;
  const auto loss = clapp(settings, features, DType::float64, Device::reference, seed);
  return drawn_by(*loss, images, context);
}

bool learns(const std::vector<Term>& terms, std::int64_t image) {
  return std::ranges::any_of(terms, [&](const Term& term) { return term.image == image; });
}

/// The formula in plain loops, given what is compared with what.
Result clapp_by_hand(const std::vector<double>& values, std::int64_t images, std::int64_t features,
                     const Drawn& drawn) {
  const std::int64_t length = features / vectors;
  Result result{std::vector<double>(values.size()), {0, 0}};
  const auto add = [&](const std::vector<Term>& terms, double sign) {
    std::int64_t learning = 0;
    for (std::int64_t image = 0; image < images; ++image) learning += learns(terms, image) ? 1 : 0;
    for (const Term& term : terms) {
      const std::int64_t source = (term.image * grid.size() + term.place) * features + (term.k - 1) * length;
      const std::int64_t target = (term.target_image * grid.size() + term.target_place) * features + steps * length;
      double score = 0;
      for (std::int64_t c = 0; c < length; ++c) {
        score += values[static_cast<std::size_t>(source + c)] * values[static_cast<std::size_t>(target + c)];
      }
      const double miss = 1 - sign * score;
      if (miss <= 0) continue;
      const double cells = static_cast<double>((grid.rows - term.k - skip) * grid.columns);
      const double share = 1.0 / (static_cast<double>(steps * learning) * cells);
      result.totals[0] += share * miss;
      for (std::int64_t c = 0; c < length; ++c) {
        result.errors[static_cast<std::size_t>(source + c)] -=
            share * sign * values[static_cast<std::size_t>(target + c)];
        result.errors[static_cast<std::size_t>(target + c)] -=
            share * sign * values[static_cast<std::size_t>(source + c)];
      }
    }
  };
  add(drawn.positives, 1);
  add(drawn.negatives, -1);
  const std::int64_t size = grid.size() * features;
  for (std::int64_t image = 0; image < images; ++image) {
    const auto first = result.errors.begin() + image * size;
    result.totals[1] += std::any_of(first, first + size, [](double error) { return error != 0; }) ? 1 : 0;
  }
  return result;
}

void expect_same(const Result& ours, const Result& expected, double tolerance, const std::string& what) {
  EXPECT_LT(relative_error(ours.errors, expected.errors), tolerance) << what;
  EXPECT_NEAR(ours.totals[0], expected.totals[0], tolerance * expected.totals[0]) << what;
  EXPECT_EQ(ours.totals[1], expected.totals[1]) << what;
}

TEST(ClappPatches, EqualsItsFormulaInPlainLoops) {
  const StepContext context = context_of(2, 4);
  for (const char* sampling : {"either", "both"}) {
    for (const char* negatives : {"random", "same_place", "one_image"}) {
      const Settings settings{{"sampling", sampling}, {"negatives", negatives}};
      for (const std::int64_t images : {largest_batch, std::int64_t{3}, std::int64_t{1}}) {
        const Drawn drawn = draw(settings, images, context);
        constexpr std::int64_t features = vectors * 7;
        const Tensor embeddings =
            random_tensor({images * grid.size(), features}, DType::float64, Device::reference, 5, 0.6F);
        const Result expected = clapp_by_hand(values_of(embeddings), images, features, drawn);
        const std::string what = fmt::format("{}, {}, {} images", sampling, negatives, images);
        expect_same(evaluate(*clapp(settings, features), embeddings, context), expected, 1e-10, what);
        const auto fast = clapp(settings, features, DType::float32, Device::cpu);
        const Tensor narrow = tensor_of(embeddings.shape(), values_of(embeddings), DType::float32, Device::cpu);
        expect_same(evaluate(*fast, narrow, context), expected, 1e-5, what);
      }
    }
  }
}

TEST(ClappPatches, PositivesAreThePatchesBelowInTheColumn) {
  for (const char* sampling : {"either", "both"}) {
    const Drawn drawn = draw({{"sampling", sampling}}, 4, context_of(0, 1));
    std::vector<Term> expected;
    for (std::int64_t image = 0; image < 4; ++image) {
      if (!learns(drawn.positives, image)) continue;
      for (std::int64_t row = 0; row < grid.rows; ++row) {
        for (std::int64_t column = 0; column < grid.columns; ++column) {
          for (std::int64_t k = 1; k <= steps && row + k + skip < grid.rows; ++k) {
            const std::int64_t place = row * grid.columns + column;
            expected.push_back({image, k, place, image, (row + k + skip) * grid.columns + column});
          }
        }
      }
    }
    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(drawn.positives, expected) << sampling;
  }
}

TEST(ClappPatches, ACoinChoosesWhatEachImageLearnsFrom) {
  std::vector<int> positives(4);
  int alike = 0;
  constexpr int batches = 200;
  for (int batch = 0; batch < batches; ++batch) {
    const Drawn drawn = draw({{"sampling", "either"}}, 4, context_of(0, batch));
    for (std::int64_t image = 0; image < 4; ++image) {
      EXPECT_NE(learns(drawn.positives, image), learns(drawn.negatives, image));
      positives[static_cast<std::size_t>(image)] += learns(drawn.positives, image) ? 1 : 0;
    }
    alike += learns(drawn.positives, 0) == learns(drawn.positives, 1) ? 1 : 0;
  }
  for (const int count : positives) EXPECT_NEAR(count, batches / 2, 36);  // five deviations
  EXPECT_NEAR(alike, batches / 2, 36) << "each image has a coin of its own";
  const Drawn both = draw({{"sampling", "both"}}, 4, context_of(0, 0));
  EXPECT_EQ(both.positives.size(), both.negatives.size());
  EXPECT_EQ(both.positives.size(), 4U * (3 + 2 + 1) * 2);
}

TEST(ClappPatches, NegativesAreOfOtherImagesWhereTheyMayBe) {
  for (const char* negatives : {"random", "same_place", "one_image"}) {
    const std::string kind = negatives;
    bool elsewhere = false;
    std::vector<bool> changes(4);
    for (int batch = 0; batch < 10; ++batch) {
      const Drawn drawn = draw({{"sampling", "both"}, {"negatives", negatives}}, 4, context_of(0, batch));
      std::vector<std::optional<std::int64_t>> other(4);
      for (const Term& term : drawn.negatives) {
        EXPECT_NE(term.target_image, term.image) << kind;
        EXPECT_GE(term.target_place, (term.k + skip) * grid.columns) << kind;
        const bool same_place = term.target_place == term.place + (term.k + skip) * grid.columns;
        elsewhere = elsewhere || !same_place;
        auto& first = other[static_cast<std::size_t>(term.image)];
        if (first && *first != term.target_image) changes[static_cast<std::size_t>(term.image)] = true;
        if (!first) first = term.target_image;
      }
    }
    EXPECT_EQ(elsewhere, kind == "random");
    EXPECT_EQ(changes, std::vector<bool>(4, kind != "one_image")) << kind;
  }
}

TEST(ClappPatches, RandomNegativesAreEachPatchEquallyOften) {
  // Of step 1, whose targets lie in the last three rows: 18 patches of three other images.
  std::vector<std::vector<int>> counts(4, std::vector<int>(40));
  constexpr int batches = 150;
  for (int batch = 0; batch < batches; ++batch) {
    for (const Term& term : draw({{"sampling", "both"}}, 4, context_of(1, batch)).negatives) {
      if (term.k != 1) continue;
      ++counts[static_cast<std::size_t>(term.image)]
              [static_cast<std::size_t>(term.target_image * grid.size() + term.target_place)];
    }
  }
  const double expected = batches * 6.0 / 18;
  for (std::size_t image = 0; image < 4; ++image) {
    for (std::size_t patch = 0; patch < 40; ++patch) {
      const bool possible = patch / 10 != image && patch % 10 >= 4;
      EXPECT_NEAR(counts[image][patch], possible ? expected : 0, possible ? 6 * std::sqrt(expected) : 0);
    }
  }
}

TEST(ClappPatches, DrawsDependOnSeedEpochAndBatchAlone) {
  const auto terms = [](std::uint64_t seed, std::int64_t epoch, std::int64_t batch) {
    return draw({}, 4, context_of(epoch, batch), seed).negatives;
  };
  EXPECT_EQ(terms(1, 2, 3), terms(1, 2, 3));
  EXPECT_NE(terms(1, 2, 3), terms(2, 2, 3));
  EXPECT_NE(terms(1, 2, 3), terms(1, 3, 3));
  EXPECT_NE(terms(1, 2, 3), terms(1, 2, 4));
}

TEST(ClappPatches, OneImageLearnsFromPositivesAlone) {
  for (const char* sampling : {"either", "both"}) {
    for (int batch = 0; batch < 4; ++batch) {
      const Drawn drawn = draw({{"sampling", sampling}}, 1, context_of(0, batch));
      EXPECT_EQ(drawn.positives.size(), 12U) << sampling;
      EXPECT_TRUE(drawn.negatives.empty()) << sampling;
    }
  }
}

/// The hinge on patches in plain loops: d is the L1 distance.
Result hinge_by_hand(const std::vector<double>& values, std::int64_t images, std::int64_t features, std::int64_t recent,
                     double weight, bool block_gradient) {
  Result result{std::vector<double>(values.size()), {0, 0}};
  double compared = 0;
  for (std::int64_t k = 1; k <= steps; ++k) compared += static_cast<double>((grid.rows - k - skip) * grid.columns);
  const auto add = [&](std::size_t memory, std::size_t later, bool positive) {
    double distance = 0;
    for (std::size_t d = 0; d < static_cast<std::size_t>(features); ++d) {
      distance += std::abs(values[memory + d] - values[later + d]);
    }
    const double miss = positive ? 1 + distance - 2 : 1 - distance + 2;
    if (miss <= 0) return;
    const double share = (positive ? 1 : weight) / compared;
    result.totals[0] += share * miss;
    for (std::size_t d = 0; d < static_cast<std::size_t>(features); ++d) {
      const double rise = values[later + d] - values[memory + d];
      const double error = (positive ? share : -share) * (rise > 0 ? 1 : rise < 0 ? -1 : 0);
      result.errors[later + d] += error;
      if (!block_gradient) result.errors[memory + d] -= error;
    }
  };
  const auto at = [&](std::int64_t image, std::int64_t row, std::int64_t column) {
    return static_cast<std::size_t>(((image * grid.rows + row) * grid.columns + column) * features);
  };
  for (std::int64_t image = 0; image < images; ++image) {
    for (std::int64_t k = 1; k <= steps; ++k) {
      for (std::int64_t row = 0; row + k + skip < grid.rows; ++row) {
        for (std::int64_t column = 0; column < grid.columns; ++column) {
          const std::size_t later = at(image, row + k + skip, column);
          add(at(image, row, column), later, true);
          for (std::int64_t j = 1; j <= recent && j <= image; ++j) add(at(image - j, row, column), later, false);
        }
      }
    }
  }
  const std::int64_t size = grid.size() * features;
  for (std::int64_t image = 0; image < images; ++image) {
    const auto first = result.errors.begin() + image * size;
    result.totals[1] += std::any_of(first, first + size, [](double error) { return error != 0; }) ? 1 : 0;
  }
  return result;
}

TEST(HingePatches, EqualsItsFormulaInPlainLoops) {
  constexpr std::int64_t features = 5;
  for (const bool block_gradient : {true, false}) {
    for (const std::int64_t recent : {1L, 2L, 4L}) {
      const Settings settings = with({{"recent", recent}, {"weight", 0.3}, {"block_gradient", block_gradient}});
      for (const std::int64_t images : {largest_batch, std::int64_t{3}, std::int64_t{1}}) {
        const Tensor embeddings =
            random_tensor({images * grid.size(), features}, DType::float64, Device::reference, 5, 0.4F);
        const double weight = static_cast<double>(0.3F);
        const Result expected = hinge_by_hand(values_of(embeddings), images, features, recent, weight, block_gradient);
        const std::string what = fmt::format("{} recent, {} images", recent, images);
        for (const Device device : {Device::reference, Device::cpu}) {
          const DType dtype = device == Device::cpu ? DType::float32 : DType::float64;
          const auto loss = LossRegistry::instance().make("hinge_patches", settings, setup_of(features, dtype, device));
          const Tensor rows = tensor_of(embeddings.shape(), values_of(embeddings), dtype, device);
          expect_same(evaluate(*loss, rows, context_of(0, 0)), expected, device == Device::cpu ? 1e-5 : 1e-10, what);
        }
      }
    }
  }
}

TEST(HingePatches, ThePublishedWeightIsAFifth) {
  constexpr std::int64_t features = 5;
  const Tensor embeddings = random_tensor({30, features}, DType::float64, Device::reference, 5, 0.4F);
  const auto loss =
      LossRegistry::instance().make("hinge_patches", of_steps, setup_of(features, DType::float64, Device::reference));
  const double weight = static_cast<double>(0.2F);
  expect_same(evaluate(*loss, embeddings, context_of(0, 0)),
              hinge_by_hand(values_of(embeddings), 3, features, 4, weight, true), 1e-10, "as it comes");
}

TEST(PatchLosses, DoNotDependOnThreads) {
  const ThreadsKept outside;
  for (const char* kind : {"clapp_patches", "hinge_patches"}) {
    constexpr std::int64_t features = vectors * 8;
    const Tensor embeddings = random_tensor({4 * grid.size(), features}, DType::float32, Device::cpu, 5, 0.3F);
    const auto evaluated = [&](int count) {
      set_threads(count);
      const auto loss = LossRegistry::instance().make(kind, of_steps, setup_of(features, DType::float32, Device::cpu));
      Result result = evaluate(*loss, embeddings, context_of(0, 0));
      result.errors.push_back(result.totals[0]);
      return result.errors;
    };
    const std::vector<double> one = evaluated(1);
    for (const int count : {2, 5}) EXPECT_EQ(evaluated(count), one) << kind;
  }
}

TEST(PatchLosses, RefuseGridsThatAreTooSmall) {
  const auto refusal = [](const char* kind, const Settings& settings, const PatchGrid& cut) {
    return message_of<std::invalid_argument>([&] {
      LossSetup setup = setup_of(6, DType::float32, Device::cpu);
      setup.grid = cut;
      LossRegistry::instance().make(kind, settings, setup);
    });
  };
  using ::testing::AllOf;
  using ::testing::HasSubstr;
  for (const char* kind : {"clapp_patches", "hinge_patches"}) {
    EXPECT_THAT(refusal(kind, {}, {2, 9}),
                AllOf(HasSubstr(kind), HasSubstr("a grid of 2x9 patches has no patch 2 rows"), HasSubstr("views.crop"),
                      HasSubstr("loss.skip")));
    EXPECT_THAT(refusal(kind, {}, {3, 3}), AllOf(HasSubstr("steps = 5 and skip = 1 reach 6 rows down"),
                                                 HasSubstr("3x3 patches allows 2"), HasSubstr("set loss.steps = 1")));
    EXPECT_NO_THROW(LossRegistry::instance().make(kind, {}, [] {
      LossSetup setup = setup_of(6, DType::float32, Device::cpu);
      setup.grid = {7, 1};
      return setup;
    }()));
  }
  EXPECT_THAT(
      refusal("clapp_patches", {{"steps", std::int64_t{3}}}, {5, 5}),
      AllOf(HasSubstr("embeddings of 6 numbers are not 3 predictions and a target"), HasSubstr("network.head.kind")));
}

}  // namespace
}  // namespace biossl
