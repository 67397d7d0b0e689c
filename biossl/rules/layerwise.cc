#include "biossl/rules/layerwise.h"

namespace biossl {

LayerwiseBlocks::LayerwiseBlocks(const RuleSetup& setup) {
  for (int block = 0; block < setup.network.depth(); ++block) {
    chains_.emplace_back(setup.network, setup.loss, block, block, setup.batch, setup.chunk);
  }
  const auto lay_out = [&](Workspace& workspace) {
    for (Chain& chain : chains_) {
      workspace.start_over();
      chain.prepare(workspace);
    }
  };
  memory_ = Workspace::fit(setup.network.setup().device, lay_out).bytes();
}

}  // namespace biossl
