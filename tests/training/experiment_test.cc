#include "biossl/training/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dnnl.hpp>
#include <map>
#include <new>
#include <nlohmann/json.hpp>

#include "biossl/core/accelerator.h"
#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "biossl/core/onednn.h"
#include "biossl/runs/precision.h"
#include "biossl/training/embed.h"
#include "biossl/training/pretraining.h"
#include "biossl/training/probing.h"
#include "tests/support/devices.h"
#include "tests/support/npy.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::here;
using ::testing::Not;
using testing::StoppingReporter;
using testing::TemporaryFolder;
using testing::tiny_recipe;
using Json = nlohmann::json;

TEST(Experiment, LeavesEverythingItPromises) {
  const TemporaryFolder folder;
  const auto out = folder.path() / "some/where";
  Reporter quiet;
  const auto report =
      run_experiment(tiny_recipe({{"probe.pixels", "true"}, {"probe.blocks", "all"}}), here, out, false, quiet);
  EXPECT_EQ(report.trained.size(), 2U);
  EXPECT_EQ(report.trained[0].features, 8 * 8 * 5);
  EXPECT_EQ(report.random->size(), 2U);

  const Json summary = Json::parse(read_file(out / "summary.json"));
  EXPECT_EQ(summary["recipe"], "tiny");
  EXPECT_EQ(summary["seed"], 3);
  EXPECT_EQ(summary["pretrain"]["epochs"], 3);
  EXPECT_EQ(summary["pretrain"]["images"], 22);
  EXPECT_GT(summary["pretrain"]["images_per_second"], 0);
  EXPECT_GT(summary["pretrain"]["final_loss"], 0);
  EXPECT_EQ(summary["probe"]["features"], 4 * 4 * 6);
  EXPECT_EQ(summary["probe"]["epochs"], 2);
  EXPECT_EQ(summary["probe"]["per_block"].size(), 2U);
  EXPECT_TRUE(summary["random_encoder"]["test_accuracy"].is_number());
  EXPECT_TRUE(summary["pixels"]["test_accuracy"].is_number());
  EXPECT_GT(summary["peak_memory_bytes"], 0);

  const Json probe = Json::parse(read_file(out / "probe.json"));
  EXPECT_EQ(probe["trained"][1]["per_class"].size(), 3U);
  EXPECT_EQ(probe["trained"][1]["confusion"].size(), 3U);
  const Json environment = Json::parse(read_file(out / "environment.json"));
  for (const char* key : {"biossl", "commit", "cpu", "threads", "onednn", "openmp", "compiler", "device"}) {
    EXPECT_TRUE(environment.contains(key)) << key;
  }
  EXPECT_EQ(to_toml(read_recipe(out / "recipe.toml")), read_file(out / "recipe.toml"));
}

TEST(Environment, KnowsAllWordsForNoMemory) {
  EXPECT_TRUE(means_no_memory(std::bad_alloc()));
  EXPECT_TRUE(means_no_memory(dnnl::error(dnnl_out_of_memory, "could not create a primitive")));
  EXPECT_FALSE(means_no_memory(dnnl::error(dnnl_unimplemented, "could not create a primitive")));
  EXPECT_FALSE(means_no_memory(std::runtime_error("a file")));
}

TEST(Experiment, ChanceIsOfTheVeryImagesAndAClassWithoutImagesHasNoAccuracy) {
  const TemporaryFolder folder;
  Reporter quiet;
  // Labels are 0, 1, 2, 0, …: of two test images none is blue; of four training images two are red.
  run_experiment(tiny_recipe({{"data.test_images", "2"}, {"data.probe_images", "4"}}), here, folder.path() / "run",
                 false, quiet);
  const Json summary = Json::parse(read_file(folder.path() / "run/summary.json"));
  const Json probe = Json::parse(read_file(folder.path() / "run/probe.json"));
  for (const Json& json : {summary, probe}) {
    EXPECT_EQ(json["chance"], 0.5);
    EXPECT_EQ(json["train_chance"], 0.5);
  }
  EXPECT_TRUE(probe["trained"][0]["per_class"]["red"].is_number());
  EXPECT_TRUE(probe["trained"][0]["per_class"]["blue"].is_null());
}

