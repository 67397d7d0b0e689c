#include "biossl/rules/rule.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "src/arrays.h"
#include "src/components/borrowed.h"
#include "src/components/inner.h"
#include "src/components/python_component.h"
#include "src/components/python_loss.h"
#include "src/components/rule_parts.h"
#include "src/components/tensors.h"
#include "src/module.h"

namespace biossl::python {
namespace {

/// What a rule in Python is handed to make its parts of.
class RuleBuilder {
 public:
  RuleBuilder(const RuleSetup& setup, std::string rule, const std::shared_ptr<RuleParts>& parts)
      : setup_(setup), rule_(std::move(rule)), parts_(parts) {}

  const RuleSetup& setup() const { return setup_; }
  /// Throws as Borrowed::get does.
  Network& network() const {
    parts_.get();
    return setup_.network;
  }
  int depth() const { return network().depth(); }
  int checked(int block) const { return block_number(network(), block, rule_); }

  Borrowed<RangePart> range(int from, int to, nb::object loss) {
    const int first = checked(from);
    const int last = checked(to);
    check(first <= last, rule_, "a range from block {} to block {}; the first one comes first", first, last);
    if (loss.is_none()) return keep<RangePart>(setup_, setup_.loss, first, last);
    const LossFactory own = [&](int block, std::int64_t features) {
      const SynapsesSetup& its = network().setup();
      const LossSetup made{setup_.batch, features, its.master_dtype(), its.device, setup_.seed, block};
      return loss_of_object(rule_, loss, made);
    };
    return keep<RangePart>(setup_, own, first, last);
  }
  Borrowed<LayerwisePart> layerwise() { return keep<LayerwisePart>(setup_); }
  Borrowed<DirectFeedbackPart> direct_feedback(nb::object transform) {
    return keep<DirectFeedbackPart>(setup_, std::move(transform));
  }
  Borrowed<SlowCopyPart> slow_copy(double momentum, int block) {
    return keep<SlowCopyPart>(setup_, checked(block), momentum);
  }
  Borrowed<PassPart> encoder_pass() { return keep<PassPart>(setup_, updates()); }
  Borrowed<ConvolutionsPart> convolutions() { return keep<ConvolutionsPart>(rule_, setup_, updates()); }
  Borrowed<LossPart> loss(int block) { return keep<LossPart>(setup_, checked(block)); }
  Borrowed<HeadPart> head(int block) {
    const int index = checked(block);
    Head& head = network().add_head(index);
    return keep<HeadPart>(head, network().block(index).plan().output, setup_, updates());
  }
  Borrowed<HeadPart> own_head(const std::string& name, const std::string& kind, const Settings& options,
                              std::int64_t inputs, std::uint32_t index) {
    const HeadSetup made{.map = {1, 1, inputs}, .synapses = network().setup(), .index = index};
    return keep<HeadPart>(HeadRegistry::instance().make(kind, options, made), name, made.map, setup_, updates());
  }

 private:
  template <class Part, class... Args>
  Borrowed<Part> keep(Args&&... args) {
    const auto parts = parts_.get();
    const auto part = std::make_shared<Part>(std::forward<Args>(args)...);
    part->belongs_to(rule_);
    parts->all.push_back(part);
    return Borrowed<Part>(part);
  }
  UpdateQueue& updates() const { return parts_.get()->updates; }

  RuleSetup setup_;
  std::string rule_;
  Borrowed<RuleParts> parts_;
};

class PythonRule final : public LearningRule {
 public:
  PythonRule(const PythonClassPtr& type, const Settings& settings, const RuleSetup& setup)
      : parts_(std::make_shared<RuleParts>()), component_(type, settings) {
    require_host(*type, setup.network.setup().device);
    type->blaming([&] { component_.call("_begin", nb::cast(RuleBuilder(setup, type->name(), parts_))); });
  }

  void step(const Tensor& images, const StepContext& context, Tensor& totals) override {
    parts_->updates.clear();
    const Totals step = component_.call<Totals>("_step", images, context);
    require_finite(step.first, context);
    parts_->updates.apply();
    totals.data<double>()[0] += step.first;
    totals.data<double>()[1] += step.second;
  }
  std::int64_t total_epochs() const override { return component_.call<std::int64_t>("total_epochs"); }
  std::int64_t schedule_epochs() const override { return component_.call<std::int64_t>("schedule_epochs"); }
  std::string stage(std::int64_t epoch) const override { return component_.call<std::string>("stage", epoch); }
  std::vector<int> measured_blocks(std::int64_t epoch) const override {
    return component_.call<std::vector<int>>("_measured_blocks", epoch);
  }
  std::vector<std::int64_t> sample_epochs() const override {
    return component_.call<std::vector<std::int64_t>>("_sample_epochs");
  }
  Plausibility plausibility() const override { return component_.plausibility(); }
  State state() override {
    State all = component_.state();
    for (const auto& part : parts_->all) {
      for (StateTensor& tensor : part->state()) all.push_back(std::move(tensor));
    }
    return all;
  }
  void restored() override {
    for (const auto& part : parts_->all) part->restored();
    component_.restored();
  }

