#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "tests/cli/program.h"
#include "tests/support/paths.h"

// Commands that call the Python package: what they hand on, and what they say where it is not there.

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;
using ::testing::StartsWith;

/// Interpreters in place of Python.
class PythonPackage : public testing::Program {
 protected:
  /// What the program does with a shell script as its interpreter: `finds` is its answer to whether a module is there,
  /// `work` what the module does.
  Outcome with(const std::string& finds, const std::string& work, const std::string& arguments) const {
    write_file(in("python"), "#!/bin/sh\nif [ \"$1\" = -c ]; then " + finds + "; fi\n" + work + "\n");
    return shell("cd \"$1\" && chmod +x python && BIOSSL_PYTHON=\"$1/python\" \"$0\" " + arguments);
  }
};

TEST_F(PythonPackage, WhereItIsNotThereOneLineHasTheCommandOfPip) {
  testing::expect_one_line(with("exit 1", "", "report runs/a"), 1, "pip install '.[report]'");
  testing::expect_one_line(with("exit 1", "", "export runs/a --tensorboard b"), 1, "'.[report]'");
  testing::expect_one_line(with("exit 1", "", "export runs/a --onnx b.onnx"), 1, "pip install '.[onnx]'");
  testing::expect_one_line(with("exit 1", "", "run small.toml --out run --tensorboard b"), 1, "'.[report]'");
  EXPECT_FALSE(std::filesystem::exists(in("run"))) << "it is known before anything is done";
  testing::expect_one_line(shell("BIOSSL_PYTHON=\"$1/none\" \"$0\" report runs/a"), 1, "pip install");
}

TEST_F(PythonPackage, IsHandedEveryWordAndItsExitCodeIsThePrograms) {
  const Outcome report =
      with("[ \"$3 $4 $5\" = 'biossl.report numpy matplotlib' ]; exit", "printf '%s\\n' \"$@\"; exit 3",
           "report 'two words' b --out page.html --data d --threads 2 --files-only");
  EXPECT_EQ(report.code, 3) << report.error;
  EXPECT_EQ(report.out,
            "-m\nbiossl.report\n--out\npage.html\n--data\nd\n--threads\n2\n--files-only\n--\ntwo words\nb\n");
  const Outcome events = with("exit 0", "echo \"$@\"; echo \"$BIOSSL_PROGRAM\"", "export runs/a --tensorboard b");
  EXPECT_EQ(events.code, 0) << events.error;
  EXPECT_THAT(events.out, StartsWith("-m biossl.export --tensorboard b -- runs/a\n/"));
  EXPECT_THAT(events.out, HasSubstr(std::filesystem::canonical(testing::paths::program).string()));
}

TEST_F(PythonPackage, FollowsARunUntilItEnds) {
  const std::string work =
      "echo \"$@\" > began; cat > input; test -f run/summary.json && echo behind the results > ended";
  const Outcome run = with("exit 0", work, "run small.toml --out run --tensorboard 'my events' --threads 1");
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(read_file(in("began")), "-m biossl.export --tensorboard my events --follow -- run\n");
  EXPECT_EQ(read_file(in("ended")), "behind the results\n");
  std::filesystem::remove(in("began"));
  const Outcome taken = with("exit 0", work, "run small.toml --out run --tensorboard 'my events'");
  EXPECT_EQ(taken.code, 2) << taken.error;
  EXPECT_FALSE(std::filesystem::exists(in("began"))) << "another run's records are not followed";
}

TEST_F(PythonPackage, AnExportNamesOneFormat) {
  testing::expect_one_line(run({"export", "runs/a"}), 2, "--tensorboard DIR or --onnx FILE");
  EXPECT_EQ(run({"export", "runs/a", "--tensorboard", "b", "--onnx", "c"}).code, 2);
  testing::expect_one_line(run({"report"}), 2, "runs is required");
}

TEST_F(PythonPackage, ReportsAskWhatDiffersFromTheDefaults) {
  const Outcome described = run({"describe", recipe_, "--changes"});
  ASSERT_EQ(described.code, 0) << described.error;
  const std::string changes = described.out.substr(described.out.find("\ndiffers from the defaults\n"));
  EXPECT_THAT(changes, HasSubstr("\n  data.pretrain = \"world\"  (default \"cifar100\")\n"));
  EXPECT_THAT(changes, HasSubstr("\n  train.epochs = 3  (default 400)\n"));
  EXPECT_THAT(changes, HasSubstr("\n  network.blocks.0.channels = 4\n")) << "written blocks have no defaults";
  EXPECT_THAT(changes, Not(HasSubstr("data.world."))) << "the world's own settings are as they are by default";
  EXPECT_THAT(run({"describe", recipe_}).out, Not(HasSubstr("differs from")));
}

}  // namespace
}  // namespace biossl
