#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "biossl/data/memory_images.h"
#include "src/arrays.h"
#include "src/module.h"

namespace biossl::python {

void bind_images(nb::module_& module) {
  module.def(
      "hold_images",
      [](const std::string& name, const std::string& split, const Array& pixels, std::vector<std::int32_t> labels,
         std::vector<std::string> class_names) {
        hold_images(name, split == "test" ? Split::test : Split::train,
                    {.pixels = tensor_over(pixels, DType::uint8, "images"),
                     .labels = std::move(labels),
                     .class_names = std::move(class_names)});
      },
      nb::arg("name"), nb::arg("split"), nb::arg("pixels"), nb::arg("labels") = std::vector<std::int32_t>(),
      nb::arg("class_names") = std::vector<std::string>(),
      "Holds (N, H, W, C) uint8 images under a name, for the data set \"memory\". They are shared, not copied.");
  module.def("release_images", &release_images, nb::arg("name"));
}

}  // namespace biossl::python
