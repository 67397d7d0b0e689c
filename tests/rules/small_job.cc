#include "tests/rules/small_job.h"

#include "tests/support/tensors.h"

namespace biossl::testing {
namespace {

const Shape image{9, 11, 3};

void append(std::vector<double>& all, const std::vector<double>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

LossFactory loss_factory(const std::string& kind, const Settings& settings, std::int64_t pairs,
                         const SynapsesSetup& setup) {
  return [=, dtype = setup.master_dtype(), device = setup.device, seed = setup.seed](int block, std::int64_t features) {
    return LossRegistry::instance().make(kind, settings, {pairs, features, dtype, device, seed, block});
  };
}

SynapsesSetup reference_setup() {
  SynapsesSetup setup;
  setup.device = Device::reference;
  setup.dtype = DType::float64;
  setup.optimizer = OptimizerRegistry::instance().make("sgd", {});
  return setup;
}

NetworkSpec small_network(int depth) {
  const auto block = [](std::int64_t channels, Activation activation, std::int64_t pool, bool bias) {
    return BlockSpec{.channels = channels, .activation = activation, .pool = pool, .bias = bias, .conv = {}};
  };
  NetworkSpec spec{.blocks = {block(5, Activation::hardtanh, 1, false), block(6, Activation::tanh, 2, true),
                              block(7, Activation::none, 1, true), block(9, Activation::relu, 2, false)},
                   .head = {.features = 10, .average_pool = 2, .activation = Activation::tanh, .bias = true}};
  spec.blocks.resize(static_cast<std::size_t>(depth));
  return spec;
}

Tensor small_images(std::int64_t count, DType dtype, Device device) {
  return random_tensor(batch_of(2 * count, image), dtype, device, 3);
}

Settings all_negatives() { return {{"negatives", std::string("all")}, {"block_gradient", false}, {"threshold", 3.0}}; }

Work::Work(const SmallJob& job) : totals_({2}, DType::float64, job.device) {
  SynapsesSetup setup;
  setup.seed = job.seed;
  setup.device = job.device;
  setup.dtype = job.dtype;
  setup.feedback = job.feedback;
  setup.optimizer = OptimizerRegistry::instance().make(job.optimizer, {});
  network_ = std::make_unique<Network>(job.spec, image, setup);
  const LossFactory loss =
      job.make_loss ? job.make_loss : loss_factory(job.loss_kind, job.loss_settings, small_pairs, setup);
  const RuleSetup rule_setup{*network_, loss, small_pairs, job.epochs, job.seed, job.micro_batch};
  rule_ = RuleRegistry::instance().make(job.rule_kind, job.rule_settings, rule_setup);
}

double Work::step(const Tensor& images, double learning_rate, std::int64_t epoch, std::int64_t batch) {
  totals_.fill_zero();
  rule_->step(images, {.epoch = epoch, .batch = batch, .learning_rate = learning_rate, .labels = {}}, totals_);
  return values_of(totals_)[0];
}

std::vector<Synapses*> all_synapses(Network& network) {
  std::vector<Synapses*> all;
  for (int index = 0; index < network.depth(); ++index) all.push_back(&network.block(index).synapses());
  for (int index = 0; index < network.depth(); ++index) {
    if (network.has_head(index)) all.push_back(&network.head(index).synapses());
  }
  return all;
}

std::vector<double> weights(Network& network) {
  std::vector<double> all;
  for (const Synapses* synapses : all_synapses(network)) {
    append(all, values_of(synapses->weights().values()));
    append(all, values_of(synapses->bias()));
  }
  return all;
}

std::vector<double> updates(const Synapses& synapses) {
  std::vector<double> all;
  append(all, values_of(synapses.weight_update()));
  append(all, values_of(synapses.bias_update()));
  return all;
}

std::vector<double> updates(Network& network) {
  std::vector<double> all;
  for (const Synapses* synapses : all_synapses(network)) append(all, updates(*synapses));
  return all;
}

}  // namespace biossl::testing
