#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/training/trainer.h"
#include "tests/support/message_of.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::here;
using testing::tiny_recipe;

/// 3 epochs of 5 batches.
Recipe with_warm_up(const std::string& epochs) { return tiny_recipe({{"train.warmup_epochs", epochs}}); }

TEST(WarmUp, OneThatIsTooLongIsRefusedWhateverItsLength) {
  for (const std::string given : {"3.2", "4", "1e+18", "1e+300"}) {
    EXPECT_THAT(testing::message_of<BadInput>([&] { Trainer(with_warm_up(given), here); }),
                AllOf(HasSubstr("a warm-up of train.warmup_epochs = " + given + " does not fit into 3 epochs"),
                      HasSubstr("lower it: --set train.warmup_epochs=3")));
  }
}

TEST(WarmUp, OneOfTheWholeRunIsTaken) {
  for (const char* given : {"0", "0.5", "3", "3.09"}) EXPECT_NO_THROW(Trainer(with_warm_up(given), here)) << given;
}

}  // namespace
}  // namespace biossl
