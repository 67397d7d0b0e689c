#include "biossl/core/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/registry.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

struct ExampleOptions {
  double weight = 0.2;
  std::int64_t recent = 4;
  bool block_gradient = true;
  std::string negatives = "recent";

  template <class Visitor>
  void visit(Visitor& field) {
    field("weight", weight, "of the negatives");
    field("recent", recent, "how many");
    field("block_gradient", block_gradient, "whether");
    field("negatives", negatives, "which");
    field.refuse("memory", "nothing is remembered");
  }
};

TEST(Settings, LeftOutKeysKeepTheirDefaults) {
  const auto options = read_options<ExampleOptions>("loss", {{"recent", std::int64_t{7}}, {"block_gradient", false}});
  EXPECT_EQ(options.recent, 7);
  EXPECT_FALSE(options.block_gradient);
  EXPECT_EQ(options.weight, 0.2);
  EXPECT_EQ(options.negatives, "recent");
}

TEST(Settings, WholeNumbersMayStandForReals) {
  EXPECT_EQ(read_options<ExampleOptions>("loss", {{"weight", std::int64_t{1}}}).weight, 1.0);
}

TEST(Settings, UnknownKeysAreErrorsThatNameTheNearest) {
  EXPECT_THAT(
      [] {
        read_options<ExampleOptions>("loss", {{"wieght", 0.5}});
      },
      ThrowsMessage<std::invalid_argument>(
          AllOf(StartsWith("[loss]"), HasSubstr("'wieght'"), HasSubstr("did you mean 'weight'"))));
}

TEST(Settings, RefusedKeysAreErrorsThatSayWhy) {
  EXPECT_THAT(
      [] {
        read_options<ExampleOptions>("loss", {{"memory", true}});
      },
      ThrowsMessage<std::invalid_argument>(HasSubstr("'memory' makes no sense here: nothing is remembered")));
  for (const Field& field : list_fields(ExampleOptions{})) EXPECT_NE(field.name, "memory");
}

TEST(Settings, NumbersAreFinite) {
  for (const double number : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    EXPECT_THAT(
        [&] {
          read_options<ExampleOptions>("loss", {{"weight", number}});
        },
        ThrowsMessage<std::invalid_argument>(HasSubstr("'weight' must be a finite number")));
  }
}

TEST(Settings, WrongTypesAreErrors) {
  const std::vector<Settings> wrong = {{{"weight", std::string("much")}},
                                       {{"recent", 4.0}},
                                       {{"block_gradient", std::int64_t{1}}},
                                       {{"negatives", true}}};
  for (const Settings& settings : wrong) {
    EXPECT_THAT([&] { read_options<ExampleOptions>("loss", settings); },
                ThrowsMessage<std::invalid_argument>(HasSubstr("'" + settings.begin()->first + "' must be")));
  }
}

TEST(Settings, FieldsAreListedWithTheirValues) {
  std::vector<std::string> names;
  for (const Field& field : list_fields(ExampleOptions{})) names.push_back(field.name);
  EXPECT_THAT(names, ElementsAre("weight", "recent", "block_gradient", "negatives"));
  EXPECT_EQ(std::get<std::int64_t>(list_fields(ExampleOptions{})[1].value), 4);
}

TEST(Settings, ChoicesAreChecked) {
  EXPECT_NO_THROW(check_choice("loss", "negatives", "all", {"all", "recent"}));
  EXPECT_THAT(
      [] {
        check_choice("loss", "negatives", "al", {"all", "recent"});
      },
      ThrowsMessage<std::invalid_argument>(HasSubstr("did you mean 'all'")));
}

/// A kind of component of its own, so that what is registered here is all there is.
struct Shade {
  static constexpr const char* kind = "shade";
  virtual ~Shade() = default;
  virtual double depth() const = 0;
};
using ShadeRegistry = Registry<Shade, double>;

struct DarkOptions {
  double factor = 2;

  template <class Visitor>
  void visit(Visitor& field) {
    field("factor", factor, "how dark");
  }
};

class Dark final : public Shade {
 public:
  Dark(const DarkOptions& options, double base) : depth_(options.factor * base) {}
  double depth() const override { return depth_; }

 private:
  double depth_;
};

const Registration<ShadeRegistry, Dark, DarkOptions> registration("dark", "a factor darker");

TEST(Registry, MakesWhatIsRegisteredByName) {
  const ShadeRegistry& registry = ShadeRegistry::instance();
  EXPECT_THAT(registry.names(), ElementsAre("dark"));
  EXPECT_EQ(registry.find("dark").summary, "a factor darker");
  EXPECT_EQ(registry.find("dark").fields.at(0).name, "factor");
  EXPECT_EQ(registry.make("dark", {}, 3.0)->depth(), 6.0);
  EXPECT_EQ(registry.make("dark", {{"factor", 5.0}}, 3.0)->depth(), 15.0);
  EXPECT_EQ(std::get<double>(registry.find("dark").resolve({{"factor", 5.0}}).at(0).value), 5.0);
}

TEST(Registry, UnknownNamesAreErrorsThatNameTheNearest) {
  EXPECT_THAT(
      [] { ShadeRegistry::instance().find("dork"); },
      ThrowsMessage<std::invalid_argument>(StartsWith("[shade] there is no shade 'dork'; did you mean 'dark'")));
}

TEST(Registry, OfTwoWithOneNameNeitherIsMade) {
  using Twice = Registry<Shade>;
  const Twice::Entry entry{.summary = "", .abbreviation = "", .fields = {}, .resolve = {}, .make = [](const Settings&) {
                             return std::unique_ptr<Shade>();
                           }};
  Twice registry;
  registry.add("dim", entry);
  registry.add("dark", entry);
  registry.add("dim", entry);
  EXPECT_NO_THROW(registry.make("dark", {}));
  EXPECT_THAT([&] { registry.make("dim", {}); },
              ::testing::ThrowsMessage<std::invalid_argument>(::testing::HasSubstr("rename one of them")));
  registry.replace("dim", entry);
  EXPECT_NO_THROW(registry.make("dim", {})) << "put in the place of both on purpose";
}

TEST(Registry, OptionsAreReadUnderTheComponentsName) {
  EXPECT_THAT(
      [] {
        ShadeRegistry::instance().make("dark", {{"factro", 5.0}}, 3.0);
      },
      ThrowsMessage<std::invalid_argument>(StartsWith("[dark] there is no key 'factro'")));
}

}  // namespace
}  // namespace biossl
