#pragma once

#include <memory>
#include <string>
#include <vector>

#include "biossl/rules/rule.h"

// A small piece of work for a learning rule, made alike on any device: what the tests of rules share.

namespace biossl::testing {

/// Four blocks of odd sizes with every kind of stage, small enough for the reference backend; the first `depth` of
/// them.
NetworkSpec small_network(int depth = 4);
inline constexpr std::int64_t small_pairs = 5;
/// `count` pairs for it, the same on every device.
Tensor small_images(std::int64_t count, DType dtype, Device device);
/// Settings of the contrastive hinge loss: every image a negative, no gradient block; a threshold at which some pairs
/// are active and some are not.
Settings all_negatives();

/// Makes losses of a kind for batches of up to `pairs`.
LossFactory loss_factory(const std::string& kind, const Settings& settings, std::int64_t pairs,
                         const SynapsesSetup& setup);

/// A setup on the reference device, in double.
SynapsesSetup reference_setup();

struct SmallJob {
  Device device = Device::cpu;
  DType dtype = DType::float32;
  std::string loss_kind = "contrastive_hinge";
  Settings loss_settings = all_negatives();
  LossFactory make_loss = nullptr;  ///< where set, in place of loss_kind and loss_settings
  std::string rule_kind = "e2e";
  Settings rule_settings = {};
  FeedbackFactory feedback = "transpose";
  NetworkSpec spec = small_network();
  std::string optimizer = "sgd";
  std::int64_t epochs = 1;
  std::uint64_t seed = 1;
  std::int64_t micro_batch = 0;
};

/// A job's network, loss and rule.
class Work {
 public:
  explicit Work(const SmallJob& job);

  Network& network() { return *network_; }
  LearningRule& rule() { return *rule_; }
  /// Learns from a batch and returns its loss.
  double step(const Tensor& images, double learning_rate, std::int64_t epoch = 0, std::int64_t batch = 0);

 private:
  std::unique_ptr<Network> network_;
  std::unique_ptr<LearningRule> rule_;
  Tensor totals_;
};

/// The synapses of every block, then those of every head that there is.
std::vector<Synapses*> all_synapses(Network& network);
/// All their weights and biases.
std::vector<double> weights(Network& network);
/// All numbers of a synapses' last update, weights and bias.
std::vector<double> updates(const Synapses& synapses);
/// Those of every block and of every head that there is.
std::vector<double> updates(Network& network);

}  // namespace biossl::testing
