#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>

#include "biossl/evaluation/knn_probe.h"
#include "biossl/ops/ops.h"
#include "src/arrays.h"
#include "src/lock.h"
#include "src/module.h"
#include "src/process.h"
#include "src/reporter.h"

namespace biossl::python {
namespace {

/// float32 (N, F).
Tensor features_over(const Array& array, std::string_view what) {
  Tensor features = tensor_over(array, DType::float32, what);
  check(features.shape().rank() == 2, what, "an array of shape {} where one of (N, F) belongs",
        to_string(features.shape()));
  return features;
}

Features labelled(const Array& features, const Array& labels) {
  Features both{.values = features_over(features, "features"), .labels = tensor_over(labels, DType::int32, "labels")};
  check(both.labels.shape() == Shape{both.values.extent(0)}, "labels", "{} labels of {} images",
        to_string(both.labels.shape()), both.values.extent(0));
  return both;
}

/// Trains a probe as `biossl probe` does. Returns weights (classes, F), bias (classes), and the loss of each epoch.
nb::tuple train_linear(const Array& features, const Array& labels, std::int64_t classes, std::int64_t epochs,
                       std::int64_t batch, double learning_rate, std::uint64_t seed, nb::object target) {
  const Features train = labelled(features, labels);
  PythonReporter reporter(std::move(target));
  std::vector<double> losses;
  Tensor weights, bias;
  {
    const Unlocked unlocked;
    start_computing();
    const ProbeOptions options{
        .epochs = epochs, .batch = batch, .learning_rate = learning_rate, .classes = classes, .seed = seed};
    LinearProbe probe({.train = train, .test = train}, options);
    const Progress progress = stage_progress(reporter, "linear probe");
    for (std::int64_t epoch = 1; epoch <= epochs; ++epoch) {
      losses.push_back(probe.train_epoch());
      progress(epoch, epochs, fmt::format("loss {:.4f}", losses.back()));
    }
    weights = probe.weights().clone();
    bias = probe.bias().clone();
  }
  return nb::make_tuple(plain_array_of(weights, Access::write), plain_array_of(bias, Access::write), losses);
}

/// The probe's outputs (N, classes), computed as the probe computes them.
nb::object linear_scores(const Array& features, const Array& weights, const Array& bias) {
  const Tensor rows = features_over(features, "features");
  const Tensor to = features_over(weights, "weights");
  const Tensor from_start = tensor_over(bias, DType::float32, "bias");
  Tensor scores({rows.extent(0), to.extent(0)}, DType::float32, Device::cpu);
  if (rows.extent(0) > 0) {
    const Unlocked unlocked;
    start_computing();
    ops::gathered_linear_forward(rows, iota(rows.extent(0), Device::cpu), to, from_start, scores);
  }
  return plain_array_of(scores, Access::write);
}

/// The votes (N, classes), float64, of the k nearest rows of `features` for each query.
nb::object knn_votes(const Array& features, const Array& labels, const Array& queries, std::int64_t classes,
                     std::int64_t neighbours, double temperature) {
  const Features train = labelled(features, labels);
  const Tensor asked = features_over(queries, "queries");
  const KnnOptions options{.neighbours = neighbours, .temperature = temperature, .classes = classes};
  Tensor votes({asked.extent(0), classes}, DType::float64, Device::reference);
  if (asked.extent(0) > 0) {
    const Unlocked unlocked;
    start_computing();
    ask_neighbours(train, asked, options, [&](std::int64_t row, std::span<const double> counted) {
      std::ranges::copy(counted, votes.data<double>() + row * classes);
    });
  }
  return plain_array_of(votes, Access::write);
}

}  // namespace

void bind_probes(nb::module_& module) {
  module.def("train_linear_probe", &train_linear, nb::arg("features"), nb::arg("labels"), nb::arg("classes"),
             nb::arg("epochs"), nb::arg("batch"), nb::arg("learning_rate"), nb::arg("seed"), nb::arg("reporter"),
             "Features (N, F) float32, labels (N) int32 in 0..classes-1. Returns (weights, bias, losses).");
  module.def("linear_scores", &linear_scores, nb::arg("features"), nb::arg("weights"), nb::arg("bias"));
  module.def("knn_votes", &knn_votes, nb::arg("features"), nb::arg("labels"), nb::arg("queries"), nb::arg("classes"),
             nb::arg("neighbours"), nb::arg("temperature"));
}

}  // namespace biossl::python
