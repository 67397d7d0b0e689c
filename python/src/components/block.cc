#include "biossl/network/block.h"

#include "src/arrays.h"
#include "src/components/inner.h"
#include "src/components/python_component.h"
#include "src/components/tensors.h"
#include "src/lock.h"
#include "src/module.h"

namespace biossl::python {
namespace {

/// What a block in Python is handed to make its layers of.
class BlockBuilder {
 public:
  BlockBuilder(const BlockSetup& setup, const std::shared_ptr<InnerLayers>& layers) : setup_(setup), layers_(layers) {}

  const BlockSetup& setup() const { return setup_; }
  Borrowed<InnerConvolution> convolution(std::int64_t channels, const nb::object& inputs, const std::string& name,
                                         const std::string& activation, bool bias, std::int64_t kernel,
                                         std::int64_t stride, std::int64_t padding) {
    const auto layers = layers_.get();
    const auto number = static_cast<std::uint32_t>(layers->size());
    BlockSetup inner = setup_;
    if (number > 0) inner.index = setup_.layer_index(number);
    if (!inputs.is_none()) inner.input = map_of(inputs);
    const ConvolutionOptions options{.channels = channels,
                                     .activation = activation,
                                     .bias = bias,
                                     .kernel = kernel,
                                     .stride = stride,
                                     .padding = padding};
    const auto layer = std::make_shared<InnerConvolution>(name.empty() ? std::to_string(number) : name, options, inner);
    layers->push_back(layer);
    return Borrowed<InnerConvolution>(layer);
  }
  Borrowed<InnerParameters> parameters(std::int64_t count) {
    const auto layers = layers_.get();
    const auto layer = std::make_shared<InnerParameters>(std::to_string(layers->size()), setup_.synapses, count);
    layers->push_back(layer);
    return Borrowed<InnerParameters>(layer);
  }

 private:
  BlockSetup setup_;
  Borrowed<InnerLayers> layers_;
};

/// One block's part of a step on its way down, as arrays.
struct ShownStep {
  nb::object input, output, kept, error;
};

class PythonBlock final : public Block {
 public:
  PythonBlock(const PythonClassPtr& type, const Settings& settings, const BlockSetup& setup)
      : layers_(std::make_shared<InnerLayers>()), component_(type, settings), dtype_(setup.synapses.dtype) {
    require_host(*type, setup.synapses.device);
    plan_.input = setup.input;
    type->blaming([&] {
      const nb::object said = component_.object().attr("_begin")(nb::cast(BlockBuilder(setup, layers_)));
      plan_.output = map_of(said[0]);
      for (const nb::handle map : nb::list(said[1])) plan_.kept.push_back({.shape = map_of(map)});
      plan_.needs_whole_batch = nb::cast<bool>(said[2]);
    });
    check(plan_.kept.size() <= Activity::most_kept, setup.where, "keeps {} maps; at most {}", plan_.kept.size(),
          Activity::most_kept);
    for (const auto& layer : *layers_) {
      plan_.parameters += layer->parameters();
      plan_.operations += layer->operations();
    }
  }

  const BlockPlan& plan() const override { return plan_; }
  std::string description() const override { return component_.call<std::string>("_description"); }
  void forward(const Tensor& input, Activity& activity, Mode mode) const override {
    const Locked lock;
    const auto made = component_.call<nb::list>("_forward", array_of(input), mode == Mode::training);
    take(made[0], activity.output, "forward made", {input});
    for (std::size_t i = 0; i < plan_.kept.size(); ++i) {
      if (!activity.kept[i].empty()) take(made[i + 1], activity.kept[i], "forward kept", {input});
    }
  }
  void backward(BlockStep& step, Tensor& error_input) override {
    const Locked lock;
    const auto sent = component_.call<nb::object>("_backward", shown(step), !error_input.empty());
    if (!error_input.empty()) take(sent, error_input, "backward made", {step.input, step.error});
  }
  void learn(BlockStep& step, const UpdateOptions& options) override {
    const Locked lock;
    const auto lent = std::make_shared<UpdateOptions>(options);
    component_.call("learn", shown(step), Borrowed<UpdateOptions>(lent));
  }
  void each_layer(const std::string& name, const LayerVisitor& visit) override { each_layer_of(*layers_, name, visit); }
  State state(const std::string& name, bool learning) override {
    return state_of(*layers_, component_, name, learning);
  }
  void restored() override { restore(*layers_, component_); }

 private:
  void take(nb::handle made, Tensor& target, std::string_view what, std::vector<Tensor> given) const {
    const Tensor own = tensor_of(made, target.shape(), dtype_, component_.type().name());
    require_finite(component_.type().name(), what, own, std::move(given), *layers_);
    copy(own, target);
  }
  nb::object shown(const BlockStep& step) const {
    nb::list kept;
    for (std::size_t i = 0; i < plan_.kept.size(); ++i) kept.append(array_of(step.activity.kept[i]));
    return nb::cast(ShownStep{array_of(step.input), array_of(step.activity.output), kept, array_of(step.error)});
  }

  std::shared_ptr<InnerLayers> layers_;
  PythonComponent component_;
  DType dtype_;
  BlockPlan plan_;
};

BlockRegistry::Entry entry_of(const PythonClassPtr& type, const nb::dict& /*traits*/) {
  BlockRegistry::Entry entry;
  entry.make = [type](const Settings& settings, const BlockSetup& setup) {
    return std::make_unique<PythonBlock>(type, settings, setup);
  };
  return entry;
}

}  // namespace

void bind_blocks(nb::module_& module) {
  nb::class_<BlockBuilder>(module, "BlockSetup", "What a block is made on, and what its layers are made of.")
      .def_prop_ro(
          "map", [](const BlockBuilder& self) { return shown_map(self.setup().input); }, "(C, H, W) of its input.")
      .def("convolution", &BlockBuilder::convolution, nb::arg("channels"), nb::arg("inputs") = nb::none(),
           nb::arg("name") = "", nb::arg("activation") = "none", nb::arg("bias") = false, nb::arg("kernel") = 3,
           nb::arg("stride") = 1, nb::arg("padding") = 1,
           "A convolution of a map (C, H, W), the block's input by default, with its nonlinearity.")
      .def("parameters", &BlockBuilder::parameters, nb::arg("count"),
           "Numbers that learn and are no connections; zeros at first.");
  nb::class_<ShownStep>(module, "BlockStep", "A block's part of a step on its way down; all arrays have the same rows.")
      .def_ro("input", &ShownStep::input, "(N, C, H, W)")
      .def_ro("output", &ShownStep::output)
      .def_ro("kept", &ShownStep::kept, "What forward returned behind the output.")
      .def_ro("error", &ShownStep::error, "Of the output.");
  bind_registration<BlockRegistry>(module, "register_block", &entry_of);
}

}  // namespace biossl::python