 private:
  /// Parts whose losses are not finite have diverged, which is told elsewhere.
  void require_finite(double loss, const StepContext& context) const {
    if (std::isfinite(loss) || !std::ranges::all_of(parts_->all, [](const auto& part) { return part->is_finite(); }))
      return;
    throw std::runtime_error(
        fmt::format("[{}] step returned a loss of {} in epoch {}, batch {}, which none of its parts has",
                    component_.type().name(), loss, context.epoch + 1, context.batch + 1));
  }

  std::shared_ptr<RuleParts> parts_;  // outlive the object, which works with them
  PythonComponent component_;
};

RuleRegistry::Entry entry_of(const PythonClassPtr& type, const nb::dict& traits) {
  RuleRegistry::Entry entry;
  entry.make = [type](const Settings& settings, const RuleSetup& setup) {
    return std::make_unique<PythonRule>(type, settings, setup);
  };
  entry.traits = {.learns = nb::cast<bool>(traits["learns"]), .sends_errors = nb::cast<bool>(traits["sends_errors"])};
  return entry;
}

Settings settings_of(const nb::dict& options) {
  Settings settings;
  for (const auto& [key, value] : options) settings[nb::cast<std::string>(key)] = nb::cast<Value>(value);
  return settings;
}

/// One convolution of a ConvolutionsPart.
struct ConvolutionHandle {
  Borrowed<ConvolutionsPart> part;
  std::size_t number;

