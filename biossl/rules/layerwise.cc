#include "biossl/rules/layerwise.h"

namespace biossl {

LayerwiseBlocks::LayerwiseBlocks(const RuleSetup& setup) {
  for (int block = 0; block < setup.network.depth(); ++block) {
    ranges_.emplace_back(setup.network, setup.loss, block, block, setup.batch, setup.micro_batch);
  }
  const auto lay_out = [&](Workspace& workspace) {
    for (BlockRange& chain : ranges_) {
      workspace.start_over();
      chain.prepare(workspace);
    }
  };
  memory_ = Workspace::fit(setup.network.setup().device, lay_out).bytes();
}

}  // namespace biossl
