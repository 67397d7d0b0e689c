#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/core/processor.h"
#include "biossl/recipe/recipe.h"
#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

// A run that was trained in bfloat16, on a processor that has only AVX2. Where this processor has more, oneDNN is told
// to use no more.

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;
using testing::Process;

constexpr const char* narrow_recipe = R"(
[data]
pretrain = "world"
probe = "world"
images = 40
probe_images = 30
test_images = 20
image_size = 12
[views]
kind = "identity"
[[network.blocks]]
channels = 4
pool = 2
[network.head]
features = 4
[train]
epochs = 2
batch = 8
precision = "bfloat16"
[probe]
epochs = 2
)";

class OnAvx2 : public ::testing::Test {
 protected:
  void SetUp() override { write_file(folder_.path() / "narrow.toml", narrow_recipe); }

  std::string in(const std::string& name) const { return (folder_.path() / name).string(); }
  Outcome here(const std::vector<std::string>& arguments) const {
    return Process(testing::paths::program, folder_.path(), arguments).wait();
  }
  Outcome on_avx2(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"ONEDNN_MAX_CPU_ISA=AVX2", testing::paths::program});
    return Process("/usr/bin/env", folder_.path(), arguments).wait();
  }

  testing::TemporaryFolder folder_;
};

TEST_F(OnAvx2, Bfloat16IsRefusedBeforeAnythingRuns) {
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"run", in("narrow.toml"), "--out", in("refused")},
                                             {"pretrain", in("narrow.toml"), "--out", in("refused")},
                                             {"bench", "step", "--recipe", in("narrow.toml"), "--repeat", "1"},
                                             {"reproduce", folder_.path().string(), "--out", in("refused")}}) {
    const Outcome refused = on_avx2(command);
    EXPECT_EQ(refused.code, 3) << command[0] << refused.error;
    EXPECT_THAT(refused.error, HasSubstr("AVX-512"));
    EXPECT_THAT(refused.error, HasSubstr("--set train.precision=float32"));
    EXPECT_EQ(std::ranges::count(refused.error, '\n'), 1) << refused.error;
    EXPECT_FALSE(std::filesystem::exists(in("refused")));
  }
  const Outcome described = on_avx2({"describe", in("narrow.toml")});
  EXPECT_EQ(described.code, 0) << described.error;
  EXPECT_THAT(described.out, HasSubstr("precision bfloat16 (this processor computes no bfloat16"));
}

TEST_F(OnAvx2, AutoIsFloat32) {
  const Outcome run = on_avx2({"run", in("narrow.toml"), "--set", "train.precision=auto", "--out", in("run")});
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_THAT(run.out, HasSubstr("precision: float32"));
}

TEST_F(OnAvx2, ARunInBfloat16FromElsewhereIsReadInFloat32) {
  if (!can_compute(Device::cpu, DType::bfloat16)) GTEST_SKIP() << bfloat16_support(Device::cpu);
  ASSERT_EQ(here({"run", in("narrow.toml"), "--out", in("run")}).code, 0);
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"probe", in("run")}, {"embed", in("run"), "--out", in("features.npy")}}) {
    const Outcome read = on_avx2(command);
    EXPECT_EQ(read.code, 0) << read.error;
    EXPECT_THAT(read.out, HasSubstr("read in float32"));
  }
  EXPECT_THAT(read_file(in("run/recipe.toml")), HasSubstr("precision = \"bfloat16\""));
  EXPECT_EQ(on_avx2({"describe", in("run/recipe.toml")}).code, 0);
}

TEST_F(OnAvx2, ARunInBfloat16FromElsewhereGoesOnInFloat32WhereThatIsAskedFor) {
  if (!can_compute(Device::cpu, DType::bfloat16)) GTEST_SKIP() << bfloat16_support(Device::cpu);
  ASSERT_EQ(here({"pretrain", in("narrow.toml"), "--set", "train.checkpoint_every=1", "--out", in("run")}).code, 0);
  std::filesystem::remove(in("run/checkpoints/epoch_0002.safetensors"));
  const Outcome asked = on_avx2({"run", "--resume", "--out", in("run")});
  EXPECT_EQ(asked.code, 3) << asked.error;
  EXPECT_THAT(asked.error, HasSubstr("--set train.precision=float32"));
  EXPECT_THAT(asked.error, HasSubstr("bit-equal"));
  const Outcome went_on = on_avx2({"run", "--resume", "--set", "train.precision=float32", "--out", in("run")});
  EXPECT_EQ(went_on.code, 0) << went_on.error;
  EXPECT_THAT(went_on.out, HasSubstr("not bit-equal"));
  const auto environment = nlohmann::json::parse(read_file(in("run/environment.json")));
  EXPECT_EQ(environment["precision"], "bfloat16");
  ASSERT_EQ(environment["resumed"].size(), 1U);
  EXPECT_EQ(environment["resumed"][0]["precision"], "float32");
  EXPECT_EQ(environment["resumed"][0]["epoch"], 1);
  EXPECT_EQ(read_recipe(in("run/recipe.toml")).train.precision, "float32");
}

}  // namespace
}  // namespace biossl
