#include "biossl/losses/loss.h"

#include <nanobind/stl/pair.h>

#include "src/arrays.h"
#include "src/components/python_component.h"
#include "src/components/python_loss.h"
#include "src/lock.h"
#include "src/module.h"

namespace biossl::python {
namespace {

/// What a loss says of itself; it stays as it is once the object is made.
struct Properties {
  std::string head;
  std::int64_t predictions = 1;
  bool stops_gradient = false;
  std::int64_t memory_span = -1;
  bool reads_labels = false;
  bool one_output_per_class = false;
  bool is_differentiable = true;
};

class PythonLoss final : public Loss {
 public:
  PythonLoss(const PythonClassPtr& type, const Settings& settings, const LossSetup& setup)
      : PythonLoss(type, type->make(settings), setup) {}
  PythonLoss(const PythonClassPtr& type, nb::object object, const LossSetup& setup)
      : component_(type, std::move(object)) {
    require_host(*type, setup.device);
    type->blaming([&] {
      const nb::object said = component_.object().attr("_begin")(setup);
      properties_ = {.head = nb::cast<std::string>(said[0]),
                     .predictions = nb::cast<std::int64_t>(said[1]),
                     .stops_gradient = nb::cast<bool>(said[2]),
                     .memory_span = nb::cast<std::int64_t>(said[3]),
                     .reads_labels = nb::cast<bool>(said[4]),
                     .one_output_per_class = nb::cast<bool>(said[5]),
                     .is_differentiable = nb::cast<bool>(said[6])};
    });
  }

  void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) override {
    const Locked lock;
    const auto [loss, active] = component_.call<std::pair<double, double>>(
        "_evaluate", plain_array_of(embeddings), plain_array_of(errors, Access::write), context);
    totals.data<double>()[0] += loss;
    totals.data<double>()[1] += active;
  }
  std::string head() const override { return properties_.head; }
  std::int64_t predictions() const override { return properties_.predictions; }
  bool stops_gradient() const override { return properties_.stops_gradient; }
  std::int64_t memory_span() const override { return properties_.memory_span; }
  bool reads_labels() const override { return properties_.reads_labels; }
  bool one_output_per_class() const override { return properties_.one_output_per_class; }
  bool is_differentiable() const override { return properties_.is_differentiable; }
  Plausibility plausibility() const override { return component_.plausibility(); }
  State state() override { return component_.state(); }
  void restored() override { component_.restored(); }

 private:
  PythonComponent component_;
  Properties properties_;
};

LossRegistry::Entry entry_of(const PythonClassPtr& type, const nb::dict& traits) {
  LossRegistry::Entry entry;
  entry.make = [type](const Settings& settings, const LossSetup& setup) {
    return std::make_unique<PythonLoss>(type, settings, setup);
  };
  entry.traits.compares_patches = nb::cast<bool>(traits["compares_patches"]);
  return entry;
}

}  // namespace

std::unique_ptr<Loss> loss_of_object(const std::string& owner, const nb::object& object, const LossSetup& setup) {
  const auto type = std::make_shared<const PythonClass>(owner, nb::borrow(object.type()), std::vector<Field>{});
  return std::make_unique<PythonLoss>(type, object, setup);
}

void bind_losses(nb::module_& module) {
  nb::class_<LossSetup>(module, "LossSetup", "What a loss is made for. Every head has a loss of its own.")
      .def_ro("batch", &LossSetup::batch, "The largest number of pairs; of images that views cut into patches.")
      .def_ro("features", &LossSetup::features, "D, numbers in an embedding.")
      .def_ro("seed", &LossSetup::seed, "Of whatever the loss draws at random.")
      .def_ro("block", &LossSetup::block, "The block that the head stands on.")
      .def_prop_ro(
          "rows", [](const LossSetup& self) { return self.grid.rows; }, "Of the patches of a view.")
      .def_prop_ro("columns", [](const LossSetup& self) { return self.grid.columns; })
      .def_ro("views", &LossSetup::views, "Of an image.");
  nb::class_<StepContext>(module, "StepContext", "Where a run stands, and what is known of the batch.")
      .def_ro("epoch", &StepContext::epoch)
      .def_ro("batch", &StepContext::batch, "Within the epoch.")
      .def_ro("learning_rate", &StepContext::learning_rate)
      .def_ro("block", &StepContext::block, "The block that learns from this loss.")
      .def_ro("earlier_pairs", &StepContext::earlier_pairs,
              "Pairs at the start that belong to the micro-batch before; they add nothing to the loss.")
      .def_prop_ro(
          "labels",
          [](const StepContext& self) { return self.labels.empty() ? nb::none() : plain_array_of(self.labels); },
          "(B) int32, for a loss that reads labels; otherwise None.");
  bind_registration<LossRegistry>(module, "register_loss", &entry_of);
}

}  // namespace biossl::python
