#include "biossl/network/head.h"

#include <deque>
#include <string>
#include <utility>

#include "src/arrays.h"
#include "src/components/inner.h"
#include "src/components/python_component.h"
#include "src/components/tensors.h"
#include "src/lock.h"
#include "src/module.h"

namespace biossl::python {
namespace {

/// What a head in Python is handed to make its layers of.
class HeadBuilder {
 public:
  HeadBuilder(const HeadSetup& setup, const std::shared_ptr<InnerLayers>& layers) : setup_(setup), layers_(layers) {}

  const HeadSetup& setup() const { return setup_; }
  nb::list maps() const {
    nb::list maps;
    for (const Shape& map : setup_.maps) maps.append(shown_map(map));
    return maps;
  }
  Borrowed<InnerLinear> linear(std::int64_t outputs, const nb::object& inputs, bool bias) {
    check(outputs >= 1, "network.head", "a linear layer of {} outputs", outputs);
    const auto layers = layers_.get();
    const auto number = static_cast<std::uint32_t>(layers->size());
    const std::uint32_t index = number == 0 ? setup_.index : setup_.layer_index(number);
    const Shape map = inputs.is_none() ? setup_.map : map_of(inputs);
    const auto layer =
        std::make_shared<InnerLinear>(std::to_string(number), setup_.synapses, map, outputs, bias, index);
    layers->push_back(layer);
    return Borrowed<InnerLinear>(layer);
  }

 private:
  HeadSetup setup_;
  Borrowed<InnerLayers> layers_;
};

class PythonHead final : public Head {
 public:
  PythonHead(const PythonClassPtr& type, const Settings& settings, const HeadSetup& setup)
      : layers_(std::make_shared<InnerLayers>()), component_(type, settings), dtype_(setup.synapses.dtype) {
    require_host(*type, setup.synapses.device);
    type->blaming([&] {
      const nb::object said = component_.object().attr("_begin")(nb::cast(HeadBuilder(setup, layers_)));
      features_ = nb::cast<std::int64_t>(said[0]);
      embeds_single_images_ = nb::cast<bool>(said[1]);
      reads_blocks_ = nb::cast<std::vector<int>>(said[2]);
    });
  }

  std::int64_t features() const override { return features_; }
  std::int64_t parameters() const override {
    std::int64_t sum = 0;
    for (const auto& layer : *layers_) sum += layer->parameters();
    return sum;
  }
  std::int64_t operations() const override {
    std::int64_t sum = 0;
    for (const auto& layer : *layers_) sum += layer->operations();
    return sum;
  }
  std::string description() const override { return component_.call<std::string>("_description"); }
  bool embeds_single_images() const override { return embeds_single_images_; }
  std::vector<int> reads_blocks() const override { return reads_blocks_; }
  void hand_forward(std::span<const Tensor> outputs) override { handed_.assign(outputs.begin(), outputs.end()); }
  void prepare(std::int64_t /*rows*/, Workspace& /*workspace*/) override {}
  void forward(const Tensor& activity, Tensor& embeddings) override {
    const Locked lock;
    nb::list others;
    for (const Tensor& output : handed_) others.append(array_of(output));
    const auto made = component_.call<nb::object>("_forward", array_of(activity), others);
    const Tensor own = tensor_of(made, embeddings.shape(), embeddings.dtype(), component_.type().name());
    std::vector<Tensor> given(handed_);
    given.push_back(activity);
    require_finite(component_.type().name(), "forward made", own, std::move(given), *layers_);
    copy(own, embeddings);
  }
  void backward(const Tensor& activity, const Tensor& /*embeddings*/, Tensor& errors, std::int64_t begin,
                std::int64_t end, Tensor& error_activity) override {
    const Locked lock;
    const bool sends = !error_activity.empty();
    const auto sent = component_.call<nb::object>("_backward", array_of(activity.rows(begin, end)),
                                                  array_of(errors.rows(begin, end)), begin, end, sends);
    if (!sends) return;
    const Tensor own = tensor_of(sent, error_activity.shape(), dtype_, component_.type().name());
    const Tensor came = errors.rows(begin, end);
    require_finite(component_.type().name(), "backward made", own, {activity.rows(begin, end), came}, *layers_);
    copy(own, error_activity);
  }
  void learn(const Tensor& activity, std::int64_t begin, std::int64_t end, const UpdateOptions& options) override {
    const Locked lock;
    const auto lent = std::make_shared<UpdateOptions>(options);
    component_.call("learn", array_of(activity.rows(begin, end)), begin, end, Borrowed<UpdateOptions>(lent));
  }
  void each_layer(const std::string& name, const LayerVisitor& visit) override { each_layer_of(*layers_, name, visit); }
  State state(const std::string& name, bool learning) override {
    return state_of(*layers_, component_, name, learning);
  }
  void restored() override { restore(*layers_, component_); }

 private:
  std::shared_ptr<InnerLayers> layers_;
  PythonComponent component_;
  DType dtype_;
  std::int64_t features_ = 0;
  bool embeds_single_images_ = true;
  std::vector<int> reads_blocks_;
  std::vector<Tensor> handed_;
};

/// A text that lives as long as the registry's entries: for ever.
const char* kept_for_ever(std::string text) {
  static std::deque<std::string> texts;
  return texts.emplace_back(std::move(text)).c_str();
}

HeadRegistry::Entry entry_of(const PythonClassPtr& type, const nb::dict& traits) {
  HeadRegistry::Entry entry;
  if (const auto predicts = nb::cast<std::string>(traits["predicts"]); !predicts.empty()) {
    entry.traits.predicts = kept_for_ever(predicts);
  }
  entry.make = [type](const Settings& settings, const HeadSetup& setup) {
    return std::make_unique<PythonHead>(type, settings, setup);
  };
  return entry;
}

}  // namespace

void bind_heads(nb::module_& module) {
  nb::class_<HeadBuilder>(module, "HeadSetup", "What a head is made on, and what its layers are made of.")
      .def_prop_ro(
          "map", [](const HeadBuilder& self) { return shown_map(self.setup().map); },
          "(C, H, W) of the block's output.")
      .def_prop_ro(
          "block", [](const HeadBuilder& self) { return self.setup().block; }, "The block that it stands on.")
      .def_prop_ro("maps", &HeadBuilder::maps, "(C, H, W) of every block of the network.")
      .def_prop_ro("predictions", [](const HeadBuilder& self) { return self.setup().predictions; })
      .def("linear", &HeadBuilder::linear, nb::arg("outputs"), nb::arg("inputs") = nb::none(), nb::arg("bias") = false,
           "A linear layer from a map (C, H, W), the block's output by default.");
  bind_registration<HeadRegistry>(module, "register_head", &entry_of);
}

}  // namespace biossl::python
