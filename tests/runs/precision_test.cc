#include "biossl/runs/precision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/core/processor.h"
#include "tests/support/message_of.h"
#include "tests/support/tiny.h"

// tf32 stands for any precision that a device lacks: no processor trains with it.

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using ::testing::Not;
using testing::StoppingReporter;
using testing::tiny_recipe;

Recipe of_precision(const std::string& precision) { return tiny_recipe({{"train.precision", precision}}); }

TEST(Precision, WhatTheDeviceLacksIsRefusedWithWhatToSet) {
  EXPECT_NO_THROW(check_precision(of_precision("float32"), Device::cpu));
  EXPECT_NO_THROW(check_precision(of_precision("auto"), Device::cpu));
  EXPECT_NO_THROW(check_precision(of_precision("tf32"), Device::cuda));
  EXPECT_NO_THROW(check_precision(of_precision("bfloat16"), Device::reference));
  const auto told = message_of<BadInput>([] { check_precision(of_precision("tf32"), Device::cpu); });
  EXPECT_THAT(told, HasSubstr("--set train.precision=float32"));
}

TEST(Precision, ARunThatGoesOnKeepsWhatItBeganWith) {
  StoppingReporter reporter;
  for (const char* wanted : {"auto", "float32"}) {
    Recipe recipe = of_precision(wanted);
    continue_precision(recipe, of_precision("float32"), Device::cpu, reporter);
    EXPECT_EQ(recipe.train.precision, "float32");
  }
  EXPECT_EQ(reporter.notes, "");
}

TEST(Precision, ARunFromElsewhereGoesOnInAnotherPrecisionOnlyWhereThatIsAskedFor) {
  StoppingReporter reporter;
  const Recipe begun = of_precision("tf32");
  for (const char* wanted : {"auto", "tf32"}) {
    Recipe recipe = of_precision(wanted);
    const auto told = message_of<BadInput>([&] { continue_precision(recipe, begun, Device::cpu, reporter); });
    EXPECT_THAT(told, HasSubstr("--set train.precision=float32"));
    EXPECT_THAT(told, HasSubstr("not be bit-equal"));
  }
  EXPECT_EQ(reporter.notes, "");
  Recipe recipe = of_precision("float32");
  continue_precision(recipe, begun, Device::cpu, reporter);
  EXPECT_EQ(recipe.train.precision, "float32");
  EXPECT_THAT(reporter.notes, HasSubstr("not bit-equal"));
}

TEST(Precision, AnEncoderFromElsewhereIsReadInFloat32) {
  StoppingReporter reporter;
  Recipe recipe = of_precision("tf32");
  read_as_float32_where_needed(recipe, Device::cuda, reporter);
  EXPECT_EQ(recipe.train.precision, "tf32");
  EXPECT_EQ(reporter.notes, "");
  read_as_float32_where_needed(recipe, Device::cpu, reporter);
  EXPECT_EQ(recipe.train.precision, "float32");
  EXPECT_THAT(reporter.notes, HasSubstr("read in float32"));
}

TEST(Precision, SaysWhichPrecisionAutoMeans) {
  StoppingReporter reporter;
  Recipe recipe = tiny_recipe();
  const std::string meant = is_fast(Device::cpu, DType::bfloat16) ? "bfloat16" : "float32";
  settle_precision(recipe, Device::cpu, reporter);
  EXPECT_EQ(recipe.train.precision, meant);
  EXPECT_THAT(reporter.notes, HasSubstr("precision: " + meant));
  EXPECT_THAT(reporter.notes, Not(HasSubstr("probe"))) << "training alone has none";
  settle_probe_precision(recipe, Device::cpu, reporter);
  EXPECT_EQ(recipe.probe.precision, meant);
  EXPECT_THAT(reporter.notes, HasSubstr("probe's features: " + meant));
  Recipe exact = tiny_recipe({{"train.precision", "float32"}, {"probe.precision", "float32"}});
  settle_precision(exact, Device::cpu, reporter);
  settle_probe_precision(exact, Device::cpu, reporter);
  EXPECT_EQ(exact.train.precision, "float32");
  EXPECT_EQ(exact.probe.precision, "float32");
}

TEST(Precision, TellsOfABfloat16ThatIsSlower) {
  if (!can_train("bfloat16", Device::cpu)) GTEST_SKIP() << "needs a processor with AVX-512";
  StoppingReporter reporter;
  Recipe recipe = of_precision("bfloat16");
  settle_precision(recipe, Device::cpu, reporter);
  EXPECT_EQ(recipe.train.precision, "bfloat16") << "it was asked for";
  const bool faster = is_fast(Device::cpu, DType::bfloat16);
  EXPECT_EQ(reporter.notes.starts_with("precision: bfloat16 (this processor "), !faster) << reporter.notes;
  StoppingReporter other;
  settle_precision(recipe, Device::reference, other);
  EXPECT_EQ(other.notes, "") << "plain loops are slow with every type";
}

}  // namespace
}  // namespace biossl
