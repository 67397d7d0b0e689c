#include "biossl/evaluation/linear_probe.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "biossl/core/clock.h"
#include "biossl/core/error.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

void check_match(const Features& train, const Features& test, const ProbeOptions& options) {
  check(train.values.extent(1) == test.values.extent(1) && train.values.dtype() == test.values.dtype(), "probe",
        "training features are {} {}, test features {} {}", name_of(train.values.dtype()), train.values.extent(1),
        name_of(test.values.dtype()), test.values.extent(1));
  check(train.values.extent(0) > 0 && test.values.extent(0) > 0, "probe", "there are no images to train or test on");
  check(options.batch >= 1 && options.epochs >= 0 && options.classes >= 2, "probe",
        "batch = {}, epochs = {}, classes = {} is impossible", options.batch, options.epochs, options.classes);
  for (const Features* features : {&train, &test}) {
    for (const std::int32_t label : features->labels.span<std::int32_t>()) {
      check(label >= 0 && label < options.classes, "probe", "label {} lies outside 0..{}", label, options.classes - 1);
    }
  }
}

/// One linear layer with bias on frozen features, with its buffers and Adam's state.
class Probe {
 public:
  Probe(const Features& train, const ProbeOptions& options)
      : options_(options), batch_(std::min(options.batch, train.values.extent(0))) {
    const std::int64_t inputs = train.values.extent(1);
    const Device device = train.values.device();
    const std::int64_t size = options.classes * (inputs + 1);
    for (Tensor* tensor : {&parameters_, &update_, &m_, &v_}) *tensor = Tensor({size}, DType::float32, device);
    weights_ = Weights(parameters_.part(0, {options.classes, inputs}));
    bias_ = parameters_.part(options.classes * inputs, {options.classes});
    weight_update_ = update_.part(0, {options.classes, inputs});
    bias_update_ = update_.part(options.classes * inputs, {options.classes});
    features_ = Tensor({batch_, inputs}, train.values.dtype(), device);
    rows_ = Tensor({batch_}, DType::int32, device);
    labels_ = Tensor({batch_}, DType::int32, device);
    for (Tensor* tensor : {&logits_, &errors_}) *tensor = Tensor({batch_, options.classes}, DType::float32, device);
    if (features_.dtype() == DType::bfloat16) narrow_errors_ = Tensor(errors_.shape(), DType::bfloat16, device);
    totals_ = Tensor({2}, DType::float64, device);
    draw_weights(1.0F / std::sqrt(static_cast<float>(inputs)));
  }

  /// One pass over the training features in a new order; returns the mean loss.
  double train_epoch(const Features& train, std::int64_t epoch) {
    const std::int64_t images = train.values.extent(0);
    shuffle(images, epoch);
    totals_.fill_zero();
    for (std::int64_t first = 0; first < images; first += batch_) {
      const std::int64_t count = std::min(batch_, images - first);
      Tensor features = features_.rows(0, count);
      Tensor labels = labels_.rows(0, count);
      const Tensor rows = order_.rows(first, first + count);
      ops::gather_rows(train.values, rows, features);
      ops::gather_rows(train.labels, rows, labels);
      learn(features, labels);
    }
    return totals_.data<double>()[0] / static_cast<double>(images);
  }

  /// Fraction of rows whose largest logit is their label's; counts [label][prediction] where wanted.
  double accuracy(const Features& of, std::vector<std::vector<std::int64_t>>* confusion) {
    const std::int64_t images = of.values.extent(0);
    std::int64_t correct = 0;
    for (std::int64_t first = 0; first < images; first += batch_) {
      const std::int64_t count = std::min(batch_, images - first);
      Tensor logits = logits_.rows(0, count);
      ops::linear_forward(of.values.rows(first, first + count), weights_, bias_, Activation::none, logits);
      for (std::int64_t i = 0; i < count; ++i) {
        const float* row = logits.data<float>() + i * options_.classes;
        const auto prediction = std::max_element(row, row + options_.classes) - row;
        const std::int32_t label = of.labels.data<std::int32_t>()[first + i];
        correct += prediction == label ? 1 : 0;
        if (confusion != nullptr) ++(*confusion)[static_cast<std::size_t>(label)][static_cast<std::size_t>(prediction)];
      }
    }
    return static_cast<double>(correct) / static_cast<double>(images);
  }

 private:
  void draw_weights(float bound) {
    Random random(options_.seed, Purpose::probe_weights);
    for (float& value : parameters_.span<float>()) value = random.uniform(-bound, bound);
  }

  void shuffle(std::int64_t images, std::int64_t epoch) {
    if (order_.empty()) order_ = Tensor({images}, DType::int32, rows_.device());
    auto order = order_.span<std::int32_t>();
    std::iota(order.begin(), order.end(), 0);
    Random random(options_.seed, Purpose::probe_shuffle, static_cast<std::uint32_t>(epoch));
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  }

  void learn(const Tensor& features, const Tensor& labels) {
    const std::int64_t count = features.extent(0);
    Tensor logits = logits_.rows(0, count);
    Tensor errors = errors_.rows(0, count);
    ops::linear_forward(features, weights_, bias_, Activation::none, logits);
    ops::softmax_cross_entropy(logits, labels, errors, totals_);
    if (!narrow_errors_.empty()) {
      Tensor narrow = narrow_errors_.rows(0, count);
      ops::convert(errors, narrow);
      errors = narrow;
    }
    ops::linear_backward_weights(features, errors, weight_update_, bias_update_);
    ops::adam_step(update_, Adam{}, options_.learning_rate, ++steps_, parameters_, m_, v_);
    weights_.changed();
  }

  ProbeOptions options_;
  std::int64_t batch_;
  Tensor parameters_, update_, m_, v_;  // weights, then bias
  Weights weights_;
  Tensor bias_, weight_update_, bias_update_;
  Tensor order_, rows_, features_, labels_, logits_, errors_, narrow_errors_, totals_;
  std::int64_t steps_ = 0;
};

}  // namespace

ProbeResult train_linear_probe(const Features& train, const Features& test, const ProbeOptions& options,
                               const Progress& progress) {
  check_match(train, test, options);
  const Stopwatch watch;
  Probe probe(train, options);
  ProbeResult result;
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    result.final_loss = probe.train_epoch(train, epoch);
    if (!std::isfinite(result.final_loss)) {
      throw std::runtime_error(
          fmt::format("the probe's loss is no longer finite in epoch {}; lower probe.learning_rate", epoch + 1));
    }
    if (progress) progress(epoch + 1, options.epochs, fmt::format("loss {:.4f}", result.final_loss));
  }
  const auto classes = static_cast<std::size_t>(options.classes);
  result.confusion.assign(classes, std::vector<std::int64_t>(classes, 0));
  result.test_accuracy = probe.accuracy(test, &result.confusion);
  result.train_accuracy = probe.accuracy(train, nullptr);
  for (std::size_t label = 0; label < classes; ++label) {
    const auto& row = result.confusion[label];
    const auto images = std::accumulate(row.begin(), row.end(), std::int64_t{0});
    result.per_class.push_back(images == 0 ? 0.0 : static_cast<double>(row[label]) / static_cast<double>(images));
  }
  result.seconds = watch.seconds();
  return result;
}

}  // namespace biossl
