#include "biossl/network/spec.h"

#include <array>

#include "biossl/core/error.h"
#include "biossl/core/text.h"

namespace biossl {
namespace {

// More than memory holds, and far from where products of them overflow.
constexpr std::int64_t most_features = 1'000'000;
constexpr std::int64_t largest_kernel = 1'000;

BlockSpec block(std::int64_t channels, Activation activation, std::int64_t pool = 1, bool bias = false) {
  return {.channels = channels, .activation = activation, .pool = pool, .bias = bias, .conv = {}};
}

NetworkSpec conv6() {
  using enum Activation;
  return {
      .blocks = {block(32, hardtanh), block(32, none, 2), block(64, hardtanh), block(64, none, 2), block(512, none, 2)},
      .head = {}};
}

NetworkSpec vgg6() {
  using enum Activation;
  return {.blocks = {block(128, hardtanh), block(256, hardtanh, 2), block(256, hardtanh), block(512, hardtanh, 2),
                     block(1024, hardtanh, 2), block(1024, hardtanh, 2)},
          .head = {.features = 64, .average_pool = 2, .activation = none, .bias = false}};
}

NetworkSpec tanh4() {
  NetworkSpec spec;
  for (const std::int64_t channels : {32, 64, 128, 256})
    spec.blocks.push_back(block(channels, Activation::tanh, 2, true));
  spec.head = {.features = 64, .average_pool = 1, .activation = Activation::tanh, .bias = true};
  return spec;
}

struct Preset {
  const char* name;
  const char* summary;
  NetworkSpec (*make)();
};

constexpr std::array presets{
    Preset{"conv6", "five convolutions 32-32-64-64-512 and a linear head, for 32x32 images (Tang et al.)", conv6},
    Preset{"tanh4", "four tanh convolutions 32-64-128-256, each pooled, for target propagation", tanh4},
    Preset{"vgg6", "six wide convolutions 128-1024, for 64x64 images (CLAPP's)", vgg6}};

const Preset& find_preset(std::string_view name) {
  for (const Preset& entry : presets) {
    if (name == entry.name) return entry;
  }
  fail("network", "there is no preset '{}'{}", name, suggestion(name, preset_names()));
}

Shape pooled(const Shape& map, std::int64_t window) { return {map[0] / window, map[1] / window, map[2]}; }

BlockPlan plan_block(const BlockSpec& spec, const Shape& input, std::size_t index) {
  const std::string where = fmt::format("network.blocks[{}]", index);
  check(spec.channels >= 1 && spec.channels <= most_features, where, "channels = {} must be between 1 and {}",
        spec.channels, most_features);
  check(spec.pool >= 1 && spec.pool <= largest_pool, where, "pool = {} must be between 1 (none) and {}", spec.pool,
        largest_pool);
  check(spec.conv.kernel <= largest_kernel && spec.conv.stride <= largest_kernel, where,
        "kernel = {}, stride = {}; at most {} are possible", spec.conv.kernel, spec.conv.stride, largest_kernel);
  check(spec.conv.kernel >= 1 && spec.conv.stride >= 1 && spec.conv.padding >= 0, where,
        "kernel = {}, stride = {}, padding = {} is impossible", spec.conv.kernel, spec.conv.stride, spec.conv.padding);
  check(spec.conv.padding < spec.conv.kernel, where, "padding = {} must be smaller than kernel = {}", spec.conv.padding,
        spec.conv.kernel);
  check(input[0] + 2 * spec.conv.padding >= spec.conv.kernel && input[1] + 2 * spec.conv.padding >= spec.conv.kernel,
        where, "its input is {}x{}, too small for kernel = {} with padding = {}; pool less in the blocks before",
        input[0], input[1], spec.conv.kernel, spec.conv.padding);
  BlockPlan plan;
  plan.input = input;
  plan.unpooled = {spec.conv.output_extent(input[0]), spec.conv.output_extent(input[1]), spec.channels};
  plan.output = pooled(plan.unpooled, spec.pool);
  check(plan.output[0] >= 1 && plan.output[1] >= 1, where, "pool = {} shrinks its {}x{} map to nothing", spec.pool,
        plan.unpooled[0], plan.unpooled[1]);
  const std::int64_t weights = spec.channels * spec.conv.kernel * spec.conv.kernel * input[2];
  plan.parameters = weights + (spec.bias ? spec.channels : 0);
  plan.operations = 2 * weights * plan.unpooled[0] * plan.unpooled[1];
  return plan;
}

}  // namespace

bool BlockSpec::operator==(const BlockSpec& other) const {
  return channels == other.channels && activation == other.activation && pool == other.pool && bias == other.bias &&
         conv.kernel == other.conv.kernel && conv.stride == other.conv.stride && conv.padding == other.conv.padding;
}

std::vector<BlockPlan> plan(const NetworkSpec& spec, const Shape& image) {
  check(!spec.blocks.empty(), "network", "it has no blocks");
  check(spec.head.features >= 1 && spec.head.features <= most_features, "network.head",
        "features = {} must be between 1 and {}", spec.head.features, most_features);
  check(spec.head.average_pool >= 1, "network.head", "average_pool = {} must be at least 1", spec.head.average_pool);
  std::vector<BlockPlan> plans;
  for (std::size_t index = 0; index < spec.blocks.size(); ++index) {
    plans.push_back(plan_block(spec.blocks[index], plans.empty() ? image : plans.back().output, index));
  }
  head_input(spec.head, plans.back().output);
  return plans;
}

Shape head_input(const HeadSpec& head, const Shape& block_output) {
  if (head.kind == HeadKind::prediction) return block_output;
  const Shape map = pooled(block_output, head.average_pool);
  check(map[0] >= 1 && map[1] >= 1, "network.head", "average_pool = {} shrinks a {}x{} map to nothing",
        head.average_pool, block_output[0], block_output[1]);
  return map;
}

HeadPlan plan_head(const HeadSpec& head, const Shape& block_output) {
  const Shape map = head_input(head, block_output);
  if (head.kind == HeadKind::prediction) {
    const std::int64_t weights = map[2] * map[2];
    return {.features = map.size(), .parameters = weights, .operations = 2 * weights * map[0] * map[1]};
  }
  const std::int64_t weights = map.size() * head.features;
  return {
      .features = head.features, .parameters = weights + (head.bias ? head.features : 0), .operations = 2 * weights};
}

NetworkSpec preset(std::string_view name) { return find_preset(name).make(); }

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& entry : presets) names.emplace_back(entry.name);
  return names;
}

std::string_view preset_summary(std::string_view name) { return find_preset(name).summary; }

}  // namespace biossl
