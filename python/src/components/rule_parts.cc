#include "src/components/rule_parts.h"

#include "biossl/ops/ops.h"
#include "src/arrays.h"
#include "src/components/inner.h"
#include "src/components/tensors.h"
#include "src/lock.h"

namespace biossl::python {
namespace {

State with_prefix(State state, const std::string& prefix) {
  for (StateTensor& tensor : state) tensor.name = prefix + tensor.name;
  return state;
}

/// Direct feedback whose broadcast goes through a function of Python.
class TransformedFeedback final : public DirectFeedback {
 public:
  TransformedFeedback(const RuleSetup& setup, nb::object function)
      : DirectFeedback(NoOptions(), setup), function_(std::move(function)) {}
  TransformedFeedback(const TransformedFeedback&) = delete;
  TransformedFeedback& operator=(const TransformedFeedback&) = delete;
  ~TransformedFeedback() override {
    const Locked lock;
    function_.reset();
  }

 protected:
  void transform(Tensor& errors) const override {
    const Locked lock;
    if (function_.is_none()) return;
    const nb::object sent = function_(array_of(errors));
    const Tensor changed = tensor_of(sent, errors.shape(), errors.dtype(), "direct_feedback");
    copy(changed, errors);
  }

 private:
  nb::object function_;
};

}  // namespace

int block_number(const Network& network, int block, std::string_view what) {
  const int depth = network.depth();
  check(block >= -depth && block < depth, what, "there is no block {}; the network has {}", block, depth);
  return block < 0 ? block + depth : block;
}

void RulePart::require_finite_array(nb::handle given, std::string_view method, const Tensor& numbers,
                                    std::vector<Tensor> had) const {
  if (nb::isinstance<Tensor>(given)) return;  // another part made it
  require_finite(rule_, fmt::format("gave {}", method), numbers, std::move(had));
}

RangePart::RangePart(const RuleSetup& setup, const LossFactory& loss, int first, int last)
    : range_(setup.network, loss, first, last, setup.batch, setup.micro_batch) {
  Workspace::fit(setup.network.setup().device, [&](Workspace& workspace) { range_.prepare(workspace); });
}

Totals RangePart::step(const Tensor& images, const StepContext& context) {
  return totals_of([&](Tensor& totals) { range_.step(images, context, totals); });
}

Totals LayerwisePart::step(int block, const Tensor& images, const StepContext& context) {
  check(block >= 0 && block < blocks_.depth(), "rule", "there is no block {}", block);
  return totals_of([&](Tensor& totals) { blocks_.step(block, images, context, totals); });
}

DirectFeedbackPart::DirectFeedbackPart(const RuleSetup& setup, nb::object transform)
    : rule_(std::make_unique<TransformedFeedback>(setup, std::move(transform))) {}

Totals DirectFeedbackPart::step(const Tensor& images, const StepContext& context) {
  return totals_of([&](Tensor& totals) { rule_->step(images, context, totals); });
}

State DirectFeedbackPart::state() { return rule_->state(); }
void DirectFeedbackPart::restored() { rule_->restored(); }

SlowCopyPart::SlowCopyPart(const RuleSetup& setup, int block, double momentum)
    : copy_(setup.network, block, 2 * setup.batch, momentum) {
  Workspace::fit(setup.network.setup().device, [&](Workspace& workspace) { copy_.prepare(workspace); });
}

Tensor SlowCopyPart::embeddings(const Tensor& images) {
  const Unlocked unlocked;
  return copy_.embeddings(images);
}

void SlowCopyPart::follow() {
  const Unlocked unlocked;
  copy_.follow();
}

HeadPart::HeadPart(Head& head, const Shape& map, const RuleSetup& setup, UpdateQueue& updates)
    : head_(head), map_(map), dtype_(setup.network.setup().dtype), updates_(updates) {
  prepare(setup);
}

HeadPart::HeadPart(std::unique_ptr<Head> head, std::string name, const Shape& map, const RuleSetup& setup,
                   UpdateQueue& updates)
    : own_(std::move(head)),
      head_(*own_),
      name_(std::move(name)),
      map_(map),
      dtype_(setup.network.setup().dtype),
      updates_(updates) {
  prepare(setup);
}

void HeadPart::prepare(const RuleSetup& setup) {
  const SynapsesSetup& its = setup.network.setup();
  const std::int64_t rows = 2 * setup.batch;
  Workspace::fit(its.device, [&](Workspace& workspace) { head_.prepare(rows, workspace); });
  embeddings_ = Tensor({rows, head_.features()}, its.master_dtype(), its.device);
  error_input_ = Tensor(batch_of(rows, map_), its.dtype, its.device);
}

Tensor HeadPart::forward(nb::handle activity) {
  const std::int64_t rows = rows_of(activity, "head");
  const Shape shape = batch_of(rows, map_);
  const bool is_flat = own_ != nullptr && !nb::isinstance<Tensor>(activity);
  input_ = is_flat ? tensor_of(activity, {rows, map_.size()}, dtype_, "head").reshaped(shape)
                   : tensor_of(activity, shape, dtype_, "head");
  Tensor embeddings = embeddings_.rows(0, rows);
  const Unlocked unlocked;
  head_.forward(input_, embeddings);
  return embeddings;
}

Tensor HeadPart::backward(nb::handle errors, double learning_rate) {
  const std::int64_t count = rows_of(errors, "head");
  const std::int64_t rows = input_.extent(0);
  check(count <= rows, "head", "errors of {} rows after a forward pass of {}", count, rows);
  Tensor all(embeddings_.rows(0, rows).shape(), embeddings_.dtype(), embeddings_.device());
  Tensor last = all.rows(rows - count, rows);
  copy(tensor_of(errors, last.shape(), last.dtype(), "head"), last);
  require_finite_array(errors, "backward of a head", last, {embeddings_.rows(0, rows)});
  Tensor error_input = error_input_.rows(0, count);
  const Unlocked unlocked;
  head_.backward(input_, embeddings_.rows(0, rows), all, rows - count, rows, error_input);
  head_.learn(input_, rows - count, rows, {learning_rate, &updates_});
  return own_ == nullptr ? error_input : error_input.reshaped({count, map_.size()});
}

State HeadPart::state() { return own_ == nullptr ? State() : own_->state(name_, true); }

void HeadPart::restored() {
  if (own_ != nullptr) own_->restored();
}

LossPart::LossPart(const RuleSetup& setup, int block)
    : block_(block),
      loss_(setup.loss(block, setup.network.add_head(block).features())),
      shape_{1, setup.network.head(block).features()},
      dtype_(setup.network.setup().master_dtype()) {}

std::pair<Tensor, Totals> LossPart::evaluate(nb::handle embeddings, StepContext context) {
  const Shape shape = shape_.with_rows(rows_of(embeddings, "loss"));
  const Tensor given = tensor_of(embeddings, shape, dtype_, "loss");
  Tensor errors(shape, dtype_, Device::cpu);
  context.block = block_;
  const Totals totals = totals_of([&](Tensor& sums) { loss_->evaluate(given, context, errors, sums); });
  return {errors, totals};
}

State LossPart::state() { return with_prefix(loss_->state(), fmt::format("losses.{}.", block_)); }

PassPart::PassPart(const RuleSetup& setup, UpdateQueue& updates)
    : network_(setup.network), pass_(setup.network, 2 * setup.batch), updates_(updates) {
  Workspace::fit(network_.setup().device, [&](Workspace& workspace) { pass_.prepare(workspace); });
  std::int64_t largest = 0;
  for (int block = 0; block < network_.depth(); ++block) {
    largest = std::max(largest, network_.block(block).plan().input.size());
  }
  for (Tensor& map : sent_) map = Tensor({2 * setup.batch * largest}, network_.setup().dtype, network_.setup().device);
}

void PassPart::run(const Tensor& images) {
  const Unlocked unlocked;
  pass_.run(images);
}

Tensor PassPart::backward(int block, nb::handle error, double learning_rate, bool sends) {
  block = block_number(network_, block, "rule");
  const std::int64_t rows = pass_.rows();
  const std::int64_t count = rows_of(error, "rule");
  check(count <= rows, "rule", "an error of {} rows after a forward pass of {}", count, rows);
  BlockStep step = pass_.step(block, rows - count, rows);
  copy(tensor_of(error, step.error.shape(), step.error.dtype(), "rule"), step.error);
  require_finite_array(error, fmt::format("backward of block {}", block), step.error, {step.activity.output});
  Tensor error_input;
  if (sends) error_input = sent_[static_cast<std::size_t>(++calls_ % 2)].part(0, step.input.shape());
  const Unlocked unlocked;
  network_.block(block).backward(step, error_input);
  network_.block(block).learn(step, {learning_rate, &updates_});
  return error_input;
}

ConvolutionsPart::ConvolutionsPart(const std::string& rule, const RuleSetup& setup, UpdateQueue& updates)
    : dtype_(setup.network.setup().dtype),
      master_(setup.network.setup().master_dtype()),
      pass_(rule, setup.network, 2 * setup.batch),
      updates_(updates),
      rates_(pass_.layers().size()) {}

void ConvolutionsPart::run(const Tensor& images) {
  const Unlocked unlocked;
  pass_.run(images);
}

Tensor ConvolutionsPart::drive(std::size_t number, nb::handle pre) const {
  const std::int64_t rows = rows_of(pre, "drive");
  const Tensor driven = tensor_of(pre, batch_of(rows, layer(number).input), dtype_, "drive");
  Tensor post(batch_of(rows, layer(number).output), dtype_, Device::cpu);
  const Unlocked unlocked;
  layer(number).synapses->drive(driven, post);
  return post;
}

void ConvolutionsPart::learn(std::size_t number, nb::handle pre, nb::handle error, double learning_rate,
                             const nb::object& unit_decay, const nb::object& rate_power) {
  const std::int64_t rows = rows_of(pre, "learn");
  const Tensor input = tensor_of(pre, batch_of(rows, layer(number).input), dtype_, "learn");
  const Tensor output = tensor_of(error, batch_of(rows, layer(number).output), dtype_, "learn");
  const std::string method = fmt::format("learn of block {}", layer(number).block);
  const std::vector<Tensor> had{this->input(number), layer(number).synapses->weights().values()};
  require_finite_array(pre, method, input, had);
  require_finite_array(error, method, output, had);
  UpdateOptions options(learning_rate, &updates_);
  if (!unit_decay.is_none())
    options.unit_decay = tensor_of(unit_decay, {layer(number).output[2]}, master_, "unit_decay");
  if (!rate_power.is_none()) {
    const auto power = nb::cast<double>(rate_power);
    if (rates_[number] == nullptr) rates_[number] = std::make_unique<UnitRates>(power);
    check(rates_[number]->power() == power, method, "rate_power = {}; that of a layer cannot change, and it was {}",
          power, rates_[number]->power());
    options.plasticity = rates_[number].get();
  }
  const Unlocked unlocked;
  layer(number).synapses->learn(input, output, options);
}

}  // namespace biossl::python