TEST(Experiment, RecordsTheFeedbackPathThatEachLayerUsed) {
  const TemporaryFolder folder;
  Reporter quiet;
  for (const std::string& feedback : FeedbackRegistry::instance().names()) {
    const auto out = folder.path() / feedback;
    StoppingReporter stopping(8);
    const Recipe recipe = tiny_recipe({{"rule.feedback", feedback}});
    EXPECT_THROW(run_experiment(recipe, here, out, false, stopping), Interrupted);
    run_experiment(recipe, here, out, true, quiet);
    const Json layers = Json::parse(read_file(out / "summary.json"))["layers"];
    const std::vector<std::pair<std::string, int>> expected{{"blocks.0", 0}, {"blocks.1", 15}, {"heads.1", 15}};
    ASSERT_EQ(layers.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(layers[i]["layer"], expected[i].first);
      EXPECT_EQ(layers[i]["errors_sent"], expected[i].second) << feedback << ", both processes counted";
      EXPECT_EQ(layers[i]["feedback"], feedback);
      EXPECT_EQ(layers[i]["alignment"].get<double>() > 0.999999, feedback == "transpose") << feedback;
    }
  }
}

/// Counts the stages that it is told of.
class StageCounter final : public Reporter {
 public:
  void stage(std::string_view name, std::int64_t done, std::int64_t total, std::string_view) override {
    if (done == total) ++stages[std::string(name)];
  }
  std::map<std::string, int> stages;
};

TEST(Experiment, AllBlocksAreProbedFromOnePassAsTheyWouldBeAlone) {
  const TemporaryFolder folder;
  Reporter quiet;
  const RunDirectory run = pretrain(tiny_recipe(), here, folder.path() / "run", false, quiet);
  const Checkpoint checkpoint = open_checkpoint(run.path(), [](std::string_view) {});
  StageCounter counter;
  const Recipe all = tiny_recipe({{"probe.blocks", "all"}, {"probe.random_encoder", "false"}});
  const ProbeReport report = probe(checkpoint, all, here, counter);
  const std::map<std::string, int> expected{{"trained encoder, blocks 0-1: training features", 1},
                                            {"trained encoder, blocks 0-1: test features", 1},
                                            {"trained encoder, block 0: probe", 1},
                                            {"trained encoder, block 1: probe", 1}};
  EXPECT_EQ(counter.stages, expected);

  const auto network = load_network(checkpoint, all, Device::cpu);
  const auto train = open_probe_images(all, here, ProbePart::train);
  const auto test = open_probe_images(all, here, ProbePart::test);
  const ProbeOptions options{.epochs = 2, .batch = 7, .learning_rate = 1e-3, .classes = 3, .seed = 3};
  ASSERT_EQ(report.trained.size(), 2U);
  for (const BlockProbe& block : report.trained) {
    const auto features = [&](const Dataset& of) { return extract_features(*network, {block.block}, of, {})[0]; };
    const ProbeResult alone = train_linear_probe({features(*train), features(*test)}, options);
    EXPECT_EQ(block.result.final_loss, alone.final_loss);
    EXPECT_EQ(block.result.confusion, alone.confusion);
  }
  const ProbeReport last = probe(checkpoint, tiny_recipe(), here, quiet);
  EXPECT_EQ(last.trained[0].result.final_loss, report.trained[1].result.final_loss);
}

