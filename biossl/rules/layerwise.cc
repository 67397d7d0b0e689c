#include "biossl/rules/layerwise.h"

namespace biossl {

LayerwiseBlocks::LayerwiseBlocks(const RuleSetup& setup) {
  for (int block = 0; block < setup.network.depth(); ++block) {
    ranges_.emplace_back(setup.network, setup.loss, block, block, setup.batch, setup.micro_batch);
  }
  const auto lay_out = [&](Workspace& workspace) {
    for (BlockRange& range : ranges_) {
      workspace.start_over();
      range.prepare(workspace);
    }
  };
  memory_ = Workspace::fit(setup.network.setup().device, lay_out).bytes();
}

State LayerwiseBlocks::state() {
  State state;
  for (BlockRange& range : ranges_) {
    const State part = range.state();
    state.insert(state.end(), part.begin(), part.end());
  }
  return state;
}

void LayerwiseBlocks::restored() {
  for (BlockRange& range : ranges_) range.loss().restored();
}

}  // namespace biossl
