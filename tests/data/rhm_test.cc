#include "biossl/data/rhm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "biossl/core/parallel.h"
#include "biossl/data/summary.h"
#include "biossl/data/views.h"
#include "biossl/recipe/components.h"
#include "tests/support/devices.h"
#include "tests/support/message_of.h"
#include "tests/support/tensors.h"

namespace biossl::rhm {
namespace {

using Symbols = std::vector<std::int32_t>;
using ::testing::HasSubstr;

constexpr RhmOptions strings{};
constexpr RhmOptions squares{.symbols = 8, .synonyms = 4, .tuple = 4, .levels = 2, .classes = 8};
constexpr RhmOptions threes{.symbols = 5, .synonyms = 3, .tuple = 3, .levels = 2, .classes = 4};
const std::vector<RhmOptions> all_options{strings, squares, threes};

DatasetRequest request(std::int64_t images, Split split = Split::train, std::uint64_t seed = 1) {
  return {split, "", images, 32, seed};
}

std::vector<std::uint8_t> image_of(const Dataset& dataset, std::int64_t index) {
  const Tensor pixels = dataset.pixels().rows(index, index + 1);
  return {pixels.span<std::uint8_t>().begin(), pixels.span<std::uint8_t>().end()};
}

/// The string of an image. Where four symbols make a square, their squares are read from the lowest level up, so that
/// the four of one tuple stand together.
Symbols string_of(const std::vector<std::uint8_t>& image, const Shape& shape) {
  const std::int64_t height = shape[0];
  const std::int64_t width = shape[1];
  std::vector<std::int32_t> pixels;
  for (std::int64_t pixel = 0; pixel < height * width; ++pixel) {
    std::optional<std::int32_t> symbol;
    for (std::int64_t channel = 0; channel < shape[2]; ++channel) {
      const std::uint8_t value = image[static_cast<std::size_t>(pixel * shape[2] + channel)];
      EXPECT_TRUE(value == 0 || value == 255);
      if (value == 0) continue;
      EXPECT_FALSE(symbol) << "two symbols at one place";
      symbol = static_cast<std::int32_t>(channel);
    }
    EXPECT_TRUE(symbol);
    pixels.push_back(symbol.value_or(0));
  }
  if (height == 1) return pixels;
  std::map<std::int64_t, std::int32_t> by_place;  // the bits of row and column in turns
  for (std::int64_t row = 0; row < height; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      std::int64_t place = 0;
      for (int bit = 0; bit < 16; ++bit) {
        place |= (row >> bit & 1) << (2 * bit + 1) | (column >> bit & 1) << (2 * bit);
      }
      by_place[place] = pixels[static_cast<std::size_t>(row * width + column)];
    }
  }
  Symbols ordered;
  for (const auto& [place, symbol] : by_place) ordered.push_back(symbol);
  return ordered;
}

/// Which symbol a tuple belongs to on a level.
std::map<Symbols, std::int32_t> decoder(const Rules& rules, std::int64_t level) {
  std::map<Symbols, std::int32_t> symbol_of;
  for (std::int32_t symbol = 0; symbol < rules.symbols(level); ++symbol) {
    for (std::int64_t synonym = 0; synonym < rules.options().synonyms; ++synonym) {
      const auto tuple = rules.tuple(level, symbol, synonym);
      EXPECT_TRUE(symbol_of.emplace(Symbols(tuple.begin(), tuple.end()), symbol).second) << "a tuple of two symbols";
    }
  }
  return symbol_of;
}

/// The string `levels` levels above.
Symbols decode(const Rules& rules, Symbols string, std::int64_t levels) {
  const auto size = rules.options().tuple;
  for (std::int64_t level = rules.options().levels - 1; levels > 0; --level, --levels) {
    const auto symbol_of = decoder(rules, level);
    Symbols above;
    for (auto at = string.begin(); at != string.end(); at += size)
      above.push_back(symbol_of.at(Symbols(at, at + size)));
    string = above;
  }
  return string;
}

TEST(Rhm, RulesAreUnambiguousAndFollowFromTheSeed) {
  for (const RhmOptions& options : all_options) {
    const Rules rules(options, 1);
    const Rules again(options, 1);
    const Rules other(options, 2);
    for (std::int64_t level = 0; level < options.levels; ++level) {
      const auto symbol_of = decoder(rules, level);
      EXPECT_EQ(symbol_of.size(), static_cast<std::size_t>(rules.symbols(level) * options.synonyms));
      EXPECT_EQ(symbol_of, decoder(again, level));
      EXPECT_NE(symbol_of, decoder(other, level));
      if (level > 1) {
        EXPECT_NE(symbol_of, decoder(rules, level - 1));
      }
    }
  }
}

TEST(Rhm, EveryStringDecodesToItsClass) {
  for (const RhmOptions& options : all_options) {
    for (const Split split : {Split::train, Split::test}) {
      const Rhm dataset(options, request(100, split));
      for (std::int64_t i = 0; i < dataset.size(); ++i) {
        const Symbols string = string_of(image_of(dataset, i), dataset.image_shape());
        EXPECT_EQ(string.size(), static_cast<std::size_t>(options.length()));
        EXPECT_EQ(decode(dataset.rules(), string, options.levels),
                  Symbols{dataset.labels()[static_cast<std::size_t>(i)]});
      }
    }
  }
}

TEST(Rhm, HasStringsOrSquareImages) {
  EXPECT_EQ(Rhm(strings, request(1)).image_shape(), Shape({1, 8, 8}));
  EXPECT_EQ(Rhm(threes, request(1)).image_shape(), Shape({1, 9, 5}));
  EXPECT_EQ(Rhm(squares, request(1)).image_shape(), Shape({4, 4, 8}));
  EXPECT_EQ(
      image_shape("rhm", {{"tuple", std::int64_t{9}}, {"symbols", std::int64_t{2}}, {"levels", std::int64_t{2}}}, 0),
      Shape({9, 9, 2}));
}

TEST(Rhm, ClassesAreBalancedAndDefaultsAreSensible) {
  const DatasetSummary summary = summarize(*open_dataset("rhm", request(800)));
  ASSERT_EQ(summary.class_names.size(), 8U);
  for (const std::int64_t size : summary.class_sizes) EXPECT_EQ(size, 100);
  EXPECT_EQ(open_dataset("rhm", request(0))->size(), default_train_images);
  EXPECT_EQ(open_dataset("rhm", request(0, Split::test))->size(), default_test_images);
}

TEST(Rhm, AnImageDependsOnSeedSplitAndNumberAlone) {
  const int before = threads();
  set_threads(1);
  const auto few = open_dataset("rhm", request(130));
  few->pixels();
  set_threads(2);
  const auto many = open_dataset("rhm", request(400));
  many->pixels();
  set_threads(before);
  int same_as_test = 0;
  int same_as_other_seed = 0;
  const auto test = open_dataset("rhm", request(130, Split::test));
  const auto other = open_dataset("rhm", request(130, Split::train, 2));
  for (std::int64_t i = 0; i < 130; ++i) {
    EXPECT_EQ(image_of(*few, i), image_of(*many, i)) << i;
    same_as_test += image_of(*few, i) == image_of(*test, i) ? 1 : 0;
    same_as_other_seed += image_of(*few, i) == image_of(*other, i) ? 1 : 0;
  }
  EXPECT_LE(same_as_test, 1);
  EXPECT_LE(same_as_other_seed, 1);
}

TEST(Rhm, RefusesRulesThatCannotBeUnambiguous) {
  const auto refused = [](const RhmOptions& options) {
    return testing::message_of<std::invalid_argument>([&] { Rhm(options, request(10)); });
  };
  EXPECT_THAT(refused({.synonyms = 9}), HasSubstr("synonyms = 9; must be between 1 and symbols^(tuple - 1) = 8"));
  EXPECT_THAT(refused({.classes = 9}), HasSubstr("classes = 9 with 8 synonyms each need 72 tuples of 64"));
  EXPECT_THAT(refused({.symbols = 1}), HasSubstr("symbols = 1"));
  EXPECT_THAT(refused({.tuple = 1}), HasSubstr("tuple = 1"));
  EXPECT_THAT(refused({.levels = 0}), HasSubstr("levels = 0"));
  EXPECT_THAT(refused({.symbols = 200, .tuple = 12}), HasSubstr("more than"));
  EXPECT_THAT(refused({.levels = 20}), HasSubstr("more than"));
  EXPECT_THROW(open_dataset("rhm", request(-1)), std::invalid_argument);
}

class SynonymsOn : public ::testing::TestWithParam<Device> {
 protected:
  /// Views of a batch, as bytes.
  static std::vector<std::vector<std::uint8_t>> views(const Rhm& dataset, std::int64_t level, std::uint32_t epoch,
                                                      std::uint32_t view, const std::vector<std::int32_t>& images) {
    const auto count = static_cast<std::int64_t>(images.size());
    const auto made = ViewsRegistry::instance().make("synonyms", {{"level", level}}, {dataset, 5, count, GetParam()});
    Tensor rows({count}, DType::int32, Device::reference);
    std::copy(images.begin(), images.end(), rows.data<std::int32_t>());
    const Shape& shape = dataset.image_shape();
    Tensor dst({count, shape[0], shape[1], shape[2]}, DType::float32, GetParam());
    made->make(epoch, view, on_device(rows, GetParam()), dst);
    const std::vector<double> values = testing::values_of(dst);
    std::vector<std::vector<std::uint8_t>> bytes(images.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      bytes[i / static_cast<std::size_t>(shape.size())].push_back(static_cast<std::uint8_t>(values[i] * 255.0));
    }
    return bytes;
  }
};

TEST_P(SynonymsOn, KeepTheTreeAboveTheLevelsThatAreRedrawn) {
  const RhmOptions deep{.symbols = 4, .synonyms = 4, .tuple = 2, .levels = 4, .classes = 4};
  for (const RhmOptions& options : {strings, squares, deep}) {
    const Rhm dataset(options, request(40));
    std::vector<std::int32_t> images(40);
    for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<std::int32_t>(i);
    for (std::int64_t level = 1; level < options.levels; ++level) {
      const auto first = views(dataset, level, 0, 0, images);
      const auto second = views(dataset, level, 0, 1, images);
      const auto later = views(dataset, level, 1, 0, images);
      int changed_below = 0;
      for (std::size_t i = 0; i < images.size(); ++i) {
        const auto above = [&](const std::vector<std::uint8_t>& image, std::int64_t levels) {
          return decode(dataset.rules(), string_of(image, dataset.image_shape()), levels);
        };
        const auto own = image_of(dataset, static_cast<std::int64_t>(i));
        for (const auto& view : {first[i], second[i], later[i]}) {
          EXPECT_EQ(above(view, level), above(own, level));
          EXPECT_EQ(above(view, options.levels), Symbols{dataset.labels()[i]});
        }
        changed_below += above(first[i], level - 1) != above(second[i], level - 1) ? 1 : 0;
        changed_below += above(first[i], level - 1) != above(later[i], level - 1) ? 1 : 0;
      }
      EXPECT_GT(changed_below, 60) << "level " << level;
    }
  }
}

TEST_P(SynonymsOn, DoNotDependOnTheBatch) {
  const Rhm dataset(strings, request(40));
  const auto together = views(dataset, 2, 3, 1, {7, 2, 9, 30});
  const auto alone = views(dataset, 2, 3, 1, {9});
  EXPECT_EQ(together[2], alone[0]);
  EXPECT_EQ(together, views(dataset, 2, 3, 1, {7, 2, 9, 30}));
}

INSTANTIATE_TEST_SUITE_P(All, SynonymsOn, ::testing::ValuesIn(testing::all_devices()), testing::DeviceName());

TEST(Synonyms, RefuseWhatWouldReadTheLabelAndImagesWithoutATree) {
  const Rhm dataset(strings, request(10));
  const auto refused = [](const Dataset& images, std::int64_t level) {
    return testing::message_of<std::invalid_argument>([&] {
      ViewsRegistry::instance().make("synonyms", {{"level", level}}, {images, 1, 4, Device::reference});
    });
  };
  EXPECT_THAT(refused(dataset, 0), HasSubstr("level = 0; must be between 1 and 2"));
  EXPECT_THAT(refused(dataset, 3), HasSubstr("which is the label"));
  EXPECT_THAT(refused(Rhm({.levels = 1}, request(10)), 1), HasSubstr("a tree of one level"));
  EXPECT_THAT(refused(*open_dataset("world", {Split::train, "", 10, 8, 1}), 1), HasSubstr("no hidden tree"));
}

TEST(RhmRecipe, HasSettingsOfItsOwn) {
  const Recipe shipped = shipped_recipe("rhm");
  EXPECT_EQ(image_shape(shipped), Shape({1, 8, 8}));
  const Recipe deeper = shipped_recipe("rhm", {{"data.rhm.levels", "4"}});
  EXPECT_EQ(image_shape(deeper), Shape({1, 16, 8}));
  EXPECT_EQ(open_probe_images(deeper, {}, ProbePart::test)->image_shape(), Shape({1, 16, 8}));
  EXPECT_EQ(image_shape(parse_recipe(to_toml(deeper), "again.toml")), Shape({1, 16, 8}));
  EXPECT_THAT(to_toml(deeper), ::testing::Not(HasSubstr("image_size")));
  EXPECT_TRUE(deeper.notes.empty());
}

TEST(RhmRecipe, NamesTheFaultAndItsPlace) {
  const std::string text = "[data]\npretrain = \"rhm\"\nprobe = \"rhm\"\n";
  const auto fault = [&](const std::string& more) {
    return testing::message_of<BadInput>([&] { parse_recipe(text + more, "r.toml"); });
  };
  EXPECT_THAT(fault("[data.rhm]\nsymbol = 4\n"), HasSubstr("r.toml:5: [rhm] there is no key 'symbol'"));
  EXPECT_THAT(fault("[data.rhm]\nsynonyms = 9\n"), HasSubstr("r.toml:4: [rhm] synonyms = 9"));
  EXPECT_THAT(fault("[data.rmh]\nsynonyms = 9\n"), HasSubstr("did you mean 'data.rhm'"));
  EXPECT_THAT(fault("image_size = 16\n"), HasSubstr("[data] image_size = 16 makes no sense here"));
  EXPECT_THROW(shipped_recipe("rhm", {{"data.rhm.synonyms", "9"}}), std::invalid_argument);
  const Recipe other = shipped_recipe("rhm", {{"data.pretrain", "world"}, {"data.probe", "world"}});
  EXPECT_THAT(other.notes, ::testing::Contains(HasSubstr("[data.rhm] changes nothing")));
}

}  // namespace
}  // namespace biossl::rhm