TEST(Experiment, FeaturesThatMemoryDoesNotHoldGiveTheSameResults) {
  const TemporaryFolder folder;
  Reporter quiet;
  const std::vector<Override> settings{
      {"probe.blocks", "all"}, {"probe.pixels", "true"}, {"probe.precision", "float32"}};
  const RunDirectory run = pretrain(tiny_recipe(settings), here, folder.path() / "run", false, quiet);
  const Checkpoint checkpoint = open_checkpoint(run.path(), [](std::string_view) {});
  Recipe recipe = tiny_recipe(settings);
  const ProbeReport in_memory = probe(checkpoint, recipe, here, quiet);
  recipe.probe.memory_gb = 30e-6;  // holds the features of the second block alone
  StoppingReporter reporter;
  const ProbeReport from_file = probe(checkpoint, recipe, here, reporter);
  const std::string notes = reporter.notes;
  EXPECT_THAT(notes, HasSubstr("trained encoder, block 0: features take"));
  EXPECT_THAT(notes, HasSubstr((run.path() / "checkpoints").string()));
  EXPECT_THAT(notes, Not(HasSubstr("block 1")));
  const auto expect_same = [](const BlockProbe& one, const BlockProbe& other) {
    EXPECT_EQ(one.result.final_loss, other.result.final_loss);
    EXPECT_EQ(one.result.confusion, other.result.confusion);
  };
  for (std::size_t block = 0; block < 2; ++block) {
    expect_same(in_memory.trained[block], from_file.trained[block]);
    expect_same((*in_memory.random)[block], (*from_file.random)[block]);
  }
  expect_same(*in_memory.pixels, *from_file.pixels);
}

TEST(Experiment, AutoIsBfloat16OnAGpuAndTf32IsAGpusAlone) {
  EXPECT_EQ(compute_type("auto", Device::cuda), DType::bfloat16);
  EXPECT_EQ(compute_type("tf32", Device::cuda), DType::float32);
  const TemporaryFolder folder;
  Reporter quiet;
  try {
    pretrain(tiny_recipe({{"train.precision", "tf32"}}), here, folder.path() / "run", false, quiet);
    FAIL() << "was accepted";
  } catch (const BadInput& refused) {
    EXPECT_THAT(refused.what(), HasSubstr("tf32 is a GPU's, and this device is cpu"));
  }
  EXPECT_EQ(total_epochs(tiny_recipe({{"train.precision", "tf32"}})), 3) << "can be asked anywhere";
}

/// Asks to stop after a number of batches, wherever they are computed.
class StoppingAnywhere final : public Reporter {
 public:
  explicit StoppingAnywhere(int batches) : left_(batches) {}
  int stop_signal() override { return --left_ == 0 ? 2 : 0; }

 private:
  int left_;
};

class ExperimentOn : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::cuda && accelerator::count() == 0) GTEST_SKIP() << "there is no GPU";
  }

  ExecutionContext context() const { return {.data = {}, .device = GetParam()}; }
  std::filesystem::path out(const std::string& name) const { return folder_.path() / name; }
  static std::vector<double> losses(const std::filesystem::path& run) {
    std::vector<double> losses;
    for (const EpochMetrics& epoch : RunDirectory::open(run).metrics()) losses.push_back(epoch.loss);
    return losses;
  }

  TemporaryFolder folder_;
  Reporter quiet_;
};

TEST_P(ExperimentOn, ComesToWhatItComesToOnTheCpu) {
  for (const char* rule : {"e2e", "dtp"}) {
    const Recipe recipe = tiny_recipe({{"rule.kind", rule},
                                       {"train.epochs", "1"},
                                       {"data.images", "7"},
                                       {"data.probe_images", "9"},
                                       {"data.test_images", "6"},
                                       {"probe.blocks", "all"}});
    const auto expected = run_experiment(recipe, here, out(std::string(rule) + "-cpu"), false, quiet_);
    const auto report = run_experiment(recipe, context(), out(rule), false, quiet_);
    const std::vector<double> ours = losses(out(rule));
    const std::vector<double> on_cpu = losses(out(std::string(rule) + "-cpu"));
    ASSERT_EQ(ours.size(), on_cpu.size());
    for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i] / on_cpu[i], 1, 1e-4) << rule;
    for (std::size_t block = 0; block < 2; ++block) {
      EXPECT_NEAR(report.trained[block].result.final_loss, expected.trained[block].result.final_loss, 1e-3) << rule;
    }
  }
}

