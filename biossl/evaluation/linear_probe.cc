#include "biossl/evaluation/linear_probe.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

bool validates(const ProbeFeatures& features) { return !features.validation.labels.empty(); }

void check_match(const Features& train, const Features& others, const char* what, const ProbeOptions& options) {
  check(train.values.extent(1) == others.values.extent(1) && train.values.dtype() == others.values.dtype(), "probe",
        "training features are {} {}, {} features {} {}", name_of(train.values.dtype()), train.values.extent(1), what,
        name_of(others.values.dtype()), others.values.extent(1));
  check(others.values.extent(0) > 0, "probe", "there are no {} images", what);
  for (const std::int32_t label : others.labels.span<std::int32_t>()) {
    check(label >= 0 && label < options.classes, "probe", "label {} lies outside 0..{}", label, options.classes - 1);
  }
}

/// Returns the features.
ProbeFeatures checked(ProbeFeatures features, const ProbeOptions& options) {
  check(options.batch >= 1 && options.epochs >= 0 && options.classes >= 2, "probe",
        "batch = {}, epochs = {}, classes = {} is impossible", options.batch, options.epochs, options.classes);
  check_match(features.train, features.train, "training", options);
  check_match(features.train, features.test, "test", options);
  if (validates(features)) check_match(features.train, features.validation, "validation", options);
  return features;
}

double largest_feature(const FeatureTable& features) {
  if (!features.in_memory().empty()) return largest_magnitude(features.in_memory());
  const std::int64_t images = features.extent(0);
  double largest = 0;
  BatchReader reader(features, std::min<std::int64_t>(images, 500));
  reader.read(iota(images, features.device()), [&](const FeatureBatch& batch) {
    const double here = largest_magnitude(batch.values.rows(0, batch.numbers.size()));
    if (!(here <= largest) && std::isfinite(largest)) largest = here;
  });
  return largest;
}

/// Throws for a value that is not finite: FeaturesNotFinite if the features are the cause, otherwise the step size is.
[[noreturn]] void blame(const std::string& what, const FeatureTable& features, double learning_rate) {
  const double largest = largest_feature(features);
  if (!std::isfinite(largest)) throw FeaturesNotFinite("the features hold NaN or infinite numbers");
  throw std::runtime_error(
      fmt::format("the probe's {}, though its features are, up to {:.3g}; try a lower probe.learning_rate than {}",
                  what, largest, learning_rate));
}

}  // namespace

double share_of_commonest(std::span<const std::int32_t> labels) {
  std::map<std::int32_t, std::int64_t> counts;
  std::int64_t most = 0;
  for (const std::int32_t label : labels) most = std::max(most, ++counts[label]);
  return labels.empty() ? 0.0 : static_cast<double>(most) / static_cast<double>(labels.size());
}

LinearProbe::LinearProbe(ProbeFeatures features, const ProbeOptions& options)
    : features_(checked(std::move(features), options)),
      options_(options),
      batch_(std::min(options.batch, features_.train.values.extent(0))),
      labels_(on_device(features_.train.labels, features_.train.values.device())),
      reader_(features_.train.values, batch_),
      order_({features_.train.values.extent(0)}, DType::int32, features_.train.values.device()) {
  const std::int64_t inputs = features_.train.values.extent(1);
  const Device device = features_.train.values.device();
  const std::int64_t size = options.classes * (inputs + 1);
  step_ = {.update = Tensor({size}, DType::float32, device),
           .values = Tensor({size}, DType::float32, device),
           .state = {Tensor({size}, DType::float32, device), Tensor({size}, DType::float32, device)},
           .learning_rate = options.learning_rate};
  weights_ = step_.values.part(0, {options.classes, inputs});
  bias_ = step_.values.part(options.classes * inputs, {options.classes});
  weight_update_ = step_.update.part(0, {options.classes, inputs});
  bias_update_ = step_.update.part(options.classes * inputs, {options.classes});
  batch_labels_ = Tensor({batch_}, DType::int32, device);
  for (Tensor* tensor : {&logits_, &errors_}) *tensor = Tensor({batch_, options.classes}, DType::float32, device);
  totals_ = Tensor({2}, DType::float64, device);
  draw_weights(1.0F / std::sqrt(static_cast<float>(inputs)));
  if (validates(features_)) validate();
}

void LinearProbe::draw_weights(float bound) {
  Random random(options_.seed, Purpose::probe_weights);
  Tensor drawn(step_.values.shape(), DType::float32, Device::reference);
  for (float& value : drawn.span<float>()) value = random.uniform(-bound, bound);
  copy(drawn, step_.values);
}