  ConvolutionLayer layer() const { return part.get()->layer(number); }
};

void set_weight(ConvolutionHandle& self, const Array& values) {
  const ConvolutionLayer layer = self.layer();
  layer.synapses->set_weights(finite_tensor(values, layer.synapses->weights().values(), "weight"));
}

void bind_parts(nb::module_& module) {
  nb::class_<Borrowed<RangePart>>(module, "BlockRange")
      .def("step", lent(&RangePart::step), handed("images"), nb::arg("context"));
  nb::class_<Borrowed<LayerwisePart>>(module, "LayerwiseBlocks")
      .def("step", lent(&LayerwisePart::step), nb::arg("block"), handed("images"), nb::arg("context"));
  nb::class_<Borrowed<DirectFeedbackPart>>(module, "DirectFeedback")
      .def("step", lent(&DirectFeedbackPart::step), handed("images"), nb::arg("context"));
  nb::class_<Borrowed<SlowCopyPart>>(module, "SlowCopy")
      .def("embeddings", lent(&SlowCopyPart::embeddings), handed("images"))
      .def("follow", lent(&SlowCopyPart::follow));
  nb::class_<Borrowed<HeadPart>>(module, "RuleHead")
      .def_prop_ro("features", lent(&HeadPart::features))
      .def("forward", lent(&HeadPart::forward), handed("activity"))
      .def("backward", lent(&HeadPart::backward), handed("errors"), nb::arg("learning_rate"));
  nb::class_<Borrowed<LossPart>>(module, "RuleLoss")
      .def_prop_ro("stops_gradient", lent(&LossPart::stops_gradient))
      .def(
          "evaluate",
          [](const Borrowed<LossPart>& self, nb::handle embeddings, const StepContext& context) {
            const auto [errors, totals] = self.get()->evaluate(embeddings, context);
            return nb::make_tuple(errors, totals.first, totals.second);
          },
          handed("embeddings"), nb::arg("context"));
  nb::class_<Borrowed<PassPart>>(module, "EncoderPass")
      .def("run", lent(&PassPart::run), handed("images"))
      .def("input", lent(&PassPart::input), nb::arg("block"))
      .def("output", lent(&PassPart::output), nb::arg("block"))
      .def(
          "backward",
          [](const Borrowed<PassPart>& self, int block, nb::handle error, double rate, bool sends) {
            const Tensor sent = self.get()->backward(block, error, rate, sends);
            return sent.empty() ? nb::none() : nb::cast(sent);
          },
          nb::arg("block"), handed("error"), nb::arg("learning_rate"), nb::arg("sends") = false);
  nb::class_<ConvolutionHandle>(module, "RuleConvolution")
      .def_prop_ro("block", [](const ConvolutionHandle& self) { return self.layer().block; })
      .def_prop_ro("input_map", [](const ConvolutionHandle& self) { return shown_map(self.layer().input); })
      .def_prop_ro("output_map", [](const ConvolutionHandle& self) { return shown_map(self.layer().output); })
      .def_prop_ro("input", [](const ConvolutionHandle& self) { return self.part.get()->input(self.number); })
      .def_prop_rw(
          "weight", [](const ConvolutionHandle& self) { return array_of(self.layer().synapses->weights().values()); },
          &set_weight)
      .def(
          "drive",
          [](const ConvolutionHandle& self, nb::handle pre) { return self.part.get()->drive(self.number, pre); },
          handed("pre"))
      .def(
          "learn",
          [](const ConvolutionHandle& self, nb::handle pre, nb::handle error, double rate, const nb::object& unit_decay,
             const nb::object& rate_power) {
            self.part.get()->learn(self.number, pre, error, rate, unit_decay, rate_power);
          },
          handed("pre"), handed("error"), nb::arg("learning_rate"), nb::arg("unit_decay") = nb::none(),
          nb::arg("rate_power") = nb::none());
  nb::class_<Borrowed<ConvolutionsPart>>(module, "Convolutions")
      .def("run", lent(&ConvolutionsPart::run), handed("images"))
      .def_prop_ro("layers", [](const Borrowed<ConvolutionsPart>& self) {
        nb::list layers;
        for (std::size_t i = 0; i < self.get()->count(); ++i) layers.append(nb::cast(ConvolutionHandle{self, i}));
        return layers;
      });
}

}  // namespace

void bind_rules(nb::module_& module) {
  bind_parts(module);
  nb::class_<RuleBuilder>(module, "RuleSetup", "What a rule works on, and what its parts are made of.")
      .def_prop_ro(
          "batch", [](const RuleBuilder& self) { return self.setup().batch; }, "The largest number of pairs.")
      .def_prop_ro(
          "epochs", [](const RuleBuilder& self) { return self.setup().epochs; }, "train.epochs of the recipe.")
      .def_prop_ro("seed", [](const RuleBuilder& self) { return self.setup().seed; })
      .def_prop_ro(
          "micro_batch", [](const RuleBuilder& self) { return self.setup().micro_batch; },
          "Pairs to learn from at a time; 0: all.")
      .def_prop_ro("depth", &RuleBuilder::depth, "Number of blocks.")
      .def(
          "output_map",
          [](const RuleBuilder& self, int block) {
            return shown_map(self.network().block(self.checked(block)).plan().output);
          },
          nb::arg("block"), "(C, H, W) of a block's output.")
      .def("block_range", &RuleBuilder::range, nb::arg("first") = 0, nb::arg("last") = -1, nb::arg("loss") = nb::none(),
           "Neighbouring blocks under one head that learn from one loss, the recipe's or a biossl.Loss: the whole "
           "encoder\n"
           "end to end, or a single block. step(images, context) gives (loss, active).")
      .def("layerwise", &RuleBuilder::layerwise,
           "Every block under a head of its own. step(block, images, context) gives (loss, active).")
      .def("direct_feedback", &RuleBuilder::direct_feedback, nb::arg("transform") = nb::none(),
           "Direct feedback alignment; what is broadcast, (N, D), goes through transform.")
      .def("slow_copy", &RuleBuilder::slow_copy, nb::arg("momentum"), nb::arg("block") = -1,
           "A second network: embeddings(images); follow() makes it momentum slow + (1 - momentum) network.")
      .def("encoder_pass", &RuleBuilder::encoder_pass,
           "One forward pass that keeps what every block needs: run(images), input(block), output(block), and\n"
           "backward(block, error, learning_rate, sends), after which the block has learnt at the end of the step.")
      .def("convolutions", &RuleBuilder::convolutions,
           "Such a pass for convolutions that learn without an error from above: run(images), and layers with input,\n"
           "drive(pre), learn(pre, error, learning_rate, unit_decay, rate_power), weight.")
      .def("loss", &RuleBuilder::loss, nb::arg("block") = -1,
           "The recipe's loss for the head of a block: evaluate(embeddings, context) gives (errors, loss, active).")
      .def(
          "head", &RuleBuilder::head, nb::arg("block") = -1,
          "The head on a block: forward(activity) gives embeddings; backward(errors, learning_rate) lets it learn and\n"
          "gives the error of the activity.")
      .def(
          "own_head",
          [](RuleBuilder& self, const std::string& name, const std::string& kind, const nb::dict& options,
             std::int64_t inputs,
             std::uint32_t index) { return self.own_head(name, kind, settings_of(options), inputs, index); },
          nb::arg("name"), nb::arg("kind"), nb::arg("options"), nb::arg("inputs"), nb::arg("index") = 3000,
          "A head of the rule's own on vectors (N, inputs), such as a predictor; used as a block's head is.");
  bind_registration<RuleRegistry>(module, "register_rule", &entry_of);
}

}  // namespace biossl::python
