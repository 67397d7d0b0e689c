#pragma once

#include <string>

#include "biossl/network/head.h"
#include "biossl/network/linear_synapses.h"

namespace biossl {

/// [network.head] of the kind "linear".
struct LinearHeadOptions {
  std::int64_t features = 64;
  std::int64_t average_pool = 1;
  std::string activation = "none";
  bool bias = false;

  template <class Visitor>
  void visit(Visitor& field) {
    field("features", features, "numbers in an embedding (D)");
    field("average_pool", average_pool, "side of the average-pool's square before the linear layer; 1: none");
    field("activation", activation, "\"none\", \"hardtanh\", \"tanh\" or \"relu\"");
    field("bias", bias, "whether the linear layer has a bias");
  }
};

/// Average-pooling, a linear layer, a nonlinearity, for both views alike.
class LinearHead final : public Head {
 public:
  /// Throws std::invalid_argument for impossible options.
  LinearHead(const LinearHeadOptions& options, const HeadSetup& setup);

  std::int64_t features() const override { return options_.features; }
  std::int64_t parameters() const override { return synapses_.parameters(); }
  std::int64_t operations() const override { return 2 * map_.size() * options_.features; }
  std::string description() const override;
  void prepare(std::int64_t rows, Workspace& workspace) override;
  void forward(const Tensor& activity, Tensor& embeddings) override;
  void backward(const Tensor& activity, const Tensor& embeddings, Tensor& errors, std::int64_t begin, std::int64_t end,
                Tensor& error_activity) override;
  void learn(const Tensor& activity, std::int64_t begin, std::int64_t end, const UpdateOptions& options) override;
  void each_layer(const std::string& name, const LayerVisitor& visit) override { visit(name, synapses_); }

 private:
  LinearHeadOptions options_;
  Activation activation_;
  Shape map_;  // what the linear layer reads
  DType dtype_;
  LinearSynapses synapses_;
  Tensor pooled_;         // (N, h, w, C), where it average-pools
  Tensor error_pooled_;   // likewise
  Tensor narrow_errors_;  // errors in the compute type, where that is not the embeddings'
  Tensor error_;          // of the linear layer's output, from backward to learn
};

}  // namespace biossl
