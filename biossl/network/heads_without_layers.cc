#include "biossl/network/head.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

// Heads that learn nothing.
namespace biossl {
namespace {

class HeadWithoutLayers : public Head {
 public:
  explicit HeadWithoutLayers(const HeadSetup& setup) : map_(setup.map) {}

  std::int64_t parameters() const override { return 0; }
  std::int64_t operations() const override { return 0; }
  void prepare(std::int64_t /*rows*/, Workspace& /*workspace*/) override {}
  void learn(const Tensor& /*activity*/, std::int64_t /*begin*/, std::int64_t /*end*/,
             const UpdateOptions& /*options*/) override {}
  void each_layer(const std::string& /*name*/, const LayerVisitor& /*visit*/) override {}

 protected:
  const Shape& map() const { return map_; }

 private:
  Shape map_;
};

/// The block's output, flattened: embedding = output.
class NoHead final : public HeadWithoutLayers {
 public:
  NoHead(const NoOptions& /*options*/, const HeadSetup& setup) : HeadWithoutLayers(setup) {}

  std::int64_t features() const override { return map().size(); }
  std::string description() const override { return "the block's output itself"; }
  void forward(const Tensor& activity, Tensor& embeddings) override {
    ops::convert(activity.reshaped(embeddings.shape()), embeddings);
  }
  void backward(const Tensor& /*activity*/, const Tensor& /*embeddings*/, Tensor& errors, std::int64_t begin,
                std::int64_t end, Tensor& error_activity) override {
    if (error_activity.empty()) return;
    Tensor error = error_activity.reshaped({end - begin, features()});
    ops::convert(errors.rows(begin, end), error);
  }
};

/// The mean over positions: embedding_c = 1/(H W) sum_{y,x} output_{y,x,c}.
class PooledHead final : public HeadWithoutLayers {
 public:
  PooledHead(const NoOptions& /*options*/, const HeadSetup& setup)
      : HeadWithoutLayers(setup), dtype_(setup.synapses.dtype) {
    ops::require_host(setup.synapses.device, "pooled head");
  }

  std::int64_t features() const override { return map()[2]; }
  std::string description() const override { return "mean over positions"; }
  void prepare(std::int64_t rows, Workspace& workspace) override {
    pooled_ = workspace.take({rows, 1, 1, features()}, dtype_);
  }
  void forward(const Tensor& activity, Tensor& embeddings) override {
    Tensor pooled = pooled_.rows(0, activity.extent(0));
    ops::reduce(Reduction::mean, activity, over_positions, pooled);
    ops::convert(pooled.reshaped(embeddings.shape()), embeddings);
  }
  void backward(const Tensor& /*activity*/, const Tensor& /*embeddings*/, Tensor& errors, std::int64_t begin,
                std::int64_t end, Tensor& error_activity) override {
    if (error_activity.empty()) return;
    Tensor error = pooled_.rows(begin, end);
    Tensor flat = error.reshaped({end - begin, features()});
    ops::convert(errors.rows(begin, end), flat);
    spread_over_positions(error, error_activity);
  }

 private:
  DType dtype_;
  Tensor pooled_;
};

const Registration<HeadRegistry, NoHead, NoOptions> none("none", "the block's output itself, flattened");
const Registration<HeadRegistry, PooledHead, NoOptions> pooled("pooled", "the block's output, its mean over positions");

}  // namespace
}  // namespace biossl