TEST_P(ExperimentOn, GoesOnAsIfItHadNeverStopped) {
  const Recipe recipe = tiny_recipe({{"rule.feedback", "brsf"}, {"train.epochs", "2"}});
  pretrain(recipe, context(), out("whole"), false, quiet_);
  StoppingAnywhere stopping(7);
  EXPECT_THROW(pretrain(recipe, context(), out("stopped"), false, stopping), Interrupted);
  EXPECT_TRUE(std::filesystem::exists(out("stopped/checkpoints/epoch_0001_batch_000002.safetensors")));
  pretrain(recipe, context(), out("stopped"), true, quiet_);
  const std::string last = "checkpoints/epoch_0002.safetensors";
  EXPECT_TRUE(read_file(out("whole") / last) == read_file(out("stopped") / last));
  EXPECT_EQ(losses(out("whole")), losses(out("stopped")));
}

TEST_P(ExperimentOn, SaysWhatItRanOn) {
  const Recipe recipe = tiny_recipe({{"train.epochs", "0"}, {"probe.epochs", "1"}, {"probe.random_encoder", "false"}});
  run_experiment(recipe, context(), out("run"), false, quiet_);
  const Json environment = Json::parse(read_file(out("run/environment.json")));
  const Json summary = Json::parse(read_file(out("run/summary.json")));
  const bool on_gpu = GetParam() == Device::cuda;
  EXPECT_EQ(environment.contains("gpu"), on_gpu);
  EXPECT_EQ(environment.contains("gpu_libraries"), on_gpu);
  ASSERT_EQ(summary.contains("peak_device_memory_bytes"), on_gpu);
  if (on_gpu) {
    EXPECT_GT(summary["peak_device_memory_bytes"], 0);
  }
}

TEST_P(ExperimentOn, FeaturesThatDoNotFitAreReadFromAFileOrRefused) {
  const Recipe recipe =
      tiny_recipe({{"train.epochs", "0"}, {"probe.memory_gb", "1e-6"}, {"probe.random_encoder", "false"}});
  const auto probing = [&] { return run_experiment(recipe, context(), out("run"), false, quiet_); };
  if (GetParam() != Device::cuda) {
    EXPECT_NO_THROW(probing());
    return;
  }
  try {
    probing();
    FAIL() << "fits";
  } catch (const std::runtime_error& refused) {
    EXPECT_THAT(refused.what(), HasSubstr("probe.precision = \"bfloat16\""));
  }
}

