#include <algorithm>

#include "biossl/core/error.h"
#include "biossl/runs/checkpoint.h"

namespace biossl {
namespace {

/// Whether the tensor belongs to a part, such as ".optimizer."; Synapses::state and Parameters::state write it into the
/// name.
bool is_of(const StateTensor& tensor, std::string_view part) { return tensor.name.find(part) != std::string::npos; }

State without(State state, std::string_view part) {
  std::erase_if(state, [&](const StateTensor& tensor) { return is_of(tensor, part); });
  return state;
}

}  // namespace

bool Checkpoint::has_other_path(const PathRecord& now) const {
  const auto then = std::ranges::find(layers_, now.layer, &PathRecord::layer);
  return then != layers_.end() && then->feedback != now.feedback;
}

State Checkpoint::found_of(const State& state, std::string_view prefix, std::vector<std::string>& others) const {
  State found;
  for (const StateTensor& tensor : state) {
    const std::string name = std::string(prefix) + tensor.name;
    const auto stored = file_.tensors().find(name);
    if (stored != file_.tensors().end() && stored->second.shape == tensor.file_shape &&
        stored->second.dtype == tensor.tensor.dtype()) {
      found.push_back(tensor);
    } else {
      others.push_back(name);
    }
  }
  return found;
}

void Checkpoint::start(Network& network) const {
  for (int index = 0; index < network.depth(); ++index) {
    const std::string name = fmt::format("blocks.{}", index);
    const bool in_file = std::ranges::any_of(
        file_.tensors(), [&](const auto& tensor) { return std::string_view(tensor.first).starts_with(name + "."); });
    if (!in_file && index == 0) bad_input("{}: holds no tensor of {}", path().string(), name);
    if (!in_file) break;
    fill(network.block(index).state(name, false), "");
  }
  require_finite(network);
  network.restored();
}

std::vector<std::string> Checkpoint::start(Network& network, LearningRule& rule) const {
  start(network);
  std::vector<std::string> others;
  State taken = without(network.state(true), ".optimizer.");
  for (const PathRecord& record : network.path_records()) {
    if (!has_other_path(record)) continue;
    const std::string path = record.layer + ".feedback.";
    for (const StateTensor& tensor : taken) {
      if (tensor.name.starts_with(path)) others.push_back(tensor.name);
    }
    taken = without(std::move(taken), path);
  }
  fill(found_of(taken, "", others), "");
  fill(found_of(without(rule.state(), ".optimizer."), rule_state_prefix, others), rule_state_prefix);
  require_finite(network);
  network.restored();
  rule.restored();
  return others;
}

}  // namespace biossl
