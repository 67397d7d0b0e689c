#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "biossl/core/atomic_file.h"
#include "tests/cli/program.h"

// The words of a command line: which option takes which, and what is said of the wrong ones.

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;
using Words = std::vector<std::string>;

/// An option of a command's help: "--threads", "N:1 to 4096".
struct Option {
  std::string name, type;

  bool is_number() const { return type.starts_with("N:") || type.starts_with("N=") || type.starts_with("K:"); }
  /// A value that it lets pass.
  std::string value() const {
    return type.starts_with("KEY")        ? "a.b=1"
           : type.starts_with("NAME=cpu") ? "cpu"
           : type.ends_with("test}")      ? "test"
                                          : "1";
  }
};

/// A command with what its help says of it.
struct Command {
  Words words;
  std::vector<Option> options;  ///< that take a value
  Words needed = {};            ///< positionals and options that it asks for
};

class CommandLine : public testing::Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    setenv("OMP_WAIT_POLICY", "passive", 0);  // or each run starts itself anew
  }

  void expect_refused(const Words& words, const std::string& message) const {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << ::testing::PrintToString(words) << outcome.error;
    EXPECT_THAT(outcome.error, HasSubstr(message)) << ::testing::PrintToString(words);
    EXPECT_EQ(std::ranges::count(outcome.error, '\n'), 1) << outcome.error;
  }

  /// Every command and command's command.
  std::vector<Command> commands(const Words& below = {}) const {
    Words ask = below;
    ask.emplace_back("--help");
    std::istringstream help(run(ask).out);
    Command command{.words = below, .options = {}};
    std::vector<Command> all;
    std::string part;
    for (std::string line; std::getline(help, line) && !(line.empty() && part == "Subcommands:");) {
      if (line.ends_with(':') && !line.starts_with(' ')) part = line;
      std::istringstream words(line);
      std::string name, type;
      words >> name >> type;
      if (!line.starts_with("  ") || line.starts_with("   ")) continue;
      if (part == "Positionals:") command.needed.emplace_back("first");
      if (part == "Options:" && line.find(" REQUIRED ") != std::string::npos)
        command.needed.insert(command.needed.end(), {name, "1"});
      if (part == "Options:" && name.starts_with("--") && type.find_first_of("NDKGF") == 0) {
        command.options.push_back({name, type});
      }
      if (part != "Subcommands:") continue;
      Words deeper = below;
      deeper.push_back(name);
      for (Command& found : commands(deeper)) all.push_back(std::move(found));
    }
    if (part != "Subcommands:") all.push_back(std::move(command));
    return all;
  }
};

TEST_F(CommandLine, EveryOptionTakesOneWord) {
  std::size_t options = 0;
  for (const Command& command : commands()) {
    if (command.words.front() == "report") continue;  // whose stray words are further runs
    for (const Option& option : command.options) {
      Words words = command.words;
      Words needed = command.needed;
      const auto itself = std::ranges::find(needed, option.name);
      if (itself != needed.end()) needed.erase(itself, itself + 2);
      words.insert(words.end(), needed.begin(), needed.end());
      words.insert(words.end(), {option.name, option.value(), "stray"});
      const Outcome outcome = run(words);
      EXPECT_EQ(outcome.code, 2) << ::testing::PrintToString(words) << outcome.out;
      // Some versions of CLI11 look at the device before they count the words.
      EXPECT_THAT(outcome.error,
                  ::testing::AnyOf(HasSubstr("'stray'"), HasSubstr("'first'"), HasSubstr("there is no device '1'")))
          << ::testing::PrintToString(words);
      ++options;
    }
  }
  EXPECT_GT(options, 60U) << "the help was not understood";
}

TEST_F(CommandLine, NoOptionTakesNothingOrAnotherOption) {
  for (const Command& command : commands()) {
    for (const Option& option : command.options) {
      Words words = command.words;
      words.insert(words.end(), command.needed.begin(), command.needed.end());
      const std::size_t value = words.size() + 1;
      words.insert(words.end(), {option.name, ""});
      expect_refused(words, option.name);
      words[value] = "--set";
      expect_refused(words, option.name);
      words.resize(value);
      words.back() += "=";
      words.emplace_back("next");
      expect_refused(words, option.name);
    }
  }
}

TEST_F(CommandLine, AWrongNumberIsToldAsItWasWritten) {
  std::size_t numbers = 0;
  for (const Command& command : commands()) {
    for (const Option& option : command.options) {
      if (!option.is_number()) continue;
      for (const char* wrong : {"-1", "99999999999999999999"}) {
        Words words = command.words;
        words.insert(words.end(), command.needed.begin(), command.needed.end());
        words.insert(words.end(), {option.name, wrong});
        expect_refused(words, std::string("'") + wrong + "' is not a whole number from");
      }
      ++numbers;
    }
  }
  EXPECT_GT(numbers, 25U) << "the help was not understood";
}

