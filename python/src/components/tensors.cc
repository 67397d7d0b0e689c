#include "src/components/tensors.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "biossl/ops/ops.h"
#include "src/arrays.h"
#include "src/module.h"

namespace biossl::python {
namespace {

/// Shared where NumPy has the type; a copy, which says so by being read-only, otherwise.
nb::object shown(const Tensor& tensor) {
  return array_of(tensor, tensor.dtype() == DType::bfloat16 ? Access::read : Access::write);
}

void write(const Tensor& to, const Array& array, std::string_view what) {
  Tensor target = to;
  if (to.dtype() != DType::bfloat16) return copy_into(array, target, what);
  Tensor wide(to.shape(), DType::float32, to.device());
  copy_into(array, wide, what);
  ops::convert(wide, target);
}

[[noreturn]] void refuse(nb::handle given, std::string_view what) {
  const nb::object type = given.type().attr("__name__");
  fail(what, "an array on the host belongs here, not a {}", nb::cast<std::string>(type));
}

Array array_given(nb::handle given, std::string_view what) {
  try {
    return nb::cast<Array>(given);
  } catch (const nb::cast_error&) {
    refuse(given, what);
  }
}

nb::tuple extents(const Tensor& tensor) { return nb::tuple(shown(tensor.rows(0, 0)).attr("shape")); }

}  // namespace

const Tensor* tensor_in(nb::handle given) {
  return nb::isinstance<Tensor>(given) && nb::inst_ready(given) ? nb::inst_ptr<Tensor>(given) : nullptr;
}

Tensor tensor_of(nb::handle given, const Shape& shape, DType dtype, std::string_view what) {
  const Tensor* const found = tensor_in(given);
  if (found == nullptr) {
    Tensor tensor(shape, dtype, Device::cpu);
    write(tensor, array_given(given, what), what);
    return tensor;
  }
  const Tensor& tensor = *found;
  check(tensor.size() == shape.size(), what, "a tensor {} where {} belongs", to_string(tensor.shape()),
        to_string(shape));
  if (tensor.dtype() == dtype) return tensor.reshaped(shape);
  Tensor converted(shape, dtype, tensor.device());
  ops::convert(tensor.reshaped(shape), converted);
  return converted;
}

std::int64_t rows_of(nb::handle given, std::string_view what) {
  const Py_ssize_t rows = PyObject_Length(given.ptr());
  if (rows >= 0) return rows;
  PyErr_Clear();
  refuse(given, what);
}

void bind_tensors(nb::module_& module) {
  nb::class_<Tensor>(module, "Tensor",
                     "Numbers of the engine, in its own type and order. `numpy()` shows activities as (N, C, H, W).")
      .def_prop_ro("shape",
                   [](const Tensor& self) {
                     const nb::tuple row = extents(self);
                     nb::list all;
                     for (const nb::handle extent : row) all.append(extent);
                     all[0] = nb::int_(self.extent(0));
                     return nb::tuple(all);
                   })
      .def("__len__", [](const Tensor& self) { return self.extent(0); })
      .def("rows", &Tensor::rows, nb::arg("begin"), nb::arg("end"), "A view of some rows.")
      .def("numpy", &shown,
           "As an array that shares memory; of bfloat16 numbers, which NumPy has not, a read-only copy in float32.")
      .def(
          "__array__",
          [](const Tensor& self, const nb::object& dtype, const nb::object& copies) -> nb::object {
            const nb::object array = shown(self);
            if (!dtype.is_none()) return array.attr("astype")(dtype);
            return copies.is(nb::bool_(true)) ? nb::object(array.attr("copy")("K")) : array;
          },
          nb::arg("dtype") = nb::none(), nb::arg("copy") = nb::none())
      .def("__dlpack__",
           [](const Tensor& self, const nb::kwargs& options) { return shown(self).attr("__dlpack__")(**options); })
      .def("__dlpack_device__", [](const Tensor& self) { return shown(self).attr("__dlpack_device__")(); })
      .def(
          "write", [](const Tensor& self, const Array& array) { write(self, array, "tensor"); }, nb::arg("array"),
          "Writes an array of the same shape into it.")
      .def("copy", &Tensor::clone, "A tensor with memory of its own.");
}

}  // namespace biossl::python
