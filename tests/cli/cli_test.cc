#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <vector>

#include "biossl/core/accelerator.h"
#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/runs/checkpoint.h"
#include "tests/cli/program.h"
#include "tests/support/paths.h"

// The program itself, from outside.

namespace biossl {
namespace {

using ::testing::AllOf;
using testing::expect_one_line;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;
using testing::Process;
using testing::Program;
using testing::small_recipe;
using testing::wait_for_metrics;

TEST_F(Program, HelpTeaches) {
  const Outcome help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* part :
       {"run", "pretrain", "probe", "embed", "reproduce", "data", "list", "describe", "Exit codes", "Examples"}) {
    EXPECT_THAT(help.out, HasSubstr(part));
  }
  for (const char* command : {"run", "pretrain", "probe", "embed", "reproduce", "data", "list", "describe"}) {
    EXPECT_EQ(run({command, "--help"}).code, 0) << command;
  }
}

TEST_F(Program, FaultsOfTheCommandLineExitWith2) {
  std::filesystem::create_directories(in("exists"));
  write_file(in("exists/mine"), "");
  expect_one_line(run({}), 2, "--help");
  expect_one_line(run({"prob"}), 2, "did you mean 'probe'?");
  expect_one_line(run({"run", recipe_, "--nonsense"}), 2, "--nonsense");
  expect_one_line(run({"run", recipe_, "--set", "train.epochs"}), 2, "KEY=VALUE");
  expect_one_line(run({"run", recipe_, "--set", "train.epoch=3"}), 2, "did you mean 'epochs'?");
  expect_one_line(run({"run", recipe_, "--device", "gpu"}), 2, "gpu");
  expect_one_line(run({"run", recipe_, "--threads", "0"}), 2, "threads");
  expect_one_line(run({"bench", "loss", "--batch", "some"}), 2, "whole number");
  expect_one_line(run({"embed", "run", "--out", "x.npy", "--split", "all"}), 2, "split");
  expect_one_line(run({"run", recipe_, "--out", in("exists")}), 2, "--resume");
  expect_one_line(run({"list", "contrastive"}), 2, "contrastive");
  expect_one_line(run({"data", "preview", "world", "--out", in("a.jpg")}), 2,
                  "the picture is a PNG file; let its name end in .png: " + in("a.png"));
  expect_one_line(run({"neighbours", "run", "--out", "a.b/c.JPG"}), 2, "let its name end in .png: a.b/c.png");
}

TEST_F(Program, FaultsOfFilesExitWith3) {
  const auto with = [&](const std::string& change) { return std::string(small_recipe) + change; };
  const std::vector<std::pair<std::string, std::string>> recipes{{with("epoch = 3\n"), "did you mean 'epochs'?"},
                                                                 {with("[loss]\nkind = \"hinge\"\n"), "hinge"},
                                                                 {"[data]\npretrain = \"cifar10\"\n", "cifar"},
                                                                 {with("[[network.blocks]]\npool = 9\n"), "shrinks"}};
  for (const auto& [text, message] : recipes) {
    write_file(in("bad.toml"), text);
    expect_one_line(run({"run", in("bad.toml"), "--out", in("run")}), 3, message);
    EXPECT_FALSE(std::filesystem::exists(in("run"))) << message;
  }
  expect_one_line(run({"run", in("missing.toml")}), 3, "missing.toml");
  expect_one_line(run({"run", recipe_, "--set", "train.batch=51", "--out", in("run")}), 3, "larger than the data");
  expect_one_line(run({"run", recipe_, "--set", "loss.kind=clapp", "--set", "train.batch=1"}), 3, "no other image");
  expect_one_line(run({"run", "--resume", "--out", in("nowhere")}), 3,
                  "there is no run in " + in("nowhere") + " to go on with; leave --resume out to start one");
  expect_one_line(run({"probe", in("missing.safetensors")}), 3, "missing.safetensors");
  write_file(in("torn.safetensors"), "torn");
  expect_one_line(run({"embed", in("torn.safetensors"), "--out", in("x.npy")}), 3, "torn.safetensors");
}

TEST_F(Program, ARunFromAnotherHasItsRecipeAndItsWeights) {
  ASSERT_EQ(run({"pretrain", recipe_, "--out", in("one")}).code, 0);
  const auto next = run({"pretrain", "--from", in("one"), "--out", in("two"), "--set", "train.epochs=1"});
  EXPECT_EQ(next.code, 0);
  EXPECT_THAT(next.out, HasSubstr("starting with the weights in " + in("one/checkpoints/")));
  EXPECT_THAT(read_file(in("two/recipe.toml")), HasSubstr("from = \"" + in("one/checkpoints/")));
  expect_one_line(run({"pretrain", "--from", in("nowhere"), "--out", in("three")}), 3, "nowhere");
  expect_one_line(run({"pretrain", "--resume", "--out", in("two"), "--from", in("two")}), 2, "train.from");
}

TEST_F(Program, AFailedProbeLeavesTheOldResultsAndTheirRecipe) {
  ASSERT_EQ(run({"run", recipe_, "--out", in("run")}).code, 0);
  const auto contents = [&] {
    return std::vector{read_file(in("run/recipe.toml")), read_file(in("run/summary.json")),
                       read_file(in("run/probe.json"))};
  };
  const auto before = contents();
  expect_one_line(run({"probe", in("run"), "--data", in(""), "--set", "data.probe=cifar10"}), 3, "cifar-10");
  EXPECT_EQ(contents(), before);
}

TEST_F(Program, ImagesOfTheProbeThatAreMissingAreToldBeforeTraining) {
  expect_one_line(run({"run", recipe_, "--out", in("run"), "--data", in(""), "--set", "data.probe=cifar10"}), 3,
                  "cifar-10");
  EXPECT_FALSE(std::filesystem::exists(in("run")));
}

TEST_F(Program, ALossThatIsNotFiniteExitsWith1) {
  expect_one_line(
      run({"run", recipe_, "--out", in("run"), "--set", "train.learning_rate=1e38", "--set", "train.epochs=50"}), 1,
      "no longer finite");
}

TEST_F(Program, WithoutAGpuThatIsSaidAtOnce) {
  if (accelerator::count() > 0) GTEST_SKIP() << "there is a GPU";
  const std::string missing = in("missing.toml");  // would be told of if it were looked for
  expect_one_line(run({"run", missing, "--device", "cuda"}), 1, "--device cpu");
  expect_one_line(run({"reproduce", "--device", "cuda"}), 1, "--device cpu");
}

TEST_F(Program, RunProbeAndEmbed) {
  const Outcome ran = run({"run", recipe_, "--out", in("run"), "--threads", "2"});
  ASSERT_EQ(ran.code, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("epoch 3/3"));
  EXPECT_THAT(ran.out, HasSubstr("trained encoder"));
  EXPECT_THAT(ran.out, HasSubstr("random encoder"));
  EXPECT_EQ(ran.out.find('\r'), std::string::npos) << "no progress bar into a file";
  EXPECT_EQ(run({"probe", in("run"), "--set", "probe.epochs=1", "--set", "probe.pixels=true"}).code, 0);
  EXPECT_THAT(read_file(in("run/summary.json")), HasSubstr("pixels"));
  const std::string checkpoint = in("run/checkpoints/epoch_0003.safetensors");
  std::filesystem::copy_file(checkpoint, in("alone.safetensors"));
  EXPECT_EQ(run({"probe", in("alone.safetensors"), "--out", in("probe.json")}).code, 0);
  EXPECT_THAT(read_file(in("probe.json")), HasSubstr("confusion"));
  for (const char* layer : {"last", "0", "embedding"}) {
    EXPECT_EQ(run({"embed", in("alone.safetensors"), "--layer", layer, "--images", "30", "--out", in("x.npy")}).code,
              0);
  }
  EXPECT_EQ(std::filesystem::file_size(in("x.npy")), 128U + 30 * 4 * 4);
  EXPECT_TRUE(std::filesystem::exists(in("x_labels.npy")));
  expect_one_line(run({"embed", in("run"), "--layer", "7", "--out", in("y.npy")}), 2, "--layer 7");
  EXPECT_FALSE(std::filesystem::exists(in("y.npy")));
}

TEST_F(Program, DescribesWhatViewsMakeOfImages) {
  const auto describe = [&](const std::string& views, const std::string& rule) {
    return run({"describe", recipe_, "--set", "data.image_size=96", "--set", views, "--set", "rule.kind=" + rule});
  };
  EXPECT_THAT(describe("views.kind=patches", "none").out,
              AllOf(HasSubstr("a view of 96x96x3, cut into 49 patches of 16x16x1, a grid of 7x7\n"),
                    HasSubstr("on images of 16x16x1\n")));
  EXPECT_THAT(describe("views.kind=crops", "e2e").out, Not(HasSubstr("views crops")));
  expect_one_line(describe("views.kind=patches", "e2e"), 3, "loss contrastive_hinge compares whole images");
  const Outcome scaled = run({"describe", recipe_, "--set", "views.kind=crops", "--set", "views.size=32"});
  EXPECT_THAT(scaled.out, AllOf(HasSubstr("2 views of 12x12x3, scaled to 32x32x3\n"), HasSubstr("32x32x3\n")));
}

TEST_F(Program, ListDescribeAndDataAnswer) {
  EXPECT_THAT(run({"list"}).out, HasSubstr("contrastive_hinge"));
  EXPECT_THAT(run({"list", "contrastive_hinge"}).out, HasSubstr("recent = 4"));
  const Outcome described = run({"describe", recipe_, "--set", "network.preset=conv6", "--set", "data.image_size=32"});
  EXPECT_THAT(described.out, HasSubstr("884576"));  // weights of conv6 and its head
  EXPECT_THAT(described.out, HasSubstr("(iii) broken"));
  EXPECT_THAT(described.out, HasSubstr("images of 32x32x3\n"));
  EXPECT_THAT(described.out, HasSubstr("They cross the head and all 4 layers above the first."));
  EXPECT_THAT(run({"describe", recipe_, "--set", "data.mean=0.5", "--set", "data.std=0.25"}).out,
              HasSubstr(", seen as (x - 0.5) / 0.25\n"));
  const Outcome layerwise = run({"describe", recipe_, "--set", "rule.kind=gll", "--set", "network.preset=conv6"});
  EXPECT_THAT(layerwise.out, HasSubstr("15 epochs in all (train.epochs = 3)"));
  EXPECT_THAT(layerwise.out, HasSubstr("head 0 "));
  EXPECT_THAT(layerwise.out, HasSubstr("They cross only the head of their own block."));
  EXPECT_THAT(run({"describe", recipe_, "--set", "rule.kind=none"}).out, Not(HasSubstr("plausibility")));
  EXPECT_THAT(run({"data", "info", "world", "--images", "20", "--size", "12"}).out, HasSubstr("20 images of 12x12x3"));
  EXPECT_EQ(run({"data", "preview", "world", "--images", "20", "--out", in("sheet.png")}).code, 0);
  EXPECT_EQ(run({"data", "preview", "world", "--views", "moments", "--out", in("pairs.png")}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(in("sheet.png")) && std::filesystem::exists(in("pairs.png")));
}

TEST_F(Program, SaysWhichOptionMakesImagesTooSmall) {
  const auto describe = [&](const std::vector<std::string>& settings) {
    std::vector<std::string> words{"describe", recipe_, "--set", "network.preset=conv6"};
    for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
    return run(words);
  };
  expect_one_line(describe({"data.image_size=4"}), 3,
                  "[network.blocks[4]] pool = 2 shrinks its 1x1 map to nothing; the network sees images of 4x4; set a "
                  "larger data.image_size than 4");
  const std::vector<std::string> folder{"data.pretrain=folder", "data.probe=folder", "data.resize=2"};
  expect_one_line(describe(folder), 3, "set a larger data.resize than 2");
  expect_one_line(describe({"views.kind=crops", "views.size=4"}), 3, "let [views] make larger ones");
}

TEST_F(Program, SaysWhereTrainingMakesNoDifferenceToTheProbe) {
  const Outcome idle = run({"run", recipe_, "--set", "train.learning_rate=1e-12", "--out", in("idle")});
  EXPECT_THAT(idle.out, HasSubstr("The trained and the random encoder read alike: 0.00 points are within the noise"));
  const Outcome untrained = run({"run", recipe_, "--set", "rule.kind=none", "--out", in("untrained")});
  EXPECT_THAT(untrained.out, Not(HasSubstr("read alike")));
}

TEST_F(Program, SaysWhatALossBringsAndBreaks) {
  const auto describe = [&](const std::string& loss) {
    return run({"describe", recipe_, "--set", "loss.kind=" + loss}).out;
  };
  const std::string clapp = describe("clapp");
  EXPECT_THAT(clapp, HasSubstr("1x1 convolution"));
  EXPECT_THAT(clapp, HasSubstr(" 144 "));  // numbers of its 6x6x4 predictions
  EXPECT_THAT(clapp, HasSubstr("(ii)  broken"));
  EXPECT_THAT(clapp, HasSubstr("(iv)  kept"));
  const std::string supervised = describe("cross_entropy");
  EXPECT_THAT(supervised, HasSubstr("(iv)  broken"));
  EXPECT_THAT(supervised, HasSubstr("LABELS"));
  EXPECT_THAT(run({"list"}).out, HasSubstr("USES LABELS"));
}

TEST_F(Program, APredictionHeadHasNoEmbeddingOfOneImage) {
  ASSERT_EQ(run({"run", recipe_, "--set", "loss.kind=clapp", "--out", in("run")}).code, 0);
  EXPECT_EQ(run({"embed", in("run"), "--images", "30", "--out", in("x.npy")}).code, 0);
  expect_one_line(run({"embed", in("run"), "--layer", "embedding", "--out", in("y.npy")}), 2, "--layer last");
  EXPECT_FALSE(std::filesystem::exists(in("y.npy")));
}

TEST_F(Program, ReproduceRunsATableAndShowsIt) {
  const std::string table = in("two");
  std::filesystem::create_directories(table);
  write_file(table + "/one.toml", std::string(small_recipe) + "[published]\naccuracy = 30\nplace = 1\n");
  write_file(table + "/two.toml", small_recipe);
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"reproduce", table, "--out", in("out"), "--epochs", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  };
  const Outcome dry = with({"--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.error;
  EXPECT_THAT(dry.out, ::testing::AllOf(HasSubstr("one-seed1"), HasSubstr("to do"), HasSubstr("total")));
  EXPECT_FALSE(std::filesystem::exists(in("out"))) << "a dry run leaves nothing";
  const Outcome ran = with({"--rows", "one"});
  EXPECT_EQ(ran.code, 0) << ran.error;
  EXPECT_THAT(ran.out, ::testing::AllOf(HasSubstr("REDUCED BUDGET: 1 of 3 epochs"), HasSubstr("30.00"),
                                        HasSubstr("to do"), HasSubstr("table.md")));
  for (const char* file : {"out/table.md", "out/table.csv", "out/table.json"}) {
    EXPECT_THAT(read_file(in(file)), HasSubstr("REDUCED")) << file;
  }
  EXPECT_THAT(with({"--table-only"}).out, HasSubstr("REDUCED BUDGET"));
  EXPECT_FALSE(std::filesystem::exists(in("out/two-seed1")));
  expect_one_line(with({"--rows", "three"}), 2, "rows are one, two");
  expect_one_line(run({"reproduce", table, "--out", in("out")}), 2, "train.epochs = 1, not 3");
  expect_one_line(run({"reproduce", "table7"}), 2, "did you mean 'table1'?");
  const Outcome failed =
      run({"reproduce", table, "--out", in("failed"), "--set", "train.learning_rate=1e38", "--epochs", "50"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.error, HasSubstr("2 of the runs failed"));
  EXPECT_THAT(failed.out, HasSubstr("no longer finite"));
}

TEST_F(Program, ReproduceRunsSideBySideWhatItRunsInTurn) {
  std::filesystem::create_directories(in("two"));
  write_file(in("two/one.toml"), small_recipe);
  write_file(in("two/two.toml"), std::string(small_recipe) + "[loss]\nkind = \"nt_xent\"\n");
  const auto reproduced = [&](const char* jobs) {
    const std::string out = in(std::string("jobs") + jobs);
    const Outcome ran = run({"reproduce", in("two"), "--out", out, "--seeds", "2", "--threads", "1", "--jobs", jobs});
    EXPECT_EQ(ran.code, 0) << ran.error;
    return ran.out;
  };
  const std::string told = reproduced("3");
  for (const char* run : {"one-seed1", "one-seed2", "two-seed1", "two-seed2"}) {
    EXPECT_THAT(told, HasSubstr(std::string(run) + "  epoch 3/3"));
    EXPECT_THAT(told, HasSubstr(std::string(run) + "  finished"));
  }
  EXPECT_THAT(told, HasSubstr("table.md"));
  reproduced("1");
  for (const char* run : {"one-seed1", "two-seed2"}) {
    const std::string last = std::string(run) + "/checkpoints/epoch_0003.safetensors";
    EXPECT_TRUE(read_file(in("jobs3/" + last)) == read_file(in("jobs1/" + last))) << run;
  }
  for (const auto& entry : std::filesystem::directory_iterator(in("jobs3"))) {
    EXPECT_FALSE(entry.path().string().ends_with(".recipe.toml")) << entry.path() << " is left";
  }
}

TEST_F(Program, ReproduceSideBySideNotesFailuresAndGoesOn) {
  std::filesystem::create_directories(in("two"));
  write_file(in("two/good.toml"), small_recipe);
  std::string bad = small_recipe;
  write_file(in("two/zbad.toml"), bad.replace(bad.find("batch = 8"), 9, "batch = 8\nlearning_rate = 1e38"));
  const Outcome ran = run({"reproduce", in("two"), "--out", in("out"), "--epochs", "50", "--jobs", "2"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.error, HasSubstr("1 of the runs failed"));
  EXPECT_THAT(ran.out, HasSubstr("good-seed1  finished"));
  EXPECT_THAT(ran.out, HasSubstr("zbad-seed1  failed"));
  EXPECT_THAT(read_file(in("out/zbad-seed1/failure.txt")), ::testing::StartsWith("the loss is no longer finite"));
  EXPECT_THAT(read_file(in("out/table.md")), HasSubstr("no longer finite"));
}

class Killed : public Program, public ::testing::WithParamInterface<int> {};

TEST_P(Killed, GoesOnAsIfItHadNeverStopped) {
  const std::vector<std::string> many{"--set", "train.epochs=400", "--set", "train.checkpoint_every=50"};
  const auto start = [&](const std::string& out) {
    std::vector<std::string> arguments{"pretrain", recipe_, "--out", in(out), "--threads", "1"};
    arguments.insert(arguments.end(), many.begin(), many.end());
    return arguments;
  };
  ASSERT_EQ(run(start("whole")).code, 0);
  const Process process(testing::paths::program, folder_.path(), start("killed"));
  ASSERT_TRUE(wait_for_metrics(in("killed/metrics.jsonl")));
  process.kill(GetParam());
  const Outcome killed = process.wait();
  if (GetParam() == SIGKILL) {
    EXPECT_EQ(killed.code, -SIGKILL);
  } else {
    expect_one_line(killed, 128 + GetParam(), "biossl pretrain --resume --out " + in("killed"));
  }
  ASSERT_EQ(run({"pretrain", "--resume", "--out", in("killed"), "--threads", "1"}).code, 0);
  for (const char* epoch : {"0300", "0350", "0400"}) {
    const std::string name = std::string("/checkpoints/epoch_") + epoch + ".safetensors";
    EXPECT_TRUE(read_file(in("whole" + name)) == read_file(in("killed" + name))) << epoch;
  }
  EXPECT_EQ(list_checkpoints(in("killed/checkpoints")).size(), 3U);
  EXPECT_EQ(read_file(in("whole/recipe.toml")), read_file(in("killed/recipe.toml")));
}

TEST_F(Program, AStoppedReproductionSaysHowToGoOn) {
  std::filesystem::create_directories(in("one"));
  write_file(in("one/small.toml"), small_recipe);
  const std::vector<std::string> command{"reproduce", in("one"),   "--out", in("out"), "--epochs",
                                         "400",       "--threads", "1",     "--set",   "train.checkpoint_every=50"};
  const Process process(testing::paths::program, folder_.path(), command);
  ASSERT_TRUE(wait_for_metrics(in("out/small-seed1/metrics.jsonl")));
  process.kill(SIGINT);
  expect_one_line(process.wait(), 128 + SIGINT, "biossl reproduce " + in("one") + " --out " + in("out") + " --epochs");
  EXPECT_THAT(read_file(in("out/table.md")), HasSubstr("of 400"));
  const Outcome rest = run(command);
  EXPECT_EQ(rest.code, 0) << rest.error;
  EXPECT_THAT(rest.out, HasSubstr("going on from"));
}

TEST_F(Program, AReproductionStopsAllThatItRunsSideBySide) {
  std::filesystem::create_directories(in("two"));
  for (const char* name : {"one", "two"}) write_file(in(std::string("two/") + name + ".toml"), small_recipe);
  const std::vector<std::string> command{"reproduce", in("two"), "--out",     in("out"),
                                         "--epochs",  "2000",    "--threads", "1",
                                         "--jobs",    "2",       "--set",     "train.checkpoint_every=500"};
  const Process process(testing::paths::program, folder_.path(), command);
  for (const char* name : {"one", "two"}) {
    ASSERT_TRUE(wait_for_metrics(in(std::string("out/") + name + "-seed1/metrics.jsonl")));
  }
  process.kill(SIGHUP);
  expect_one_line(process.wait(), 128 + SIGHUP, "--threads 1 --jobs 2");
  for (const char* name : {"one", "two"}) {
    EXPECT_EQ(list_checkpoints(in(std::string("out/") + name + "-seed1/checkpoints")).size(), 1U) << name;
    EXPECT_FALSE(std::filesystem::exists(in(std::string("out/") + name + "-seed1/failure.txt"))) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Program, Killed, ::testing::Values(SIGINT, SIGTERM, SIGKILL));

}  // namespace
}  // namespace biossl
