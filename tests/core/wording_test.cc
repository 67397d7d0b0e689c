#include "biossl/core/wording.h"

#include <gtest/gtest.h>

namespace biossl {
namespace {

class Wording : public ::testing::Test {
 protected:
  ~Wording() override { wording::set_front_end(&wording::as_program); }
};

TEST_F(Wording, IsTheProgramsUnlessAFrontEndSetsItsOwn) {
  EXPECT_EQ(fmt::format("use {}", wording::option("device", "cpu")), "use --device cpu");
  EXPECT_EQ(fmt::format("{}", wording::option("out")), "--out");
  EXPECT_EQ(fmt::format("{}", wording::flag("resume")), "--resume");
  EXPECT_EQ(fmt::format("{}", wording::setting("train.epochs", "5")), "--set train.epochs=5");
  EXPECT_EQ(fmt::format("{}", wording::command("data pack")), "`biossl data pack`");
}

TEST_F(Wording, FollowsTheFrontEnd) {
  wording::set_front_end([](const wording::Term& term) { return fmt::format("<{}|{}>", term.name, term.value); });
  EXPECT_EQ(fmt::format("use {}", wording::option("device", "cpu")), "use <device|cpu>");
}

}  // namespace
}  // namespace biossl
