#include "src/layers.h"

#include <nanobind/stl/string.h>

#include <utility>

#include "src/arrays.h"
#include "src/module.h"

namespace biossl::python {
namespace {

nb::object optional_array(const Tensor& tensor) { return tensor.empty() ? nb::none() : array_of(tensor); }

Array array_in(nb::handle value, const std::string& what) {
  Array array;
  if (!nb::try_cast(value, array)) throw nb::type_error((what + ": an array is expected").c_str());
  return array;
}

Tensor taken(nb::handle values, const Tensor& like, const std::string& what) {
  return finite_tensor(array_in(values, what), like, what);
}

void set_weight(Layer& layer, nb::handle value) {
  layer.synapses->set_weights(taken(value, layer.synapses->weights().values(), layer.name + ".weight"));
}

void set_bias(Layer& layer, nb::handle value) {
  check(!layer.synapses->bias().empty(), layer.name, "this layer has no bias");
  Tensor bias = layer.synapses->bias();
  copy(taken(value, bias, layer.name + ".bias"), bias);
  layer.synapses->restored();
}

/// Takes notice of what has been written into the weights.
void changed(const Layer& layer) {
  check(is_finite(layer.synapses->weights().values()), layer.name + ".weight", "holds NaN or infinite numbers");
  layer.synapses->weights_written();
}

void set_feedback(Layer& layer, nb::handle value) {
  Synapses& synapses = *layer.synapses;
  const Tensor weights = taken(value, synapses.path().values(), layer.name + ".feedback");
  check(synapses.set_feedback(weights), layer.name,
        "the feedback path '{}' works its weights out by itself and takes none from outside",
        synapses.feedback().name());
}

/// A function that a trainer calls may know a layer of it. The collector of garbage sees such circles here, and the
/// trainer breaks them.
int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (nb::inst_ready(self)) Py_VISIT(nb::inst_ptr<Layer>(self)->owner.ptr());
  return 0;
}

PyType_Slot slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(traverse)}, {0, nullptr}};

}  // namespace

std::vector<Layer> layers_of(Network& network) {
  std::vector<Layer> layers;
  network.each_layer([&](const std::string& name, Synapses& synapses) { layers.push_back({name, &synapses}); });
  return layers;
}

nb::list list_layers(Network& network, nb::handle owner) {
  nb::list list;
  for (Layer& layer : layers_of(network)) {
    layer.owner = nb::borrow(owner);
    list.append(nb::cast(std::move(layer)));
  }
  return list;
}

void bind_layers(nb::module_& module) {
  nb::class_<Layer>(
      module, "Layer", nb::type_slots(slots),
      "The synapses from one layer to the next, with the feedback path beside them. Arrays share memory with\n"
      "the network and are read-only; assign to change them, or write into writable_weight() and call changed()\n"
      "afterwards.")
      .def_ro("name", &Layer::name)
      .def_prop_rw(
          "weight", [](Layer& self) { return array_of(self.synapses->weights().values()); }, &set_weight,
          nb::for_setter(nb::arg("value").none()), "W, (O, I, K, K) of a convolution or (O, I); float32.")
      .def_prop_rw(
          "bias", [](Layer& self) { return optional_array(self.synapses->bias()); }, &set_bias,
          nb::for_setter(nb::arg("value").none()), "(O), or None.")
      .def_prop_ro(
          "update", [](Layer& self) { return array_of(self.synapses->weight_update()); },
          "The last update of W: the sum over the batch of error (x) activity, before the optimiser.")
      .def_prop_ro("bias_update", [](Layer& self) { return optional_array(self.synapses->bias_update()); })
      .def_prop_rw(
          "feedback", [](Layer& self) { return array_of(self.synapses->path().values()); }, &set_feedback,
          nb::for_setter(nb::arg("value").none()), "F, over which errors descend, as it is now; of W's shape.")
      .def_prop_ro("feedback_kind", [](Layer& self) { return std::string(self.synapses->feedback().name()); })
      .def_prop_ro(
          "alignment", [](Layer& self) { return self.synapses->path_record().alignment; },
          "Cosine of the angle between F and W.")
      .def_prop_ro(
          "errors_sent", [](Layer& self) { return self.synapses->path_record().errors_sent; },
          "Errors, of a batch or a micro-batch, that have crossed this layer.")
      .def_prop_ro(
          "steps", [](Layer& self) { return self.synapses->steps(); }, "Updates taken so far.")
      .def("__repr__",
           [](Layer& self) {
             const nb::object shape = array_of(self.synapses->weights().values()).attr("shape");
             return fmt::format("Layer('{}': weight {}, feedback {})", self.name, nb::repr(shape).c_str(),
                                self.synapses->feedback().name());
           })
      .def("writable_weight",
           [](Layer& self) {
             self.synapses->path();  // as Synapses::weights_written asks
             return array_of(self.synapses->weights().values(), Access::write);
           })
      .def("changed", &changed,
           "Call it after writing into writable_weight(): copies in other layouts are then made anew.");
}

}  // namespace biossl::python
