#include "biossl/network/network.h"

#include <algorithm>

#include "biossl/core/error.h"
#include "biossl/network/convolution_block.h"
#include "biossl/network/linear_head.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// Weights are keyed by their place: blocks count from 0, heads from here.
constexpr std::uint32_t first_head = 1000;

}  // namespace

std::unique_ptr<Block> make_block(const BlockSpec& spec, const BlockSetup& setup) {
  if (spec.kind != "convolution") return BlockRegistry::instance().make(spec.kind, spec.settings, setup);
  const ConvolutionOptions options{.channels = spec.channels,
                                   .activation = std::string(name_of(spec.activation)),
                                   .pool = spec.pool,
                                   .bias = spec.bias,
                                   .kernel = spec.conv.kernel,
                                   .stride = spec.conv.stride,
                                   .padding = spec.conv.padding,
                                   .kernel_height = spec.conv.kernel_height,
                                   .stride_height = spec.conv.stride_height,
                                   .padding_height = spec.conv.padding_height};
  return std::make_unique<ConvolutionBlock>(options, setup);
}

std::unique_ptr<Head> make_head(const HeadSpec& spec, const HeadSetup& setup) {
  if (spec.kind != "linear") return HeadRegistry::instance().make(spec.kind, spec.settings, setup);
  const LinearHeadOptions options{.features = spec.features,
                                  .average_pool = spec.average_pool,
                                  .activation = std::string(name_of(spec.activation)),
                                  .bias = spec.bias};
  return std::make_unique<LinearHead>(options, setup);
}

Network::Network(const NetworkSpec& spec, const Shape& image, const SynapsesSetup& setup)
    : spec_(spec), image_(image), setup_(setup) {
  check(!spec.blocks.empty(), "network", "it has no blocks");
  for (std::size_t index = 0; index < spec.blocks.size(); ++index) {
    const Shape input = blocks_.empty() ? image : blocks_.back()->plan().output;
    blocks_.push_back(make_block(spec.blocks[index], {.input = input,
                                                      .synapses = setup,
                                                      .index = static_cast<std::uint32_t>(index),
                                                      .where = fmt::format("network.blocks[{}]", index)}));
    check(blocks_.back()->plan().kept.size() <= Activity::most_kept, "network",
          "a block of kind {} keeps {} tensors, at most {} are possible", spec.blocks[index].kind,
          blocks_.back()->plan().kept.size(), Activity::most_kept);
  }
  heads_.resize(blocks_.size());
}

void Network::scale_input(Tensor& images) const {
  const InputScale& input = spec_.input;
  if (input.is_identity()) return;
  ops::scale(images, 1 / input.std, images, -input.mean / input.std);
}

Head& Network::add_head(int index) {
  std::unique_ptr<Head>& head = heads_[static_cast<std::size_t>(index)];
  if (!head) {
    std::vector<Shape> maps;
    for (const auto& block : blocks_) maps.push_back(block->plan().output);
    head = make_head(spec_.head, {.map = block(index).plan().output,
                                  .synapses = setup_,
                                  .index = first_head + static_cast<std::uint32_t>(index),
                                  .block = index,
                                  .maps = std::move(maps),
                                  .predictions = spec_.head.predictions});
    set_observer(observer_);
  }
  return *head;
}

Head& Network::head(int index) {
  check(has_head(index), "network", "there is no head on block {}", index);
  return *heads_[static_cast<std::size_t>(index)];
}

void Network::each_layer(const LayerVisitor& visit) {
  for (std::size_t index = 0; index < blocks_.size(); ++index) {
    blocks_[index]->each_layer(fmt::format("blocks.{}", index), visit);
  }
  for (std::size_t index = 0; index < heads_.size(); ++index) {
    if (heads_[index]) heads_[index]->each_layer(fmt::format("heads.{}", index), visit);
  }
}

State Network::state(bool learning) {
  State state;
  const auto add = [&](const State& part) { state.insert(state.end(), part.begin(), part.end()); };
  for (std::size_t index = 0; index < blocks_.size(); ++index) {
    add(blocks_[index]->state(fmt::format("blocks.{}", index), learning));
  }
  for (std::size_t index = 0; index < heads_.size(); ++index) {
    if (heads_[index]) add(heads_[index]->state(fmt::format("heads.{}", index), learning));
  }
  return state;
}

void Network::restored() {
  for (const auto& block : blocks_) block->restored();
  for (const auto& head : heads_) {
    if (head) head->restored();
  }
}

void Network::set_observer(Observer* observer) {
  observer_ = observer;
  each_layer([&](const std::string& layer, Synapses& synapses) { synapses.set_observer(observer, layer); });
}

void Network::between_steps(const StepContext& context) {
  each_layer([&](const std::string&, Synapses& synapses) { synapses.feedback().between_steps(synapses, context); });
}

std::vector<PathRecord> Network::path_records() {
  std::vector<PathRecord> records;
  each_layer([&](const std::string& layer, Synapses& synapses) {
    records.push_back(synapses.path_record());
    records.back().layer = layer;
  });
  return records;
}

void Network::continue_counting(const std::vector<PathRecord>& records) {
  each_layer([&](const std::string& layer, Synapses& synapses) {
    const auto found = std::ranges::find(records, layer, &PathRecord::layer);
    synapses.set_errors_sent(found == records.end() ? 0 : found->errors_sent);
  });
}

}  // namespace biossl
