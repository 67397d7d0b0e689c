#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "tests/cli/program.h"
#include "tests/support/paths.h"

// Where the program reads from and writes to: standard streams, pipes, devices, places that cannot be written.

namespace biossl {
namespace {

using testing::expect_one_line;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;

class Streams : public testing::Program {
 protected:
  void pretrain() const { ASSERT_EQ(run({"pretrain", recipe_, "--out", in("run")}).code, 0); }
  std::string checkpoint() const { return in("run/checkpoints/epoch_0003.safetensors"); }
  /// The losses of the probes in a probe.json.
  std::vector<double> losses(const std::string& name) const {
    const auto json = nlohmann::json::parse(read_file(in(name)));
    return {json["trained"][0]["final_loss"], json["random"][0]["final_loss"]};
  }
};

TEST_F(Streams, ClosedDescriptorsAreNotTakenByFiles) {
  pretrain();
  // Features of so little memory go through a file, which must not be where lines are printed to.
  const std::string probe =
      "\"$0\" probe \"$1\"/run/checkpoints/epoch_0003.safetensors --set probe.memory_gb=1e-9 --out \"$1\"/";
  ASSERT_EQ(shell(probe + "open.json").code, 0);
  for (const char* closed : {"<&-", ">&-", "2>&-", "<&- >&- 2>&-"}) {
    EXPECT_EQ(shell(probe + "closed.json " + closed).code, 0) << closed;
    EXPECT_EQ(losses("closed.json"), losses("open.json")) << closed;
    std::filesystem::remove(in("closed.json"));
  }
  EXPECT_EQ(shell("exec \"$0\" run \"$1\"/small.toml --out \"$1\"/closed <&- >&- 2>&-").code, 0);
  EXPECT_EQ(std::ranges::count(read_file(in("closed/metrics.jsonl")), '\n'), 3);
}

TEST_F(Streams, AFullStandardOutputIsToldAndCostsNoResults) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full";
  for (const char* command : {"list", "--help", "run --help", "describe", "run \"$1\"/small.toml --out \"$1\"/run"}) {
    expect_one_line(shell(std::string("exec \"$0\" ") + command + " > /dev/full"), 1,
                    "standard output cannot be written (No space left on device)");
  }
  EXPECT_THAT(read_file(in("run/summary.json")), HasSubstr("test_accuracy"));
}

TEST_F(Streams, PlacesForResultsAreLookedAtBeforeTheWork) {
  pretrain();
  write_file(in("file"), "");
  const std::string nowhere = in("no such folder") + "/x";
  const std::vector<std::vector<std::string>> commands{{"probe", checkpoint(), "--out"},
                                                       {"probe", in("run"), "--out"},
                                                       {"embed", checkpoint(), "--out"},
                                                       {"embed", checkpoint(), "--out", in("x.npy"), "--labels"},
                                                       {"data", "preview", "world", "--out"}};
  for (std::vector<std::string> command : commands) {
    command.push_back(nowhere);
    const Outcome refused = run(command);
    expect_one_line(refused, 2, "no such folder; make it first");
    EXPECT_EQ(refused.out, "") << "work was done";
    command.back() = in("");
    expect_one_line(run(command), 2, "is a folder; name a file in it");
  }
  for (const char* command : {"run", "pretrain"}) {
    expect_one_line(run({command, recipe_, "--out", in("file/run")}), 2, "is no folder and cannot become one");
  }
  expect_one_line(run({"reproduce", "table1", "--out", in("file/out")}), 2, "is no folder and cannot become one");
  EXPECT_FALSE(std::filesystem::exists(in("x.npy")));
  if (geteuid() == 0) return;  // who may write everywhere
  std::filesystem::create_directories(in("closed"));
  chmod(in("closed").c_str(), 0555);
  expect_one_line(run({"probe", checkpoint(), "--out", in("closed/x.json")}), 1, "cannot be created");
  expect_one_line(run({"run", recipe_, "--out", in("closed/run")}), 1, "cannot be written to");
}

TEST_F(Streams, ResultsThatCannotBeWrittenAreShown) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full";
  pretrain();
  const Outcome probed = run({"probe", checkpoint(), "--out", "/dev/full"});
  expect_one_line(probed, 1, "/dev/full: cannot be written (No space left on device)");
  EXPECT_THAT(probed.out, HasSubstr("linear probe, 2 epochs"));
  std::filesystem::create_directories(in("run/summary.json/in the way"));
  const Outcome ran = run({"run", "--resume", "--out", in("run")});
  expect_one_line(ran, 1,
                  std::string("summary.json: cannot be written (Is a directory); once it can, go on with: ") +
                      testing::paths::program + " run");
  EXPECT_THAT(ran.out, HasSubstr("linear probe, 2 epochs"));
}

