#include "biossl/network/network.h"

#include <algorithm>

#include "biossl/core/error.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// Weights are keyed by their place: blocks count from 0, heads from here.
constexpr std::uint32_t first_head = 1000;

}  // namespace

Network::Network(const NetworkSpec& spec, const Shape& image, const SynapsesSetup& setup)
    : spec_(spec), image_(image), setup_(setup) {
  const std::vector<BlockPlan> plans = plan(spec, image);
  for (std::size_t index = 0; index < plans.size(); ++index) {
    blocks_.push_back(
        std::make_unique<Block>(spec.blocks[index], plans[index], setup, static_cast<std::uint32_t>(index)));
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
    head = make_head(spec_.head, block(index).plan().output, setup_, first_head + static_cast<std::uint32_t>(index));
  }
  return *head;
}

Head& Network::head(int index) {
  check(has_head(index), "network", "there is no head on block {}", index);
  return *heads_[static_cast<std::size_t>(index)];
}

template <class Visitor>
void Network::each_synapses(const Visitor& visit) {
  for (std::size_t index = 0; index < blocks_.size(); ++index) {
    visit(fmt::format("blocks.{}", index), blocks_[index]->synapses());
  }
  for (std::size_t index = 0; index < heads_.size(); ++index) {
    if (heads_[index]) visit(fmt::format("heads.{}", index), heads_[index]->synapses());
  }
}

State Network::state(bool learning) {
  State state;
  each_synapses([&](const std::string& layer, Synapses& synapses) {
    const State part = synapses.state(layer + ".", learning);
    state.insert(state.end(), part.begin(), part.end());
  });
  return state;
}

void Network::restored() {
  each_synapses([](const std::string&, Synapses& synapses) { synapses.restored(); });
}

std::vector<PathRecord> Network::path_records() {
  std::vector<PathRecord> records;
  each_synapses([&](const std::string& layer, Synapses& synapses) {
    records.push_back(synapses.path_record());
    records.back().layer = layer;
  });
  return records;
}

void Network::continue_counting(const std::vector<PathRecord>& records) {
  each_synapses([&](const std::string& layer, Synapses& synapses) {
    const auto found = std::ranges::find(records, layer, &PathRecord::layer);
    synapses.set_errors_sent(found == records.end() ? 0 : found->errors_sent);
  });
}

}  // namespace biossl
