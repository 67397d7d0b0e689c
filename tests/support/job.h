#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "biossl/rules/rule.h"

namespace biossl::testing {

/// A chain of odd sizes with every kind of stage, small enough for the reference backend: the first `depth` of four
/// blocks, embeddings of 10 numbers.
NetworkSpec job_network(int depth = 4);

/// What a small job of learning is made of; every part by the name a recipe uses.
struct JobSpec {
  Device device = Device::cpu;
  DType dtype = DType::float32;
  NetworkSpec network = job_network();
  std::string loss = "contrastive_hinge";
  Settings loss_settings{};
  std::string rule = "e2e";
  Settings rule_settings{};
  std::string feedback = "transpose";
  Settings feedback_settings{};
  std::string optimizer = "sgd";
  std::int64_t epochs = 1;
  std::uint64_t seed = 1;
};

/// A network on images of 9x11x3 under one loss and rule. The same spec gives the same job on any device.
struct Job {
  static constexpr std::int64_t pairs = 5;  ///< the largest batch

  explicit Job(const JobSpec& spec);

  /// One step on a batch of the job's type and device; returns the loss.
  double step(const Tensor& images, double learning_rate, std::int64_t epoch = 0, std::int64_t batch = 0);
  /// The synapses of all blocks, then those of the heads that there are.
  std::vector<Synapses*> synapses();
  /// All numbers of every weight's and bias's last update.
  std::vector<double> updates();
  /// All numbers of every weight and bias.
  std::vector<double> weights();

  SynapsesSetup setup;
  std::unique_ptr<Network> network;
  std::unique_ptr<Loss> loss;
  std::unique_ptr<LearningRule> rule;
  Tensor totals;
};

/// All numbers of a synapses' last update, weights and bias.
std::vector<double> updates(const Synapses& synapses);

/// Random images for a job, 2 * count of them.
Tensor job_images(std::int64_t count, DType dtype, Device device);

/// Settings under which every pair of a job's small batches counts.
Settings all_negatives();

}  // namespace biossl::testing
