#include "biossl/feedback/feedback.h"

#include <memory>

#include "src/arrays.h"
#include "src/components/borrowed.h"
#include "src/components/inner.h"
#include "src/components/python_component.h"
#include "src/lock.h"
#include "src/module.h"

namespace biossl::python {
namespace {

/// A layer as a path that learns between steps may use it, for arrays.
class DrivenLayer {
 public:
  DrivenLayer(const FeedbackLayer& layer, const Tensor& weights) : layer_(layer), like_(weights) {}

  nb::object input_map() const { return shown_map(layer_.input_map()); }
  nb::object output_map() const { return shown_map(layer_.output_map()); }
  nb::object drive(const Array& pre) const {
    const Tensor driven = batch(pre, layer_.input_map());
    Tensor post(batch_of(driven.extent(0), layer_.output_map()), like_.dtype(), like_.device());
    layer_.drive(driven, post);
    return array_of(post, Access::write);
  }
  nb::object correlate(const Array& pre, const Array& post) const {
    Tensor product(like_.shape(), like_.dtype(), like_.device());
    layer_.correlate(batch(pre, layer_.input_map()), batch(post, layer_.output_map()), product);
    return array_of(product, Access::write);
  }

 private:
  Tensor batch(const Array& array, const Shape& map) const {
    const std::int64_t rows = array.ndim() > 0 ? static_cast<std::int64_t>(array.shape(0)) : 0;
    Tensor tensor(batch_of(rows, map), like_.dtype(), like_.device());
    copy_into(array, tensor, "layer");
    return tensor;
  }

  const FeedbackLayer& layer_;
  Tensor like_;
};

class PythonFeedback final : public Feedback {
 public:
  PythonFeedback(const PythonClassPtr& type, const Settings& settings) : component_(type, settings) {
    const Locked lock;
    const nb::object said = component_.object().attr("_properties")();
    decay_ = nb::cast<double>(said[0]);
    uses_increments_ = nb::cast<bool>(said[1]);
    acts_between_steps_ = nb::cast<bool>(said[2]);
  }

  std::string_view name() const override { return component_.type().name(); }
  void attach(const Weights& forward, Random random, float bound) override {
    const Tensor& like = forward.values();
    require_host(component_.type(), like.device());
    path_ = Weights(Tensor(like.shape(), like.dtype(), like.device()));
    component_.type().blaming([&] { component_.call("start", array_of(like), random, bound); });
  }
  /// F is taken over anew once W or the path itself has changed.
  const Weights& weights(const Weights& forward, std::int64_t steps) override {
    if (!has_changed_ && followed_ == forward.version()) return path_;
    const Locked lock;
    Tensor values = path_.values();
    copy_into(component_.call<Array>("_weights", array_of(forward.values()), steps), values, name());
    path_.changed();
    followed_ = forward.version();
    has_changed_ = false;
    return path_;
  }
  double decay() const override { return decay_; }
  bool uses_increments() const override { return uses_increments_; }
  void after_update(const Tensor& increment) override {
    has_changed_ = true;
    const Locked lock;
    component_.call("after_update", array_of(increment));
  }
  void between_steps(const FeedbackLayer& layer, const StepContext& context) override {
    if (!acts_between_steps_) return;
    has_changed_ = true;
    const Locked lock;
    const auto driven = std::make_shared<DrivenLayer>(layer, path_.values());
    component_.call("between_steps", Borrowed<DrivenLayer>(driven), context);
  }
  Plausibility plausibility() const override { return component_.plausibility(); }
  State state() override { return component_.state(); }
  void restored() override {
    has_changed_ = true;
    component_.restored();
  }

 private:
  PythonComponent component_;
  double decay_ = 0;
  bool uses_increments_ = false, acts_between_steps_ = false;
  Weights path_;
  std::uint64_t followed_ = 0;  // the version of W that F belongs to; versions count from 1
  bool has_changed_ = true;
};

FeedbackRegistry::Entry entry_of(const PythonClassPtr& type, const nb::dict& /*traits*/) {
  FeedbackRegistry::Entry entry;
  entry.make = [type](const Settings& settings) { return std::make_unique<PythonFeedback>(type, settings); };
  return entry;
}

}  // namespace

void bind_feedback(nb::module_& module) {
  nb::class_<Borrowed<DrivenLayer>>(
      module, "DrivenLayer",
      "A layer as its feedback path may use it between two steps. It lives no longer than the call.")
      .def_prop_ro("input_map", lent(&DrivenLayer::input_map), "(C, H, W) of one image that the layer reads.")
      .def_prop_ro("output_map", lent(&DrivenLayer::output_map),
                   "(C, H, W) that it makes; (units, 1, 1) of a linear layer.")
      .def("drive", lent(&DrivenLayer::drive), nb::arg("pre"), "W pre for (N, C, H, W), without bias and nonlinearity.")
      .def("correlate", lent(&DrivenLayer::correlate), nb::arg("pre"), nb::arg("post"),
           "The sum over images and positions of post (x) pre, of W's shape.");
  bind_registration<FeedbackRegistry>(module, "register_feedback", &entry_of);
}

}  // namespace biossl::python
