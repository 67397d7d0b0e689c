#include "src/layers.h"

#include <nanobind/stl/string.h>

#include <utility>

#include "src/arrays.h"
#include "src/module.h"
#include "src/process_mutex.h"

namespace biossl::python {
namespace {

nb::object optional_array(const Tensor& tensor) { return tensor.empty() ? nb::none() : array_of(tensor); }

Array array_in(nb::handle value, const std::string& what) {
  Array array;
  if (!nb::try_cast(value, array)) throw nb::type_error((what + ": an array is expected").c_str());
  return array;
}

/// Calls act(synapses) while no other thread computes with the network.
template <class Act>
auto alone_with(const Layer& layer, const Act& act) {
  return in_turn(*layer.mutex, [&] { return act(*layer.synapses); });
}

/// A property that act(synapses) reads off.
template <class Act>
auto reading(const Act& act) {
  return [act](const Layer& self) { return alone_with(self, act); };
}

// Whatever code of Python hands an array over runs before the network is asked for: it could wait for another thread.

void set_weight(const Layer& layer, nb::handle value) {
  const std::string what = layer.name + ".weight";
  const Array array = array_in(value, what);
  alone_with(layer, [&](Synapses& its) { its.set_weights(finite_tensor(array, its.weights().values(), what)); });
}

void set_bias(const Layer& layer, nb::handle value) {
  check(!layer.synapses->bias().empty(), layer.name, "this layer has no bias");
  const std::string what = layer.name + ".bias";
  const Array array = array_in(value, what);
  alone_with(layer, [&](Synapses& its) {
    Tensor bias = its.bias();
    copy(finite_tensor(array, bias, what), bias);
    its.restored();
  });
}

void set_feedback(const Layer& layer, nb::handle value) {
  const std::string what = layer.name + ".feedback";
  const Array array = array_in(value, what);
  alone_with(layer, [&](Synapses& its) {
    check(its.set_feedback(finite_tensor(array, its.path().values(), what)), layer.name,
          "the feedback path '{}' works its weights out by itself and takes none from outside", its.feedback().name());
  });
}

nb::object writable_weight(const Layer& layer) {
  return alone_with(layer, [](Synapses& its) {
    its.path();  // as Synapses::weights_written asks
    return array_of(its.weights().values(), Access::write);
  });
}

/// Takes notice of what has been written into the weights.
void changed(const Layer& layer) {
  alone_with(layer, [&](Synapses& its) {
    check(is_finite(its.weights().values()), layer.name + ".weight", "holds NaN or infinite numbers");
    its.weights_written();
  });
}

std::string repr(const Layer& layer) {
  const nb::object shape =
      alone_with(layer, [](const Synapses& its) { return array_of(its.weights().values()); }).attr("shape");
  return fmt::format("Layer('{}': weight {}, feedback {})", layer.name, nb::repr(shape).c_str(),
                     layer.synapses->feedback().name());
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

nb::list list_layers(Network& network, ProcessMutex& mutex, nb::handle owner) {
  nb::list list;
  for (Layer& layer : layers_of(network)) {
    layer.owner = nb::borrow(owner);
    layer.mutex = &mutex;
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
      .def_prop_rw("weight", reading([](const Synapses& its) { return array_of(its.weights().values()); }), &set_weight,
                   nb::for_setter(nb::arg("value").none()), "W, (O, I, K, K) of a convolution or (O, I); float32.")
      .def_prop_rw("bias", reading([](const Synapses& its) { return optional_array(its.bias()); }), &set_bias,
                   nb::for_setter(nb::arg("value").none()), "(O), or None.")
      .def_prop_ro("update", reading([](const Synapses& its) { return array_of(its.weight_update()); }),
                   "The last update of W: the sum over the batch of error (x) activity, before the optimiser.")
      .def_prop_ro("bias_update", reading([](const Synapses& its) { return optional_array(its.bias_update()); }))
      .def_prop_rw("feedback", reading([](Synapses& its) { return array_of(its.path().values()); }), &set_feedback,
                   nb::for_setter(nb::arg("value").none()), "F, over which errors descend, as it is now; of W's shape.")
      .def_prop_ro("feedback_kind", [](const Layer& self) { return std::string(self.synapses->feedback().name()); })
      .def_prop_ro("alignment", reading([](Synapses& its) { return its.path_record().alignment; }),
                   "Cosine of the angle between F and W.")
      .def_prop_ro("errors_sent", reading([](Synapses& its) { return its.path_record().errors_sent; }),
                   "Errors, of a batch or a micro-batch, that have crossed this layer.")
      .def_prop_ro("steps", reading([](const Synapses& its) { return its.steps(); }), "Updates taken so far.")
      .def("__repr__", &repr)
      .def("writable_weight", &writable_weight)
      .def("changed", &changed,
           "Call it after writing into writable_weight(): copies in other layouts are then made anew.");
}

}  // namespace biossl::python
