#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <mutex>

#include "biossl/runs/checkpoint.h"
#include "biossl/training/probing.h"
#include "src/arrays.h"
#include "src/encoding.h"
#include "src/layers.h"
#include "src/module.h"
#include "src/process.h"
#include "src/reporter.h"

namespace biossl::python {
namespace {

/// The network of a checkpoint, for reading.
class Encoder {
 public:
  Encoder(const std::filesystem::path& path, const std::string& precision, const std::string& device) {
    const ExecutionContext context = context_of({}, device);
    const Checkpoint checkpoint = open_checkpoint(path, [](std::string_view) {});
    path_ = checkpoint.path();
    epochs_ = checkpoint.progress().epoch;
    recipe_ = checkpoint.recipe({{.key = "train.precision", .value = "\"" + precision + "\"", .option = "precision"}});
    network_ = load_network(checkpoint, recipe_, context.device);
  }

  Network& network() { return *network_; }
  const Recipe& recipe() const { return recipe_; }
  const std::filesystem::path& path() const { return path_; }
  std::int64_t epochs() const { return epochs_; }

  nb::object encode(const Array& images, std::optional<int> block, nb::object target) {
    const bool bytes = images.dtype() == nb::dtype<std::uint8_t>();
    const Tensor pixels = tensor_over(images, bytes ? DType::uint8 : DType::float32, "images");
    return array_of(compute(pixels, block, std::move(target)));
  }

 private:
  Tensor compute(const Tensor& pixels, std::optional<int> block, nb::object target) {
    PythonReporter reporter(std::move(target));
    const nb::gil_scoped_release unlocked;
    const std::scoped_lock lock(mutex_);
    return python::encode(*network_, pixels, block, recipe_.views, stage_progress(reporter, "encoding"));
  }

  std::filesystem::path path_;
  std::int64_t epochs_ = 0;
  Recipe recipe_;
  std::unique_ptr<Network> network_;
  std::mutex mutex_;  // heads have buffers of their own
};

nb::tuple extents(const Shape& shape) {
  nb::list list;
  for (int axis = 0; axis < shape.rank(); ++axis) list.append(shape[axis]);
  return nb::tuple(list);
}

}  // namespace

void bind_encoder(nb::module_& module) {
  nb::class_<Encoder>(module, "Encoder", "The network of a checkpoint, for reading.")
      .def(nb::init<const std::filesystem::path&, const std::string&, const std::string&>(), nb::arg("path"),
           nb::arg("precision"), nb::arg("device"))
      .def_prop_ro("path", &Encoder::path)
      .def_prop_ro("epochs", &Encoder::epochs)
      .def_prop_ro("recipe", &Encoder::recipe, nb::rv_policy::reference_internal)
      .def_prop_ro("depth", [](Encoder& self) { return self.network().depth(); })
      .def_prop_ro("image_shape", [](Encoder& self) { return extents(self.network().image()); })
      .def("output_shape", [](Encoder& self, int block) { return extents(self.network().block(block).plan().output); })
      .def("description", [](Encoder& self, int block) { return self.network().block(block).description(); })
      .def("has_head", [](Encoder& self, int block) { return self.network().has_head(block); })
      .def("layers", [](nb::handle self) { return list_layers(nb::cast<Encoder&>(self).network(), self); })
      .def("encode", &Encoder::encode, nb::arg("images"), nb::arg("block").none(), nb::arg("reporter"));
}

}  // namespace biossl::python
