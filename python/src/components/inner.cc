#include "src/components/inner.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "src/arrays.h"
#include "src/components/tensors.h"
#include "src/lock.h"
#include "src/module.h"

namespace biossl::python {

Tensor InnerLinear::input(nb::handle pre) const {
  const std::int64_t rows = rows_of(pre, name());
  const bool is_flat = !nb::isinstance<Tensor>(pre) && nb::len(nb::object(pre.attr("shape"))) == 2;
  return tensor_of(pre, is_flat ? Shape{rows, map_.size()} : batch_of(rows, map_), dtype_, name());
}

Tensor InnerLinear::forward(nb::handle pre) {
  const Tensor read = input(pre);
  Tensor post({read.extent(0), synapses_.output_map()[2]}, master_, Device::cpu);
  const Unlocked unlocked;
  synapses_.forward(read, Activation::none, post);
  return post;
}

Tensor InnerLinear::send_back(nb::handle error) {
  const std::int64_t rows = rows_of(error, name());
  const Tensor came = tensor_of(error, {rows, synapses_.output_map()[2]}, dtype_, name());
  Tensor sent(batch_of(rows, map_), dtype_, Device::cpu);
  const Unlocked unlocked;
  synapses_.send_back(came, sent);
  return sent;
}

void InnerLinear::learn(nb::handle pre, nb::handle error, const Borrowed<UpdateOptions>& options) {
  const auto update = options.get();
  const Tensor read = input(pre);
  const Tensor came = tensor_of(error, {read.extent(0), synapses_.output_map()[2]}, dtype_, name());
  const Unlocked unlocked;
  synapses_.learn(read, came, *update);
}

Tensor InnerConvolution::forward(nb::handle pre) {
  const std::int64_t rows = rows_of(pre, name());
  const Tensor read = tensor_of(pre, batch_of(rows, block_.plan().input), dtype_, name());
  Activity activity = block_.make_activity(rows, dtype_, Device::cpu);
  const Unlocked unlocked;
  block_.forward(read, activity, Mode::training);
  return activity.output;
}

Tensor InnerConvolution::backward(nb::handle pre, nb::handle post, nb::handle error, bool sends) {
  const std::int64_t rows = rows_of(pre, name());
  const Shape made = batch_of(rows, output_map());
  step_.input = tensor_of(pre, batch_of(rows, block_.plan().input), dtype_, name());
  step_.activity.output = tensor_of(post, made, dtype_, name());
  step_.error = tensor_of(error, made, dtype_, name()).clone();  // it is used up
  Tensor sent;
  if (sends) sent = Tensor(step_.input.shape(), dtype_, Device::cpu);
  const Unlocked unlocked;
  block_.backward(step_, sent);
  return sent;
}

void InnerConvolution::learn(const Borrowed<UpdateOptions>& options) {
  const auto update = options.get();
  check(!step_.error.empty(), name(), "learns after backward");
  const Unlocked unlocked;
  block_.learn(step_, *update);
  step_ = {.input = {}, .activity = {}, .error = {}, .scratch = {}};
}

void InnerParameters::learn(nb::handle update, const Borrowed<UpdateOptions>& options) {
  Tensor target = numbers_.update();
  copy(tensor_of(update, target.shape(), target.dtype(), name()), target);
  numbers_.apply(*options.get());
}

nb::tuple shown_map(const Shape& map) { return nb::make_tuple(map[2], map[0], map[1]); }

Shape map_of(nb::handle shown) {
  const auto extent = [&](int axis) { return nb::cast<std::int64_t>(shown[axis]); };
  return {extent(1), extent(2), extent(0)};
}

void require_finite(const std::string& owner, std::string_view what, const Tensor& made, std::vector<Tensor> given,
                    const InnerLayers& layers) {
  if (is_finite(made)) return;
  for (const auto& layer : layers) {
    for (const StateTensor& weights : layer->state("", false)) given.push_back(weights.tensor);
  }
  double largest = 0;
  for (const Tensor& tensor : given) {
    const double here = largest_magnitude(tensor);
    if (!std::isfinite(here)) return;
    largest = std::max(largest, here);
  }
  throw std::runtime_error(
      fmt::format("[{}] {} NaN or infinite numbers of finite ones (up to {:.3g})", owner, what, largest));
}

namespace {

/// The name of a layer of a component of this name: the component's own where it is the only one.
std::string name_of_layer(const std::string& component, const InnerLayers& layers, const InnerLayer& layer) {
  return layers.size() == 1 ? component : component + "." + layer.name();
}

}  // namespace

void each_layer_of(const InnerLayers& layers, const std::string& name, const LayerVisitor& visit) {
  for (const auto& layer : layers) layer->each_layer(name_of_layer(name, layers, *layer), visit);
}

State state_of(const InnerLayers& layers, const PythonComponent& component, const std::string& name, bool learning) {
  State all;
  for (const auto& layer : layers) {
    for (StateTensor& tensor : layer->state(name_of_layer(name, layers, *layer), learning)) {
      all.push_back(std::move(tensor));
    }
  }
  for (StateTensor& tensor : component.state()) {
    tensor.name = name + "." + tensor.name;
    all.push_back(std::move(tensor));
  }
  return all;
}

void restore(const InnerLayers& layers, const PythonComponent& component) {
  for (const auto& layer : layers) layer->restored();
  component.restored();
}

void bind_inner_layers(nb::module_& module) {
  nb::class_<Borrowed<UpdateOptions>>(module, "UpdateOptions",
                                      "How an update is applied; handed on to the layers that learn.")
      .def_prop_ro("learning_rate", [](const Borrowed<UpdateOptions>& self) { return self.get()->learning_rate; });
  nb::class_<Borrowed<InnerLinear>>(module, "Linear", "A linear layer with a feedback path.")
      .def("forward", lent(&InnerLinear::forward), handed("pre"), "bias + W pre, (N, outputs).")
      .def("send_back", lent(&InnerLinear::send_back), handed("error"), "F^T error, (N, C, H, W).")
      .def("learn", lent(&InnerLinear::learn), handed("pre"), handed("error"), nb::arg("options"));
  nb::class_<Borrowed<InnerConvolution>>(module, "Convolution",
                                         "A convolution with its nonlinearity and feedback path.")
      .def_prop_ro("output_map",
                   [](const Borrowed<InnerConvolution>& self) { return shown_map(self.get()->output_map()); })
      .def("forward", lent(&InnerConvolution::forward), handed("pre"))
      .def(
          "backward",
          [](const Borrowed<InnerConvolution>& self, nb::handle pre, nb::handle post, nb::handle error, bool sends) {
            const Tensor sent = self.get()->backward(pre, post, error, sends);
            return sent.empty() ? nb::none() : nb::cast(sent);
          },
          handed("pre"), handed("post"), handed("error"), nb::arg("sends") = true,
          "The error of pre, over the feedback path; comes before learn.")
      .def("learn", lent(&InnerConvolution::learn), nb::arg("options"));
  nb::class_<Borrowed<InnerParameters>>(module, "Parameters", "Numbers that learn and are no connections.")
      .def_prop_ro("values",
                   [](const Borrowed<InnerParameters>& self) { return array_of(self.get()->values(), Access::write); })
      .def("learn", lent(&InnerParameters::learn), handed("update"), nb::arg("options"),
           "update: the derivative of the loss by the values, summed over the batch.");
}

}  // namespace biossl::python
