#include "biossl/network/prediction_head.h"

#include <algorithm>

#include "biossl/ops/ops.h"

namespace biossl {
namespace {

constexpr Conv2d one_by_one{.kernel = 1, .stride = 1, .padding = 0};

}  // namespace

PredictionHead::PredictionHead(const NoOptions& /*options*/, const HeadSetup& setup)
    : map_(setup.map),
      dtype_(setup.synapses.dtype),
      synapses_(setup.synapses, setup.map, setup.map[2], one_by_one, false, setup.index) {}

void PredictionHead::prepare(std::int64_t rows, Workspace& workspace) {
  if (dtype_ == DType::bfloat16) narrow_ = workspace.take(batch_of(rows / 2, map_), dtype_);
}

void PredictionHead::forward(const Tensor& activity, Tensor& embeddings) {
  const std::int64_t rows = activity.extent(0);
  check(rows % 2 == 0, "prediction_head", "{} images are no pairs of views", rows);
  pairs_ = rows / 2;
  Tensor predictions = maps(embeddings.rows(0, pairs_));
  Tensor computed = narrow_.empty() ? predictions : narrow_.rows(0, pairs_);
  synapses_.forward(activity.rows(0, pairs_), Activation::none, computed);
  if (!narrow_.empty()) ops::convert(computed, predictions);
  Tensor targets = maps(embeddings.rows(pairs_, rows));
  ops::convert(activity.rows(pairs_, rows), targets);
}

void PredictionHead::backward(const Tensor& /*activity*/, const Tensor& /*embeddings*/, Tensor& errors,
                              std::int64_t begin, std::int64_t end, Tensor& error_activity) {
  const std::int64_t border = std::clamp(pairs_, begin, end);  // view 0 up to here, view 1 from here
  const auto error_of = [&](std::int64_t from, std::int64_t to) {
    return error_activity.rows(from - begin, to - begin);
  };
  if (!error_activity.empty() && border < end) {
    Tensor error_targets = error_of(border, end);
    ops::convert(maps(errors.rows(border, end)), error_targets);
  }
  if (border == begin) return;
  error_ = maps(errors.rows(begin, border));
  if (!narrow_.empty()) {
    Tensor narrow = narrow_.rows(begin, border);
    ops::convert(error_, narrow);
    error_ = narrow;
  }
  if (error_activity.empty()) return;
  Tensor error_sources = error_of(begin, border);
  synapses_.send_back(error_, error_sources);
}

void PredictionHead::learn(const Tensor& activity, std::int64_t begin, std::int64_t end, const UpdateOptions& options) {
  const std::int64_t border = std::clamp(pairs_, begin, end);
  if (border > begin) synapses_.learn(activity.rows(begin, border), error_, options);
}

Tensor PredictionHead::maps(const Tensor& rows) const { return rows.reshaped(batch_of(rows.extent(0), map_)); }

namespace {

const Registration<HeadRegistry, PredictionHead, NoOptions> registration(
    "prediction", "a 1x1 convolution predicts the block's output for view 1 from that for view 0");

}  // namespace
}  // namespace biossl