TEST_P(ExperimentOn, EmbedsWhatItEmbedsOnTheCpu) {
  const auto images = open_dataset("tiny", {.split = Split::test, .directory = {}});
  const auto written = [&](Device device, std::optional<int> block) {
    const auto network = make_network(tiny_recipe({{"train.precision", "float32"}}), images->image_shape(), device);
    write_features(*network, block, *images, out("x.npy"));
    return testing::read_npy(out("x.npy"));
  };
  for (const std::optional<int> block : {std::optional<int>(0), std::optional<int>()}) {
    const auto ours = written(GetParam(), block);
    const auto expected = written(Device::cpu, block);
    EXPECT_EQ(ours.shape, expected.shape);
    const auto wide = [](const std::vector<float>& values) {
      return std::vector<double>(values.begin(), values.end());
    };
    EXPECT_LE(testing::relative_error(wide(ours.values), wide(expected.values)), 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ExperimentOn, ::testing::ValuesIn(testing::all_devices()), testing::DeviceName());

TEST(Experiment, ResultsOfAnotherProbeDoNotOutliveItsSettings) {
  const TemporaryFolder folder;
  Reporter quiet;
  run_experiment(tiny_recipe(), here, folder.path() / "run", false, quiet);
  const RunDirectory run = RunDirectory::open(folder.path() / "run");
  const auto settled = [&](const Override& change) {
    Recipe recipe = tiny_recipe({change});
    settle_precision(recipe, Device::cpu, quiet);
    settle_probe_precision(recipe, Device::cpu, quiet);
    return recipe;
  };
  Recipe recipe = settled({"train.checkpoint_every", "2"});
  recipe.published = PublishedRecipe{.accuracy = 50, .source = "x", .setting = "", .place = 1};
  run.adopt(recipe, Device::cpu);
  EXPECT_TRUE(std::filesystem::exists(run.summary_file())) << "still the results of this recipe";
  run.adopt(settled({"probe.epochs", "4"}), Device::cpu);
  EXPECT_FALSE(std::filesystem::exists(run.summary_file()));
}

TEST(Experiment, ADirectoryThatExistsIsRefusedUntouched) {
  const TemporaryFolder folder;
  write_file(folder.path() / "mine", "precious");
  Reporter quiet;
  try {
    run_experiment(tiny_recipe(), here, folder.path(), false, quiet);
    FAIL() << "was accepted";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("--resume"));
  }
  EXPECT_THROW(run_experiment(tiny_recipe(), here, folder.path(), true, quiet), BadInput) << "no run directory";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Experiment, TwoDoNotWriteToOneRun) {
  const TemporaryFolder folder;
  const auto out = folder.path() / "run";
  Reporter quiet;
  {
    const RunDirectory held = pretrain(tiny_recipe(), here, out, false, quiet);
    try {
      run_experiment(tiny_recipe(), here, out, true, quiet);
      FAIL() << "was accepted";
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("another process"));
    }
    EXPECT_NO_THROW(RunDirectory::open(out).metrics()) << "to read is allowed";
  }
  EXPECT_NO_THROW(run_experiment(tiny_recipe(), here, out, true, quiet));
}

TEST(Experiment, ARunGoesOnOnlyAsItBegan) {
  const TemporaryFolder folder;
  const auto out = folder.path() / "run";
  StoppingReporter stopping(2);
  EXPECT_THROW(run_experiment(tiny_recipe(), here, out, false, stopping), Interrupted);
  Reporter quiet;
  try {
    run_experiment(tiny_recipe({{"train.learning_rate", "0.5"}}), here, out, true, quiet);
    FAIL() << "was accepted";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("with train.learning_rate = 0.01, not with train.learning_rate = 0.5"));
  }
  run_experiment(tiny_recipe({{"probe.epochs", "4"}}), here, out, true, quiet);
  EXPECT_EQ(Json::parse(read_file(out / "summary.json"))["probe"]["epochs"], 4);
  EXPECT_EQ(read_recipe(out / "recipe.toml").probe.epochs, 4);
}

TEST(Experiment, AnInterruptedProbeIsDoneAgainWithoutPretraining) {
  const TemporaryFolder folder;
  const auto out = folder.path() / "run";
  StoppingReporter stopping(15);  // the last batch: pretraining is complete
  EXPECT_THROW(run_experiment(tiny_recipe(), here, out, false, stopping), Interrupted);
  EXPECT_FALSE(std::filesystem::exists(out / "summary.json"));
  Reporter quiet;
  const ProbeReport resumed = run_experiment(tiny_recipe(), here, out, true, quiet);
  const ProbeReport straight = run_experiment(tiny_recipe(), here, folder.path() / "straight", false, quiet);
  EXPECT_EQ(resumed.trained[0].result.final_loss, straight.trained[0].result.final_loss);
  EXPECT_EQ(resumed.random->at(0).result.final_loss, straight.random->at(0).result.final_loss);
  EXPECT_NE(resumed.random->at(0).result.final_loss, straight.trained[0].result.final_loss);
}

}  // namespace
}  // namespace biossl