TEST_F(Streams, FeaturesAndPicturesGoThroughPipesUnmixed) {
  pretrain();
  ASSERT_EQ(run({"embed", in("run"), "--images", "7", "--out", in("x.npy")}).code, 0);
  ASSERT_EQ(run({"data", "preview", "world", "--images", "20", "--out", in("x.png")}).code, 0);
  const std::string embed = "\"$0\" embed \"$1\"/run --images 7 --out /dev/stdout";
  for (const std::string& way : {embed + " > \"$1\"/piped", embed + " | cat > \"$1\"/piped"}) {
    const Outcome piped = shell(way);
    EXPECT_EQ(piped.code, 0) << piped.error;
    EXPECT_TRUE(read_file(in("piped")) == read_file(in("x.npy"))) << way;
    EXPECT_THAT(piped.error, HasSubstr("--labels FILE"));
  }
  EXPECT_EQ(shell("\"$0\" data preview world --images 20 --out /dev/stdout | cat > \"$1\"/piped").code, 0);
  EXPECT_TRUE(read_file(in("piped")) == read_file(in("x.png")));
}

TEST_F(Streams, ADeviceStaysADeviceAndGetsNoNeighbour) {
  std::filesystem::create_directories(in("dev"));
  const std::string null = in("dev/null");
  if (mknod(null.c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) GTEST_SKIP() << "no device can be made here";
  pretrain();
  const Outcome embedded = run({"embed", in("run"), "--images", "7", "--out", null});
  if (embedded.code != 0) GTEST_SKIP() << "no device can be opened here: " << embedded.error;
  EXPECT_EQ(run({"probe", checkpoint(), "--out", null}).code, 0);
  EXPECT_EQ(run({"data", "preview", "world", "--images", "20", "--out", null}).code, 0);
  EXPECT_TRUE(std::filesystem::is_character_file(null));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(in("dev")), {}), 1) << "something lies beside it";
  EXPECT_EQ(run({"embed", in("run"), "--images", "7", "--out", null, "--labels", in("labels.npy")}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(in("labels.npy")));
}

TEST_F(Streams, ARecipeComesFromStandardInputOrAPipe) {
  const std::string run = "cd \"$1\"; \"$0\" pretrain ";
  EXPECT_EQ(shell(run + "- < small.toml").code, 0);
  EXPECT_EQ(read_file(in("runs/stdin-seed1/recipe.toml")).rfind("name = \"stdin\"", 0), 0U);
  EXPECT_EQ(shell("cat \"$1\"/small.toml | \"$0\" pretrain - --seed 2 --out \"$1\"/piped").code, 0);
  EXPECT_EQ(shell(run + "/dev/stdin --seed 3 < small.toml").code, 0);
  EXPECT_TRUE(std::filesystem::exists(in("runs/stdin-seed3/recipe.toml")));
  ASSERT_EQ(mkfifo(in("fifo.toml").c_str(), 0600), 0);
  EXPECT_EQ(shell("cd \"$1\"; cat small.toml > fifo.toml & \"$0\" pretrain \"$1\"/fifo.toml").code, 0);
  EXPECT_TRUE(std::filesystem::exists(in("runs/recipe-seed1/recipe.toml"))) << "a pipe's name is no run's";
  expect_one_line(shell("sed s/epochs/epoch/ \"$1\"/small.toml | \"$0\" describe -"), 3, "stdin:17: [train]");
  expect_one_line(shell("\"$0\" describe - < /dev/null"), 3, "nothing came from /dev/stdin");
  expect_one_line(shell("\"$0\" describe /dev/zero"), 3, "does not end within 64 MiB");
  expect_one_line(shell("cat \"$1\"/small.toml | \"$0\" probe /dev/stdin"), 3, "save it as a file first");
}

}  // namespace
}  // namespace biossl
