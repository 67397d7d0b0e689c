#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <mutex>

#include "biossl/recipe/components.h"
#include "biossl/runs/checkpoint.h"
#include "biossl/training/probing.h"
#include "src/arrays.h"
#include "src/encoding.h"
#include "src/layers.h"
#include "src/lock.h"
#include "src/module.h"
#include "src/process.h"
#include "src/process_mutex.h"
#include "src/reporter.h"
#include "src/structure.h"

namespace biossl::python {
namespace {

/// A checkpoint of weights alone holds nothing of a rule.
class NoRuleState final : public LearningRule {
 public:
  void step(const Tensor& /*images*/, const StepContext& /*context*/, Tensor& /*totals*/) override {}
  std::int64_t total_epochs() const override { return 0; }
  Plausibility plausibility() const override { return {}; }
};

Recipe with_precision(const Recipe& recipe, const std::string& precision) {
  Recipe changed = recipe;
  changed.train.precision = precision;
  return changed;
}

/// The network of a checkpoint, or one with its starting weights, for reading.
class Encoder {
 public:
  Encoder(const std::filesystem::path& path, const std::string& precision, const std::string& device) {
    const ExecutionContext context = context_of({}, device);
    const Checkpoint checkpoint = open_checkpoint(path, warn);
    path_ = checkpoint.path();
    epochs_ = checkpoint.progress().epoch;
    recipe_ = checkpoint.recipe_for_reading();
    network_ = load_network(checkpoint, with_precision(recipe_, precision), context.device);
  }
  /// image: (H, W, C) of the images to learn from; empty: those of the recipe's data set. The heads are those that the
  /// recipe's rule puts on the network.
  Encoder(const Recipe& recipe, const std::vector<std::int64_t>& image, const std::string& device) : recipe_(recipe) {
    const ExecutionContext context = context_of({}, device);
    const Unlocked unlocked;
    check(image.empty() || image.size() == 3, "encoder", "image_shape must be (H, W, C), not {} numbers", image.size());
    const Shape shape = image.empty() ? biossl::image_shape(recipe) : Shape{image[0], image[1], image[2]};
    const DryBuild plan(recipe, shape);
    network_ = make_network(with_precision(recipe, "float32"), plan.views.image, context.device);
    for (int block = 0; block < network_->depth(); ++block) {
      if (plan.network->has_head(block)) network_->add_head(block);
    }
  }

  Network& network() { return *network_; }
  nb::list layers(nb::handle self) { return list_layers(*network_, mutex_, self); }
  nb::list weights() {
    return in_turn(mutex_, [&] { return weights_of(*network_); });
  }
  const Recipe& recipe() const { return recipe_; }
  const std::filesystem::path& path() const { return path_; }
  std::int64_t epochs() const { return epochs_; }

  nb::object encode(const Array& images, std::optional<int> block, nb::object target) {
    const bool bytes = images.dtype() == nb::dtype<std::uint8_t>();
    const Tensor pixels = tensor_over(images, bytes ? DType::uint8 : DType::float32, "images");
    return array_of(compute(pixels, block, std::move(target)));
  }
  void save(const std::filesystem::path& file) {
    const Unlocked unlocked;
    start_computing();
    const std::scoped_lock lock(mutex_);
    NoRuleState none;
    save_checkpoint(file, recipe_, {}, *network_, none);
  }
  void set_weights(const std::string& name, const Array& values) {
    const Unlocked unlocked;
    start_computing();
    const std::scoped_lock lock(mutex_);
    python::set_weights(*network_, name, values);
    network_->restored();
  }

 private:
  Tensor compute(const Tensor& pixels, std::optional<int> block, nb::object target) {
    PythonReporter reporter(std::move(target));
    const Unlocked unlocked;
    start_computing();
    const std::scoped_lock lock(mutex_);
    return python::encode(*network_, pixels, block, reading_views(recipe_), stage_progress(reporter, "encoding"));
  }

  std::filesystem::path path_;
  std::int64_t epochs_ = 0;
  Recipe recipe_;
  std::unique_ptr<Network> network_;
  ProcessMutex mutex_;  // heads have buffers of their own
};

}  // namespace

void bind_encoder(nb::module_& module) {
  nb::class_<Encoder>(module, "Encoder", "The network of a checkpoint, for reading.")
      .def(nb::init<const std::filesystem::path&, const std::string&, const std::string&>(), nb::arg("path"),
           nb::arg("precision"), nb::arg("device"))
      .def(nb::init<const Recipe&, const std::vector<std::int64_t>&, const std::string&>(), nb::arg("recipe"),
           nb::arg("image"), nb::arg("device"))
      .def_prop_ro("path", &Encoder::path)
      .def_prop_ro("epochs", &Encoder::epochs)
      .def_prop_ro("recipe", &Encoder::recipe, nb::rv_policy::reference_internal)
      .def_prop_ro("depth", [](Encoder& self) { return self.network().depth(); })
      .def_prop_ro("image_shape", [](Encoder& self) { return extents(self.network().image()); })
      .def("output_shape", [](Encoder& self, int block) { return extents(self.network().block(block).plan().output); })
      .def("description", [](Encoder& self, int block) { return self.network().block(block).description(); })
      .def("has_head", [](Encoder& self, int block) { return self.network().has_head(block); })
      .def("layers", [](nb::handle self) { return nb::cast<Encoder&>(self).layers(self); })
      .def("structure", [](Encoder& self) { return structure_of(self.network()); })
      .def("weights", &Encoder::weights)
      .def("set_weights", &Encoder::set_weights, nb::arg("name"), nb::arg("values"))
      .def("save", &Encoder::save, nb::arg("file"))
      .def("encode", &Encoder::encode, nb::arg("images"), nb::arg("block").none(), nb::arg("reporter"));
}

}  // namespace biossl::python
