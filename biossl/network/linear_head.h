#pragma once

#include "biossl/network/head.h"
#include "biossl/network/linear_synapses.h"

namespace biossl {

/// HeadKind::linear: average-pooling, a linear layer, a nonlinearity, for every view alike.
class LinearHead final : public Head {
 public:
  LinearHead(const HeadSpec& spec, const Shape& block_output, const SynapsesSetup& setup, std::uint32_t index);

  Synapses& synapses() override { return synapses_; }
  std::int64_t features() const override { return spec_.features; }
  const Shape& map() const override { return map_; }
  void prepare(std::int64_t rows, Workspace& workspace) override;
  void forward(const Tensor& activity, Tensor& embeddings) override;
  void learn(const Tensor& activity, const Tensor& embeddings, Tensor& errors, std::int64_t begin, std::int64_t end,
             const UpdateOptions& options, Tensor& error_activity) override;

 private:
  HeadSpec spec_;
  Shape map_;
  DType dtype_;
  LinearSynapses synapses_;
  Tensor pooled_;         // (N, h, w, C), where it average-pools
  Tensor error_pooled_;   // likewise
  Tensor narrow_errors_;  // errors in the compute type, where that is not the embeddings'
};

}  // namespace biossl
