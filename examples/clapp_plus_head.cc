#include "biossl/network/head.h"
#include "biossl/network/linear_synapses.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

// A head that reads the top block's output (docs/extending.md): CLAPP++, Wu et al. 2026. For the rule "local".
namespace biossl {
namespace {

struct ClappPlusHeadOptions {
  std::int64_t tiles = 1;
  bool broadcast = true;

  template <class Visitor>
  void visit(Visitor& field) {
    field("tiles", tiles, "outputs are averaged in tiles x tiles squares and flattened");
    field("broadcast", broadcast, "the context is the top block's output; false: the block's own (lateral)");
  }
};

/// With z a block's pooled output and c the context for the other view, an embedding is z and B c, one behind the
/// other. No error returns to the context.
class ClappPlusHead final : public Head {
 public:
  ClappPlusHead(const ClappPlusHeadOptions& options, const HeadSetup& setup)
      : own_(pooled(setup.map, options.tiles)),
        top_(options.broadcast ? static_cast<int>(setup.maps.size()) - 1 : setup.block),
        context_(pooled(setup.maps.at(static_cast<std::size_t>(top_)), options.tiles)),
        dtype_(setup.synapses.dtype),
        master_(setup.synapses.master_dtype()),
        synapses_(setup.synapses, context_.map, own_.map.size(), false, setup.index) {
    ops::require_host(setup.synapses.device, "clapp_plus");
  }

  std::int64_t features() const override { return 2 * own_.map.size(); }
  std::int64_t parameters() const override { return synapses_.parameters(); }
  std::int64_t operations() const override { return 2 * parameters(); }
  std::string description() const override { return fmt::format("linear, from block {} for the other view", top_); }
  bool embeds_single_images() const override { return false; }
  std::vector<int> reads_blocks() const override { return {top_}; }
  void hand_forward(std::span<const Tensor> outputs) override { top_output_ = outputs[0]; }
  void prepare(std::int64_t rows, Workspace& workspace) override {
    z_ = workspace.take(batch_of(rows, own_.map), dtype_);
    c_ = workspace.take(batch_of(rows, context_.map), dtype_);
    error_ = workspace.take({rows, own_.map.size()}, dtype_);
    prediction_ = workspace.take({rows, own_.map.size()}, master_);
  }
  void forward(const Tensor& activity, Tensor& embeddings) override {
    const std::int64_t rows = activity.extent(0), pairs = rows / 2, size = own_.map.size();
    Tensor z = z_.rows(0, rows), c = c_.rows(0, rows), prediction = prediction_.rows(0, rows);
    ops::average_pool_forward(activity, own_.window, z);
    for (const std::int64_t view : {std::int64_t{0}, pairs}) {  // the context is that of the other view
      Tensor part = c.rows(pairs - view, rows - view);
      ops::average_pool_forward(top_output_.rows(view, view + pairs), context_.window, part);
    }
    synapses_.forward(c, Activation::none, prediction);
    ops::copy_columns(z.reshaped({rows, size}), 0, embeddings, 0, size);
    ops::copy_columns(prediction, 0, embeddings, size, size);
  }
  void backward(const Tensor& /*activity*/, const Tensor& /*embeddings*/, Tensor& errors, std::int64_t begin,
                std::int64_t end, Tensor& error_activity) override {
    const std::int64_t rows = end - begin, size = own_.map.size();
    Tensor error = error_.rows(0, rows), d_z = z_.rows(0, rows), flat = d_z.reshaped({rows, size});
    ops::copy_columns(errors.rows(begin, end), size, error, 0, size);
    if (error_activity.empty()) return;
    ops::copy_columns(errors.rows(begin, end), 0, flat, 0, size);
    ops::average_pool_backward(d_z, own_.window, error_activity);
  }
  void learn(const Tensor& /*activity*/, std::int64_t begin, std::int64_t end, const UpdateOptions& options) override {
    synapses_.learn(c_.rows(begin, end), error_.rows(0, end - begin), options);
  }
  void each_layer(const std::string& name, const LayerVisitor& visit) override { visit(name, synapses_); }

 private:
  struct Pooled {
    Shape map;
    std::int64_t window;
  };
  static Pooled pooled(const Shape& map, std::int64_t tiles) {
    const std::int64_t window = std::max<std::int64_t>(map[0] / tiles, 1);
    return {average_pooled(map, window), window};
  }

  Pooled own_;
  int top_;
  Pooled context_;
  DType dtype_, master_;
  LinearSynapses synapses_;
  Tensor top_output_, z_, c_, error_, prediction_;
};

const Registration<HeadRegistry, ClappPlusHead, ClappPlusHeadOptions> registration(
    "clapp_plus", "z and B c: the block's pooled output beside a prediction from the top block's for the other view");
}  // namespace
}  // namespace biossl
