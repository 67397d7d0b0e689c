#include <gtest/gtest.h>

#include <set>

#include "biossl/benchmarks/loss_bench.h"
#include "biossl/benchmarks/memory_bench.h"
#include "biossl/benchmarks/probe_bench.h"
#include "biossl/benchmarks/step_bench.h"
#include "biossl/benchmarks/timing.h"
#include "biossl/benchmarks/views_bench.h"
#include "biossl/core/accelerator.h"
#include "biossl/core/parallel.h"
#include "biossl/data/views.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/synthetic_data.h"
#include "tests/support/devices.h"
#include "tests/support/tiny.h"

// What benches say of what they ran. How long it took is this machine's affair.

namespace biossl {
namespace {

Recipe small_recipe(std::vector<Override> overrides = {}) {
  overrides.push_back({"train.batch", "6"});
  overrides.push_back({"train.precision", "float32"});
  return demo_recipe(overrides);
}

TEST(Timing, TheMedianIsTheMiddleOne) {
  EXPECT_EQ(median({3.0}), 3.0);
  EXPECT_EQ(median({9.0, 1.0, 5.0}), 5.0);
  EXPECT_EQ(median({4.0, 1.0, 3.0, 2.0}), 3.0);
}

TEST(Timing, WorkRunsOnceMoreThanItIsTimed) {
  int runs = 0;
  EXPECT_GE(median_milliseconds(Device::cpu, 4, [&] { ++runs; }), 0.0);
  EXPECT_EQ(runs, 5);
  EXPECT_THROW(median_milliseconds(Device::cpu, 0, [] {}), std::invalid_argument);
}

TEST(Timing, ThreadsDoubleUpToTheMost) {
  EXPECT_EQ(thread_counts(1), (std::vector<int>{1}));
  EXPECT_EQ(thread_counts(2), (std::vector<int>{1, 2}));
  EXPECT_EQ(thread_counts(6), (std::vector<int>{1, 2, 4, 6}));
}

TEST(StandIn, FitsTheWorldWhateverTheRecipesData) {
  const Recipe asked = demo_recipe({{"data.pretrain", "cifar100"},
                                    {"loss.kind", "cross_entropy"},
                                    {"network.head.features", "100"},
                                    {"train.epochs", "0"}});
  const Recipe given = on_built_in_world(asked, 8, 24);
  EXPECT_EQ(given.data.pretrain, "world");
  EXPECT_EQ(given.data.images, 24);
  EXPECT_EQ(given.train.batch, 8);
  EXPECT_EQ(given.train.epochs, 1);
  EXPECT_EQ(given.network.head.features, 10) << "the classes of the world";
}

TEST(StepBench, TimesALossThatUsesLabels) {
  EXPECT_GT(time_step(small_recipe({{"loss.kind", "cross_entropy"}}), Device::cpu, 1).step, 0.0);
}

TEST(StepBench, TimesANetworkThatBeginsWithABlockWithoutLayers) {
  Recipe recipe = small_recipe();
  recipe.network.blocks.insert(recipe.network.blocks.begin(), BlockSpec{.conv = {}, .kind = "standardize"});
  EXPECT_GT(time_step(recipe, Device::cpu, 1).optimizer, 0.0);
}

TEST(StepBench, KnowsTheFloorOfTheCpuAlone) {
  const Recipe recipe = testing::tiny_recipe({{"data.image_size", "8"}, {"views.kind", "deform"}});
  for (const Device device : testing::all_devices()) {
    const StepTimes times = time_step(recipe, device, 1);
    EXPECT_EQ(times.conv_floor.has_value(), device == Device::cpu) << name_of(device);
    EXPECT_EQ(times.ratio().has_value(), device == Device::cpu) << name_of(device);
    EXPECT_EQ(times.graph_share.has_value(), device == Device::cuda) << name_of(device);
    for (const double part : {times.step, times.views, times.loss, times.optimizer}) {
      EXPECT_GT(part, 0.0) << name_of(device);
    }
  }
}

TEST(StepBench, ScalesFromOneThreadToAllAndPutsTheNumberBack) {
  const ThreadsKept outside;
  set_threads(3);
  const auto times = time_scaling(small_recipe(), Device::cpu, 2);
  EXPECT_EQ(threads(), 3);
  ASSERT_EQ(times.size(), 3U);
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(times[i].threads, thread_counts(3)[i]);
    EXPECT_GT(times[i].step, 0.0);
    EXPECT_EQ(times[i].alone, times[0].step);
  }
  EXPECT_EQ(times[0].efficiency(), 1.0);
  EXPECT_THROW(time_scaling(small_recipe({{"rule.kind", "none"}}), Device::cpu, 1), std::invalid_argument);
}

/// The kinds of views that can be made of the built-in world.
std::set<std::string> kinds_of_the_world() {
  const auto names = ViewsRegistry::instance().names();
  std::set<std::string> kinds(names.begin(), names.end());
  for (const char* other : {"synonyms", "patches", "frames"}) kinds.erase(other);  // of other data; of larger images
  return kinds;
}

TEST(ViewsBench, ViewsThatTheWorldCannotShowAreReplaced) {
  const Recipe recipe = small_recipe({{"views.kind", "frames"}, {"data.pretrain", "clips"}, {"data.resize", "8"}});
  EXPECT_EQ(time_views(recipe, Device::cpu, 1).at(0).kind, "identity");
}

TEST(ViewsBench, TimesTheRecipesKindFirstThenTheOthers) {
  const ThreadsKept outside;
  set_threads(2);
  for (const DType dtype : testing::computed_types(Device::cpu)) {
    Recipe recipe = small_recipe({{"views.kind", "moments"}});
    recipe.train.precision = name_of(dtype);
    const auto times = time_views(recipe, Device::cpu, 1);
    EXPECT_EQ(threads(), 2);
    std::set<std::string> known = kinds_of_the_world();
    ASSERT_EQ(times.size(), 2 * known.size());
    EXPECT_EQ(times[0].kind, "moments");
    std::set<std::string> timed;
    for (const auto& time : times) timed.insert(time.kind);
    EXPECT_EQ(timed, known);
    for (std::size_t i = 0; i < times.size(); ++i) {
      EXPECT_EQ(times[i].threads, i % 2 == 0 ? 1 : 2);
      EXPECT_GT(times[i].views, 0.0);
      EXPECT_GT(times[i].floor, 0.0);
    }
  }
}

TEST(ViewsBenchOnAGpu, TimesEveryKindOnce) {
  if (accelerator::count() == 0) GTEST_SKIP() << "there is no GPU";
  const auto times = time_views(small_recipe({{"views.kind", "deform"}}), Device::cuda, 1);
  std::set<std::string> kinds = kinds_of_the_world();
  std::erase_if(kinds, [](const auto& kind) { return !makes_views(Device::cuda, kind); });
  ASSERT_EQ(times.size(), kinds.size());
  for (const ViewsTime& time : times) {
    EXPECT_GT(time.views, 0.0) << time.kind;
    EXPECT_GT(time.floor, 0.0) << time.kind;
  }
}

TEST(LossBench, EveryLossIsTimedAndSomeBothWays) {
  std::multiset<std::string> kinds;
  for (const Choice& loss : every_loss()) {
    kinds.insert(loss.kind);
    if (loss.kind == "failing" || loss.kind == "short_patches") continue;  // tests' own
    Recipe recipe = recipe_to_time(small_recipe(), loss);
    recipe.network.head.features = 12;
    const LossTime time = time_loss(recipe, Device::cpu, 1);
    EXPECT_EQ(time.batch, 6);
    if (head_kind(recipe) == "linear") {
      EXPECT_EQ(time.features, 12) << loss.kind;
    }
    EXPECT_GT(time.milliseconds, 0.0);
  }
  for (const char* kind : {"barlow_twins", "clapp", "cross_entropy", "nt_xent"}) EXPECT_EQ(kinds.count(kind), 1U);
  for (const char* kind : {"contrastive_hinge", "clapp_patches"}) EXPECT_EQ(kinds.count(kind), 2U);
  EXPECT_EQ(kinds.count("hinge_patches"), 1U);
}

TEST(ProbeBench, WorksOutTheRecipesEpochs) {
  for (const DType dtype : {DType::float32, DType::bfloat16}) {
    const Recipe recipe = small_recipe({{"probe.precision", std::string(name_of(dtype))}, {"probe.epochs", "40"}});
    const ProbeTime time = time_probe(recipe, {.images = 1100, .features = 20, .classes = 4, .epochs = 3}, Device::cpu);
    EXPECT_EQ(time.kept, dtype);
    EXPECT_EQ(time.feature_bytes, 1100 * 20 * static_cast<std::int64_t>(size_of(dtype)));
    EXPECT_GT(time.epoch, 0.0);
    EXPECT_DOUBLE_EQ(time.total(), time.rest + 40 * time.epoch);
    EXPECT_GT(time.peak_memory.value_or(time.feature_bytes + 1), time.feature_bytes);
  }
  EXPECT_EQ(time_probe(small_recipe(), {.images = 5, .features = 0, .classes = 10, .epochs = 2}, Device::cpu).features,
            8192);
  EXPECT_THROW(time_probe(small_recipe(), {.images = 5, .features = 4, .classes = 10, .epochs = 1}, Device::cpu),
               std::invalid_argument);
}

MemoryUse memory_of(const std::string& rule, std::int64_t depth) {
  return measure_memory(small_recipe(), rule, {.channels = 3, .size = 8, .depth = depth}, Device::cpu);
}

TEST(MemoryBench, LayerwiseRulesAndFrozenBlocksTakeTheSameAtAnyDepth) {
  for (const char* rule : {"gll", "rll", "frozen"}) {
    const MemoryUse shallow = memory_of(rule, 4);
    const MemoryUse deep = memory_of(rule, 32);
    EXPECT_GT(shallow.activity, 0) << rule;
    EXPECT_EQ(shallow.activity, deep.activity) << rule;
    EXPECT_GT(deep.learnt, shallow.learnt) << rule;
  }
}

TEST(MemoryBench, EndToEndKeepsTheOutputOfEveryBlock) {
  for (const char* rule : {"e2e", "dtp"}) {
    const std::int64_t first = memory_of(rule, 4).activity;
    const std::int64_t second = memory_of(rule, 8).activity;
    const std::int64_t third = memory_of(rule, 12).activity;
    EXPECT_GE(second - first, 4 * 6 * 8 * 8 * 3 * 4) << rule << ": view 1's output of four blocks of the six images";
    EXPECT_EQ(third - second, second - first) << rule;
  }
}

TEST(MemoryBench, RefusesTheImpossible) {
  EXPECT_THROW(memory_of("gll", 0), std::invalid_argument);
  EXPECT_ANY_THROW(memory_of("greedy", 4));
}

}  // namespace
}  // namespace biossl
