#include "biossl/network/head.h"
#include "biossl/network/linear_synapses.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// The mean z of the block's output over its positions (C numbers), and under K learnt matrices without bias what is
/// predicted from it: the embedding is [W_1 z, ..., W_K z, z], of (K + 1) C numbers. K is what the loss asks for
/// (HeadSetup::predictions). W_k learns from the error of its prediction; z gets those errors back over W's feedback
/// path, and beside them its own as it is.
class PatchPredictionHead final : public Head {
 public:
  static constexpr Traits traits{.predicts = "the mean of a patch's map from another's"};

  PatchPredictionHead(const NoOptions& /*options*/, const HeadSetup& setup)
      : map_(setup.map),
        predicted_(setup.predictions * setup.map[2]),
        synapses_setup_(setup.synapses),
        synapses_(setup.synapses, {1, 1, map_[2]}, predicted_, false, setup.index) {
    ops::require_host(setup.synapses.device, "patch prediction head");
  }

  std::int64_t features() const override { return predicted_ + map_[2]; }
  std::int64_t parameters() const override { return synapses_.parameters(); }
  std::int64_t operations() const override { return 2 * predicted_ * map_[2]; }
  std::string description() const override {
    return fmt::format("mean over positions, {} linear predictions", predicted_ / map_[2]);
  }

  bool embeds_predictions() const override { return true; }

  void prepare(std::int64_t rows, Workspace& workspace) override {
    const DType dtype = synapses_setup_.dtype;
    for (Tensor* tensor : {&mean_, &error_mean_, &direct_error_}) {
      *tensor = workspace.take({rows, 1, 1, map_[2]}, dtype);
    }
    predictions_ = workspace.take({rows, predicted_}, synapses_setup_.master_dtype());
    error_predictions_ = workspace.take({rows, predicted_}, dtype);
  }

  void forward(const Tensor& activity, Tensor& embeddings) override {
    const std::int64_t rows = activity.extent(0);
    const Tensor mean = mean_of(activity);
    Tensor predictions = predictions_.rows(0, rows);
    synapses_.forward(mean, Activation::none, predictions);
    ops::copy_columns(predictions, 0, embeddings, 0, predicted_);
    ops::copy_columns(mean.reshaped({rows, map_[2]}), 0, embeddings, predicted_, map_[2]);
  }

  void backward(const Tensor& /*activity*/, const Tensor& /*embeddings*/, Tensor& errors, std::int64_t begin,
                std::int64_t end, Tensor& error_activity) override {
    error_ = error_predictions_.rows(begin, end);
    ops::copy_columns(errors.rows(begin, end), 0, error_, 0, predicted_);
    if (error_activity.empty()) return;
    Tensor error_mean = error_mean_.rows(begin, end);
    Tensor direct = direct_error_.rows(begin, end);
    Tensor direct_rows = direct.reshaped({end - begin, map_[2]});
    synapses_.send_back(error_, error_mean);
    ops::copy_columns(errors.rows(begin, end), predicted_, direct_rows, 0, map_[2]);
    ops::add_scaled(error_mean, 1.0, direct, error_mean);
    spread_over_positions(error_mean, error_activity);
  }

  void learn(const Tensor& activity, std::int64_t begin, std::int64_t end, const UpdateOptions& options) override {
    // Averaged anew: since the forward pass, rows may have changed places.
    synapses_.learn(mean_of(activity.rows(begin, end)), error_, options);
  }

  void each_layer(const std::string& name, const LayerVisitor& visit) override { visit(name, synapses_); }

 private:
  Tensor mean_of(const Tensor& activity) {
    Tensor mean = mean_.rows(0, activity.extent(0));
    ops::reduce(Reduction::mean, activity, over_positions, mean);
    return mean;
  }

  Shape map_;
  std::int64_t predicted_;  // K C
  SynapsesSetup synapses_setup_;
  LinearSynapses synapses_;  // W_1 .. W_K, one under the other
  Tensor mean_;              // z
  Tensor predictions_;       // in the type of the embeddings
  Tensor error_predictions_, error_mean_, direct_error_;
  Tensor error_;  // of the predictions, from backward to learn
};

const Registration<HeadRegistry, PatchPredictionHead, NoOptions> registration(
    "patch_prediction", "the block's output, its mean over positions, and learnt predictions of other patches' means");

}  // namespace
}  // namespace biossl
