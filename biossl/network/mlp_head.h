#pragma once

#include <deque>
#include <string>
#include <vector>

#include "biossl/network/head.h"
#include "biossl/network/linear_synapses.h"

namespace biossl {

/// [network.head] of the kind "mlp".
struct MlpHeadOptions {
  std::int64_t features = 128;
  std::int64_t hidden = 256;
  std::int64_t layers = 2;
  std::int64_t average_pool = 1;
  std::string activation = "relu";
  bool bias = true;

  template <class Visitor>
  void visit(Visitor& field) {
    field("features", features, "numbers in an embedding (D)");
    field("hidden", hidden, "units of each hidden layer");
    field("layers", layers, "linear layers, the last one included");
    field("average_pool", average_pool, "side of the average-pool's square before the first layer; 1: none");
    field("activation", activation, "\"none\", \"hardtanh\", \"tanh\" or \"relu\", behind every layer but the last");
    field("bias", bias, "whether the layers have biases");
  }
};

/// Average-pooling, then linear layers with a nonlinearity between them (a projector).
class MlpHead final : public Head {
 public:
  /// Throws std::invalid_argument for impossible options.
  MlpHead(const MlpHeadOptions& options, const HeadSetup& setup);

  std::int64_t features() const override { return options_.features; }
  std::int64_t parameters() const override;
  std::int64_t operations() const override;
  std::string description() const override;
  void prepare(std::int64_t rows, Workspace& workspace) override;
  void forward(const Tensor& activity, Tensor& embeddings) override;
  void backward(const Tensor& activity, const Tensor& embeddings, Tensor& errors, std::int64_t begin, std::int64_t end,
                Tensor& error_activity) override;
  void learn(const Tensor& activity, std::int64_t begin, std::int64_t end, const UpdateOptions& options) override;
  void each_layer(const std::string& name, const LayerVisitor& visit) override;

 private:
  Tensor input_of(std::size_t layer, const Tensor& activity, std::int64_t begin, std::int64_t end) const;

  MlpHeadOptions options_;
  Activation activation_;
  Shape map_;  // what the first layer reads
  DType dtype_;
  std::deque<LinearSynapses> layers_;
  Tensor pooled_, error_pooled_;      // (N, h, w, C), where it average-pools
  std::vector<Tensor> hidden_;        // (N, hidden), by layer but the last
  std::vector<Tensor> error_hidden_;  // likewise
  Tensor narrow_errors_;              // errors of the embeddings in the compute type
  std::vector<Tensor> layer_errors_;  // of each layer's output, from backward to learn
};

}  // namespace biossl
