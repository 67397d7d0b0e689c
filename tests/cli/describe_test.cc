#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace biossl {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::Program;

/// What stands before and behind the line on the precision, which depends on the processor.
constexpr const char* before_the_precision =
    R"(network of the recipe's own on images of 12x12x3
                                                 input     output   parameters     operations
block 0  3x3 convolution, max-pool 2           12x12x3      6x6x4          108          31104
head 0   linear                                  6x6x4          4          576           1152
total                                                                      684          32256
operations: multiplications and additions of one image's forward pass
)";
constexpr const char* behind_the_precision = R"(
rule e2e: end to end: one loss on top, its error sent down through every block
  3 epochs in all (train.epochs = 3)

biological plausibility (loss contrastive_hinge, rule e2e, feedback transpose)
  (i)   kept   a weight changes by current activity alone
               An error needs what is seen now and at most a few views remembered from before, and moves only )"
                                             R"(the present.
  (ii)  kept   no normalisation, inner product or division in the loss
               The loss adds, subtracts and compares; its error is a sum of signs.
  (iii) broken forward and feedback connections are separate weights
               Errors descend over the forward weights themselves. They cross the head and all 0 layers above the first.
  (iv)  kept   no labels
               Pretraining sees pairs of views only; labels serve the probe alone.

differs from the defaults
  data.image_size = 12  (default 32)
  data.images = 50  (default 0)
  data.pretrain = "world"  (default "cifar100")
  data.probe = "world"  (default "cifar10")
  data.probe_images = 40  (default 0)
  data.test_images = 20  (default 0)
  network.blocks.0.activation = "none"
  network.blocks.0.bias = false
  network.blocks.0.channels = 4
  network.blocks.0.kernel = 3
  network.blocks.0.kernel_height = 0
  network.blocks.0.padding = 1
  network.blocks.0.padding_height = -1
  network.blocks.0.pool = 2
  network.blocks.0.stride = 1
  network.blocks.0.stride_height = 0
  network.head.activation = "none"
  network.head.average_pool = 1
  network.head.bias = false
  network.head.features = 4
  probe.epochs = 2  (default 200)
  train.batch = 8  (default 500)
  train.epochs = 3  (default 400)
  train.precision = "float32"  (default "auto")
  views.kind = "identity"  (default "deform")
)";

TEST_F(Program, DescribesARecipeInTheseWords) {
  const Outcome described = run({"describe", recipe_, "--changes", "--set", "train.precision=float32"});
  EXPECT_EQ(described.code, 0) << described.error;
  const std::size_t precision = described.out.find("precision float32 (");
  ASSERT_NE(precision, std::string::npos) << described.out;
  EXPECT_EQ(described.out.substr(0, precision), before_the_precision);
  EXPECT_EQ(described.out.substr(described.out.find('\n', precision) + 1), behind_the_precision);
}

TEST_F(Program, DescribesTheSameAsJson) {
  std::vector<std::string> words{
      "describe",           recipe_, "--changes",          "--set", "rule.kind=gll",          "--set",
      "data.image_size=96", "--set", "views.kind=patches", "--set", "loss.kind=clapp_patches"};
  const std::string text = run(words).out;
  words.push_back("--json");
  const Outcome described = run(words);
  ASSERT_EQ(described.code, 0) << described.error;
  const Json json = Json::parse(described.out);
  const auto told = [&](const std::string& part) { EXPECT_THAT(text, HasSubstr(part)); };
  const auto word = [](const Json& value) { return value.get<std::string>(); };
  const auto number = [](const Json& value) { return std::to_string(value.get<std::int64_t>()); };
  told("views " + word(json["views"]) + "\n");
  const Json& network = json["network"];
  told("network " + word(network["summary"]) + "\n");
  told("of one " + word(network["operations_of"]) + "'s forward pass\n");
  ASSERT_EQ(network["layers"].size(), 2U);
  std::int64_t parameters = 0;
  for (const Json& layer : network["layers"]) {
    for (const char* key : {"name", "what", "input", "output"}) told(word(layer[key]) + " ");
    for (const char* key : {"parameters", "operations"}) told(" " + number(layer[key]));
    parameters += layer["parameters"].get<std::int64_t>();
  }
  EXPECT_EQ(network["parameters"], parameters);
  told(" " + number(network["operations"]) + "\noperations: ");
  told("precision " + word(json["precision"]["setting"]));
  told("(" + word(json["precision"]["support"]));
  const Json& rule = json["rule"];
  told("rule gll: " + word(rule["summary"]) + "\n  " + number(rule["epochs"]) +
       " epochs in all (train.epochs = " + number(rule["train_epochs"]) + ")\n");
  EXPECT_EQ(json["plausibility"]["properties"].size(), 4U);
  for (const Json& property : json["plausibility"]["properties"]) {
    told("  " + word(property["number"]));
    told((property["kept"].get<bool>() ? " kept   " : " broken ") + word(property["property"]) + "\n");
    told(" " + word(property["why"]) + "\n");
  }
  EXPECT_FALSE(json["changes"].empty());
  for (const Json& change : json["changes"]) {
    const Json& usual = change["default"];
    told("\n  " + word(change["key"]) + " = " + word(change["value"]) +
         (usual.is_null() ? "\n" : "  (default " + word(usual) + ")\n"));
  }
  for (const Json& note : json["notes"]) told(word(note) + "\n");
}

TEST_F(Program, DescribesAsJsonNoMoreThanIsAskedFor) {
  const Json json = Json::parse(run({"describe", recipe_, "--set", "rule.kind=none", "--json"}).out);
  EXPECT_FALSE(json.contains("changes"));
  EXPECT_FALSE(json.contains("views"));
  EXPECT_TRUE(json["plausibility"]["properties"].empty()) << "nothing learns";
}

}  // namespace
}  // namespace biossl
