#include "biossl/network/spec.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "biossl/core/error.h"
#include "biossl/core/text.h"

namespace biossl {
namespace {

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

}  // namespace

bool BlockSpec::operator==(const BlockSpec& other) const {
  return channels == other.channels && activation == other.activation && pool == other.pool && bias == other.bias &&
         conv == other.conv && kind == other.kind && settings == other.settings;
}

NetworkSpec preset(std::string_view name, double width) {
  NetworkSpec spec = find_preset(name).make();
  check(std::isfinite(width) && width > 0 && width <= 64, "network", "width = {} must lie between 0 and 64", width);
  for (BlockSpec& block : spec.blocks) {
    block.channels = std::max<std::int64_t>(std::llround(width * static_cast<double>(block.channels)), 1);
  }
  return spec;
}

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& entry : presets) names.emplace_back(entry.name);
  return names;
}

std::string_view preset_summary(std::string_view name) { return find_preset(name).summary; }

}  // namespace biossl
