#include "biossl/core/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/recipe/recipe.h"
#include "tests/cli/program.h"
#include "tests/support/paths.h"

// Names and places with any bytes in them, and commands that can be pasted.

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;
using Words = std::vector<std::string>;

class OddNames : public testing::Program {
 protected:
  void expect_done(const Words& words) const {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 0) << outcome.error;
  }
};

TEST_F(OddNames, ARecipeAndItsPlacesMayBeCalledAnything) {
  for (const std::string name : {"caf\xE9", "two words", "it's \"so\"", "-dash", "line\nbreak", "\xF0\x9F\xA7\xA0"}) {
    write_file(in(name + ".toml"), testing::small_recipe);
    const std::string out = in(name);
    expect_done({"run", in(name + ".toml"), "--out", out, "--threads", "1"});
    expect_done({"describe", out + "/recipe.toml"});
    expect_done({"probe", out, "--out", in(name + ".json"), "--threads", "1"});
    expect_done({"embed", out, "--out", in(name + ".npy"), "--threads", "1"});
    EXPECT_TRUE(nlohmann::json::accept(read_file(in(name + ".json")))) << name;
    EXPECT_TRUE(is_utf8(read_recipe(out + "/recipe.toml").name)) << name;
  }
}

TEST_F(OddNames, ASettingThatIsNoTextIsRefusedBeforeAnythingIsWritten) {
  const Outcome refused = run({"run", "--set", "name=caf\xE9", "--out", in("run")});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, HasSubstr("is not UTF-8 text"));
  EXPECT_FALSE(std::filesystem::exists(in("run")));
}

/// What a shell makes of a suggested command, its words one a line, the first left out.
std::string words_of(const std::string& command, const std::filesystem::path& folder) {
  write_file(folder / "words.sh", "set -- " + command + "\nshift\nprintf '%s\\n' \"$@\"\n");
  return testing::Process("/bin/sh", folder, {(folder / "words.sh").string()}).wait().out;
}

TEST_F(OddNames, TheCommandBehindPretrainingCanBePasted) {
  const std::string out = in("two words, it's\xE9");
  const Outcome done = run({"pretrain", recipe_, "--out", out, "--data", in("a b"), "--threads", "1"});
  ASSERT_EQ(done.code, 0) << done.error;
  const std::string before = "probe them with: ";
  const std::string command = done.out.substr(done.out.find(before) + before.size());
  EXPECT_EQ(words_of(command, folder_.path()), "probe\n" + out + "\n--data\n" + in("a b") + "\n--threads\n1\n");
  EXPECT_TRUE(command.starts_with(testing::paths::program)) << "as it was called";
  write_file(in("paste.sh"), command);
  const Outcome pasted = testing::Process("/bin/sh", folder_.path(), {in("paste.sh")}).wait();
  EXPECT_EQ(pasted.code, 0) << pasted.error;
  EXPECT_TRUE(std::filesystem::exists(out + "/summary.json"));
}

TEST_F(OddNames, TheCommandThatGoesOnCanBePasted) {
  const std::string out = in("$(echo) two");
  const testing::Process process(testing::paths::program, folder_.path(),
                                 {"pretrain", recipe_, "--out", out, "--threads", "1", "--set", "train.epochs=100000",
                                  "--set", "train.checkpoint_every=50000"});
  ASSERT_TRUE(testing::wait_for_metrics(out + "/metrics.jsonl"));
  process.kill(SIGINT);
  const Outcome stopped = process.wait();
  EXPECT_EQ(stopped.code, 128 + SIGINT);
  const std::string before = "go on with: ";
  const std::string command = stopped.error.substr(stopped.error.find(before) + before.size());
  EXPECT_EQ(words_of(command, folder_.path()), "pretrain\n--resume\n--out\n" + out + "\n--threads\n1\n");
}

}  // namespace
}  // namespace biossl