TEST_F(CommandLine, ASettingMayStandBeforeTheRecipe) {
  write_file(in("own.toml"), "[[network.blocks]]\nchannels = 7\n");
  const Outcome described = run({"describe", "--set", "train.epochs=3", in("own.toml")});
  EXPECT_EQ(described.code, 0) << described.error;
  EXPECT_THAT(described.out, AllOf(HasSubstr("32x32x7"), HasSubstr("train.epochs = 3")));
}

TEST_F(CommandLine, ASettingThatStandsAloneIsRefused) {
  expect_refused({"run", "own.toml", "--set", "train.epochs=1", "train.batch=50"}, "write --set train.batch=50");
  expect_refused({"run", "--set", "train.epochs=1", "train.batch=50"}, "write --set train.batch=50");
  expect_refused({"reproduce", "table1", "train.batch=50"}, "write --set train.batch=50");
  expect_refused({"describe", "own.toml", "loss.kind=a b"}, "write --set 'loss.kind=a b'");
}

TEST_F(CommandLine, WhatIsNotAnOptionGetsTheNearest) {
  expect_refused({"run", "--thread", "2"}, "there is no option '--thread'; did you mean '--threads'?");
  expect_refused({"bench", "step", "--reppeat=2"}, "'--reppeat'; did you mean '--repeat'?");
  expect_refused({"run", "--seed", "1e3"},
                 "'1e3' is not a whole number from 0 to 9223372036854775807 (see biossl run --help)");
}

TEST_F(CommandLine, OneValueIsSetOnce) {
  expect_refused({"describe", "--set", "train.epochs=1", "--set", "train.epochs=2"},
                 "--set train.epochs=1 and --set train.epochs=2 set the same value");
  expect_refused({"run", "--seed", "1", "--set", "seed=2"}, "--set seed=2 and --seed 1 set the same value");
  expect_refused({"reproduce", "--set", "train.epochs=1", "--epochs", "2"},
                 "--set train.epochs=1 and --epochs 2 set the same value");
  expect_refused({"reproduce", "--set", "probe.epochs=1", "--probe-epochs", "2"}, "--probe-epochs 2");
}

TEST_F(CommandLine, OptionsThatNothingReadsAreRefused) {
  expect_refused({"data", "info", "rhm", "--size", "64"}, "--size makes no sense here");
  expect_refused({"data", "info", "cifar10", "--seed", "2"}, "--seed makes no sense here");
  write_file(in("maps.toml"), "[loss]\nkind = \"clapp\"\n");
  expect_refused({"bench", "loss", "--recipe", in("maps.toml"), "--features", "8"},
                 "--features: loss clapp works on maps");
}

TEST_F(CommandLine, DescribeShowsTheNetworkThatWouldRun) {
  write_file(in("own.toml"), "[data]\npretrain = \"world\"\nprobe = \"world\"\nimage_size = 64\n");
  const std::string own = in("own.toml");
  EXPECT_THAT(run({"describe", own}).out, HasSubstr("on images of 64x64x3"));
  EXPECT_THAT(run({"describe", own, "--set", "data.pretrain=cifar10"}).out, HasSubstr("on images of 32x32x3"));
  expect_refused(
      {"describe", own, "--set", "data.pretrain=cifar10", "--set", "data.image_size=48"},
      "--set data.image_size=48: [data] image_size = 48 makes no sense here: the images of cifar10 are 32x32");
  EXPECT_THAT(run({"describe", own, "--set", "train.micro_batch=900"}).out,
              HasSubstr("train.micro_batch = 900 changes nothing"));
}

TEST_F(CommandLine, AListOfNothingIsRefusedAndSpacesDoNotCount) {
  expect_refused({"reproduce", "table1", "--rows", ",", "--dry-run"}, "',' is a list of nothing");
  expect_refused({"bench", "memory", "--depths", ","}, "list of nothing");
  expect_refused({"reproduce", "table1", "--rows", "clapp_gll, clap"}, "--rows clap: matches no row");
  EXPECT_THAT(run({"describe", "--set", " train.epochs = 3"}).out, HasSubstr("train.epochs = 3"));
}

TEST_F(CommandLine, AFileIsNoRun) {
  expect_refused({"run", recipe_, "--out", recipe_}, "small.toml exists and is no directory; choose another");
}

TEST_F(CommandLine, ATildeThatTheShellLeftAloneIsNoFolder) {
  expect_refused({"run", "--data=~/images"}, "$HOME");
  expect_refused({"pretrain", "--out=~/runs"}, "$HOME");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "~"));
}

}  // namespace
}  // namespace biossl
