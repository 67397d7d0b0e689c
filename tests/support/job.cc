#include "tests/support/job.h"

#include "tests/support/tensors.h"

namespace biossl::testing {
namespace {

const Shape image{9, 11, 3};

void append(const Tensor& tensor, std::vector<double>& all) {
  if (tensor.empty()) return;
  const std::vector<double> values = values_of(tensor);
  all.insert(all.end(), values.begin(), values.end());
}

}  // namespace

NetworkSpec job_network(int depth) {
  const auto block = [](std::int64_t channels, Activation activation, std::int64_t pool, bool bias) {
    return BlockSpec{.channels = channels, .activation = activation, .pool = pool, .bias = bias, .conv = {}};
  };
  NetworkSpec spec{.blocks = {block(5, Activation::hardtanh, 1, false), block(6, Activation::tanh, 2, true),
                              block(7, Activation::none, 1, true), block(9, Activation::relu, 2, false)},
                   .head = {.kind = HeadKind::linear,
                            .features = 10,
                            .average_pool = 2,
                            .activation = Activation::tanh,
                            .bias = true}};
  spec.blocks.resize(static_cast<std::size_t>(depth));
  return spec;
}

Job::Job(const JobSpec& spec) {
  setup.seed = spec.seed;
  setup.device = spec.device;
  setup.dtype = spec.dtype;
  setup.feedback = spec.feedback;
  setup.feedback_settings = spec.feedback_settings;
  setup.optimizer = OptimizerRegistry::instance().make(spec.optimizer, {});
  network = std::make_unique<Network>(spec.network, image, setup);
  const LossShape shape{pairs, spec.network.head.features, setup.master_dtype(), spec.device, spec.seed};
  loss = LossRegistry::instance().make(spec.loss, spec.loss_settings, shape);
  const RuleSetup rule_setup{*network, *loss, pairs, spec.epochs, spec.seed};
  rule = RuleRegistry::instance().make(spec.rule, spec.rule_settings, rule_setup);
  totals = Tensor({2}, DType::float64, spec.device);
}

double Job::step(const Tensor& images, double learning_rate, std::int64_t epoch, std::int64_t batch) {
  totals.fill_zero();
  rule->step(images, {.epoch = epoch, .batch = batch, .learning_rate = learning_rate, .labels = {}}, totals);
  return values_of(totals)[0];
}

std::vector<Synapses*> Job::synapses() {
  std::vector<Synapses*> all;
  for (int index = 0; index < network->depth(); ++index) all.push_back(&network->block(index).synapses());
  for (const PathRecord& record : network->path_records()) {
    if (record.layer.starts_with("heads.")) all.push_back(&network->head(std::stoi(record.layer.substr(6))).synapses());
  }
  return all;
}

std::vector<double> updates(const Synapses& synapses) {
  std::vector<double> all;
  append(synapses.weight_update(), all);
  append(synapses.bias_update(), all);
  return all;
}

std::vector<double> Job::updates() {
  std::vector<double> all;
  for (const Synapses* each : synapses()) {
    const std::vector<double> own = testing::updates(*each);
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

std::vector<double> Job::weights() {
  std::vector<double> all;
  for (const Synapses* each : synapses()) {
    append(each->weights().values(), all);
    append(each->bias(), all);
  }
  return all;
}

Tensor job_images(std::int64_t count, DType dtype, Device device) {
  return random_tensor({2 * count, image[0], image[1], image[2]}, dtype, device, 3);
}

Settings all_negatives() { return {{"negatives", std::string("all")}, {"block_gradient", false}, {"threshold", 3.0}}; }

}  // namespace biossl::testing
