#pragma once

#include "biossl/network/convolution_synapses.h"
#include "biossl/network/head.h"

namespace biossl {

/// HeadKind::prediction: from the block's output for view 0 a learnt 1x1 convolution W, without bias, predicts its
/// output for view 1. Of N images, rows 0..N/2-1 are view 0 and the rest view 1, each at the place of its partner;
/// embeddings are the predictions of view 0 and, under them, the output for view 1 itself, flattened. W learns from the
/// error of its predictions; view 0 gets that error back over W's feedback path, view 1 its own as it is.
class PredictionHead final : public Head {
 public:
  PredictionHead(const Shape& block_output, const SynapsesSetup& setup, std::uint32_t index);

  Synapses& synapses() override { return synapses_; }
  std::int64_t features() const override { return map_.size(); }
  const Shape& map() const override { return map_; }
  void prepare(std::int64_t rows, Workspace& workspace) override;
  void forward(const Tensor& activity, Tensor& embeddings) override;
  void learn(const Tensor& activity, const Tensor& embeddings, Tensor& errors, std::int64_t begin, std::int64_t end,
             const UpdateOptions& options, Tensor& error_activity) override;

 private:
  /// Rows as maps (N, H, W, C).
  Tensor maps(const Tensor& rows) const;

  Shape map_;
  DType dtype_;
  ConvolutionSynapses synapses_;
  Tensor narrow_;           // predictions, later their errors, in the compute type, where that is not the embeddings'
  std::int64_t pairs_ = 0;  // of the last forward
};

}  // namespace biossl
