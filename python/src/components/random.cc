#include "biossl/core/random.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "biossl/ops/ops.h"
#include "src/arrays.h"
#include "src/module.h"

namespace biossl::python {
namespace {

/// A tensor that an array of this shape shows.
Tensor tensor_shown_as(const std::vector<std::int64_t>& shape) {
  switch (shape.size()) {
    case 1:
      return {{shape[0]}, DType::float32, Device::cpu};
    case 2:
      return {{shape[0], shape[1]}, DType::float32, Device::cpu};
    case 3:
      return {{shape[0], shape[1], shape[2]}, DType::float32, Device::cpu};
    case 4:
      return {{shape[0], shape[2], shape[3], shape[1]}, DType::float32, Device::cpu};
    default:
      fail("random", "arrays of {} axes; from 1 to 4", shape.size());
  }
}

nb::object uniform(const Random& self, const std::vector<std::int64_t>& shape, float bound) {
  Tensor drawn = tensor_shown_as(shape);
  ops::draw_uniform(self, bound, drawn);
  return array_of(drawn, Access::write);
}

nb::object normal(const Random& self, const std::vector<std::int64_t>& shape, double spread) {
  Tensor drawn = tensor_shown_as(shape);
  ops::add_noise(self, spread, drawn, drawn);
  return array_of(drawn, Access::write);
}

/// A generator of NumPy whose seed is the first words of the stream.
nb::object generator(const Random& self) {
  nb::list words;
  for (const std::uint32_t word : self.words_at(0)) words.append(word);
  return nb::module_::import_("numpy.random").attr("default_rng")(words);
}

}  // namespace

void bind_random(nb::module_& module) {
  nb::class_<Random>(
      module, "Random",
      "A stream of random numbers with a key. The same key gives the same numbers on every machine. Arrays of\n"
      "numbers are the stream's first ones, however often they are asked for: draw others from another key.\n"
      "Arrays of four axes lie in memory as the engine's (N, H, W, C) do.")
      .def(nb::init<std::uint64_t, std::string_view, std::uint32_t, std::uint32_t, std::uint32_t>(), nb::arg("seed"),
           nb::arg("name"), nb::arg("epoch") = 0, nb::arg("image") = 0, nb::arg("view") = 0)
      .def("of_epoch", &Random::of_epoch, nb::arg("epoch"),
           "The stream of another epoch, with a key otherwise the same.")
      .def("uniform", &uniform, nb::arg("shape"), nb::arg("bound") = 1.0F, "Uniform in [-bound, bound), float32.")
      .def("normal", &normal, nb::arg("shape"), nb::arg("spread") = 1.0, "Normal with this deviation, float32.")
      .def("generator", &generator, "A numpy.random.Generator whose seed follows from the key.")
      .def(
          "number", [](Random& self) { return self.uniform(); }, "The next number, in [0, 1).")
      .def("below", &Random::below, nb::arg("bound"), "The next whole number, from 0 to bound - 1.");
}

}  // namespace biossl::python
