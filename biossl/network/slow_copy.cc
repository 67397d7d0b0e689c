#include "biossl/network/slow_copy.h"

#include "biossl/core/error.h"
#include "biossl/ops/ops.h"

namespace biossl {

SlowCopy::SlowCopy(Network& network, int block, std::int64_t rows, double momentum)
    : network_(network),
      slow_(network.spec(), network.image(), network.setup()),
      block_(block),
      rows_(rows),
      momentum_(momentum),
      pass_(slow_, block, rows),
      kept_(static_cast<std::size_t>(block) + 1) {
  check(momentum >= 0 && momentum <= 1, "slow copy", "momentum = {} must lie in [0, 1]", momentum);
  slow_.add_head(block);
  follow(0);
}

void SlowCopy::prepare(Workspace& workspace) {
  pass_.prepare(workspace);
  kept_.back().output = workspace.take(batch_of(rows_, slow_.block(block_).plan().output), slow_.setup().dtype);
  embeddings_ = workspace.take({rows_, slow_.head(block_).features()}, slow_.setup().master_dtype());
  slow_.head(block_).prepare(rows_, workspace);
}

Tensor SlowCopy::embeddings(const Tensor& images) {
  const std::int64_t count = images.extent(0);
  Tensor embeddings = embeddings_.rows(0, count);
  pass_.run(images, kept_);
  slow_.head(block_).forward(kept_.back().output.rows(0, count), embeddings);
  return embeddings;
}

void SlowCopy::follow(double momentum) {
  const State from = network_.state(false);
  for (const StateTensor& to : slow_.state(false)) {
    for (const StateTensor& its : from) {
      if (its.name != to.name) continue;
      Tensor values = to.tensor;
      if (values.dtype() == DType::int32 || values.dtype() == DType::uint8) {
        copy(its.tensor, values);
        continue;
      }
      ops::scale(values, momentum, values);
      ops::add_scaled(values, 1 - momentum, its.tensor, values);
    }
  }
  slow_.restored();
}

State SlowCopy::state() {
  State state = slow_.state(false);
  for (StateTensor& tensor : state) tensor.name = "slow." + tensor.name;
  return state;
}

}  // namespace biossl
