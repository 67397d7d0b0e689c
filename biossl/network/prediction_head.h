#pragma once

#include <string>

#include "biossl/network/convolution_synapses.h"
#include "biossl/network/head.h"

namespace biossl {

/// From the block's output for view 0 a 1x1 convolution W that learns, without bias, predicts its output for view 1. Of
/// N images, rows 0..N/2-1 are view 0 and the rest view 1, each at the place of its partner. Embeddings are the
/// predictions of view 0 and, under them, the output for view 1 itself, flattened. W learns from the error of its
/// predictions; view 0 gets that error back over W's feedback path, view 1 its own as it is.
class PredictionHead final : public Head {
 public:
  static constexpr Traits traits{.predicts = "a whole map from another"};

  PredictionHead(const NoOptions& options, const HeadSetup& setup);

  std::int64_t features() const override { return map_.size(); }
  std::int64_t parameters() const override { return synapses_.parameters(); }
  std::int64_t operations() const override { return 2 * map_.size() * map_[2]; }
  std::string description() const override { return "1x1 convolution, view 0 to view 1"; }
  bool embeds_single_images() const override { return false; }
  void prepare(std::int64_t rows, Workspace& workspace) override;
  void forward(const Tensor& activity, Tensor& embeddings) override;
  void backward(const Tensor& activity, const Tensor& embeddings, Tensor& errors, std::int64_t begin, std::int64_t end,
                Tensor& error_activity) override;
  void learn(const Tensor& activity, std::int64_t begin, std::int64_t end, const UpdateOptions& options) override;
  void each_layer(const std::string& name, const LayerVisitor& visit) override { visit(name, synapses_); }

 private:
  /// Rows as maps (N, H, W, C).
  Tensor maps(const Tensor& rows) const;

  Shape map_;
  DType dtype_;
  ConvolutionSynapses synapses_;
  Tensor narrow_;           // predictions, later their errors, in the compute type, where that is not the embeddings'
  Tensor error_;            // of the predictions, from backward to learn
  std::int64_t pairs_ = 0;  // of the last forward
};

}  // namespace biossl