double LinearProbe::train_epoch() {
  const Random shuffle(options_.seed, Purpose::probe_shuffle, static_cast<std::uint32_t>(epoch_));
  ops::random_permutation(shuffle, order_);
  totals_.fill_zero();
  reader_.read(order_, [&](const FeatureBatch& batch) { learn(batch); });
  ++epoch_;
  const double sum = on_device(totals_, Device::reference).data<double>()[0];
  result_.final_loss = sum / static_cast<double>(order_.size());
  if (!std::isfinite(result_.final_loss)) {
    blame(fmt::format("loss is no longer finite in epoch {}", epoch_), features_.train.values, options_.learning_rate);
  }
  if (validates(features_)) validate();
  return result_.final_loss;
}

void LinearProbe::learn(const FeatureBatch& batch) {
  const std::int64_t count = batch.numbers.size();
  Tensor labels = batch_labels_.rows(0, count);
  Tensor logits = logits_.rows(0, count);
  Tensor errors = errors_.rows(0, count);
  ops::gather_rows(labels_, batch.numbers, labels);
  ops::gathered_linear_forward(batch.values, batch.places, weights_, bias_, logits);
  ops::softmax_cross_entropy(logits, labels, errors, totals_);
  ops::gathered_linear_backward_weights(batch.values, batch.places, errors, weight_update_, bias_update_);
  ++step_.number;
  ParameterStep* const alone[] = {&step_};
  ops::adam_step(Adam{}, alone);
}

void LinearProbe::validate() {
  const double read = accuracy(features_.validation, nullptr);
  if (result_.validation_accuracy && read <= *result_.validation_accuracy) return;
  result_.validation_accuracy = read;
  result_.chosen_epoch = epoch_;
  if (kept_.empty()) kept_ = Tensor(step_.values.shape(), DType::float32, step_.values.device());
  copy(step_.values, kept_);
}

Tensor LinearProbe::logits_of(const FeatureTable& table) {
  const std::int64_t images = table.extent(0);
  Tensor logits({images, options_.classes}, DType::float32, table.device());
  std::int64_t first = 0;
  BatchReader reader(table, std::min(batch_, images));
  reader.read(iota(images, table.device()), [&](const FeatureBatch& batch) {
    const std::int64_t last = first + batch.numbers.size();
    Tensor rows = logits.rows(first, last);
    ops::gathered_linear_forward(batch.values, batch.places, weights_, bias_, rows);
    first = last;
  });
  return logits;
}

double LinearProbe::accuracy(const Features& of, std::vector<std::vector<std::int64_t>>* confusion) {
  const std::int64_t images = of.values.extent(0);
  const Tensor logits = on_device(logits_of(of.values), Device::reference);
  if (!is_finite(logits)) blame("outputs are not finite", of.values, options_.learning_rate);
  std::int64_t correct = 0;
  for (std::int64_t i = 0; i < images; ++i) {
    const float* row = logits.data<float>() + i * options_.classes;
    const auto prediction = std::max_element(row, row + options_.classes) - row;
    const std::int32_t label = of.labels.data<std::int32_t>()[i];
    correct += prediction == label ? 1 : 0;
    if (confusion != nullptr) ++(*confusion)[static_cast<std::size_t>(label)][static_cast<std::size_t>(prediction)];
  }
  return static_cast<double>(correct) / static_cast<double>(images);
}

ProbeResult LinearProbe::test() {
  ProbeResult result = result_;
  if (kept_.empty()) {
    result.chosen_epoch = epoch_;
  } else {
    copy(kept_, step_.values);
  }
  const auto classes = static_cast<std::size_t>(options_.classes);
  result.confusion.assign(classes, std::vector<std::int64_t>(classes, 0));
  result.test_accuracy = accuracy(features_.test, &result.confusion);
  result.train_accuracy = accuracy(features_.train, nullptr);
  for (std::size_t label = 0; label < classes; ++label) {
    const auto& row = result.confusion[label];
    const auto images = std::accumulate(row.begin(), row.end(), std::int64_t{0});
    result.per_class.emplace_back();
    if (images > 0) result.per_class.back() = static_cast<double>(row[label]) / static_cast<double>(images);
  }
  result.seconds = watch_.seconds();
  return result;
}

ProbeResult train_linear_probe(const ProbeFeatures& features, const ProbeOptions& options, const Progress& progress) {
  LinearProbe probe(features, options);
  for (std::int64_t epoch = 1; epoch <= options.epochs; ++epoch) {
    const double loss = probe.train_epoch();
    if (progress) progress(epoch, options.epochs, fmt::format("loss {:.4f}", loss));
  }
  return probe.test();
}

}  // namespace biossl
