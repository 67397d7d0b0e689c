#include "biossl/rules/convolution_pass.h"

#include "biossl/network/convolution_block.h"
#include "biossl/ops/elementwise.h"

namespace biossl {

ConvolutionPass::ConvolutionPass(std::string_view rule, Network& network, std::int64_t rows)
    : network_(network), pass_(network, rows) {
  ops::require_host(network.setup().device, rule);
  network.add_head(network.depth() - 1);  // so that embeddings exist
  Workspace::fit(network.setup().device, [&](Workspace& workspace) { pass_.prepare(workspace); });
  for (int index = 0; index < network.depth(); ++index) {
    auto* const block = dynamic_cast<ConvolutionBlock*>(&network.block(index));
    check(block != nullptr || network.block(index).plan().parameters == 0, rule,
          "block {} ({}) has weights and is no convolution; this rule takes convolutions and blocks without weights",
          index, network.block(index).description());
    if (block == nullptr) continue;
    layers_.push_back({index, block->plan().input, block->unpooled(), &block->synapses()});
  }
}

void ConvolutionPass::run(const Tensor& images) {
  pass_.run(images);
  for (int index = 0; index < network_.depth(); ++index) {
    if (network_.block(index).plan().parameters > 0) continue;
    BlockStep step = pass_.step(index, 0, pass_.rows());
    network_.block(index).learn(step, UpdateOptions(0));
  }
}

}  // namespace biossl
