#include "biossl/rules/micro_batch_loss.h"

#include <algorithm>

#include "biossl/core/error.h"

namespace biossl {
namespace {

void copy_rows(const Tensor& from, std::int64_t begin, std::int64_t count, const Tensor& to, std::int64_t place) {
  Tensor rows = to.rows(place, place + count);
  copy(from.rows(begin, begin + count), rows);
}

}  // namespace

MicroBatchLoss::MicroBatchLoss(Loss& loss, std::int64_t micro_batch, std::int64_t batch)
    : loss_(loss), micro_batch_(micro_batch), span_(micro_batch < batch ? loss.memory_span() : 0) {
  check(span_ >= 0, "micro_batch",
        "this loss compares images of a whole batch, so it cannot be learnt from a few pairs at a time; leave "
        "train.micro_batch at 0, or let the contrastive hinge have recent negatives and the gradient block");
}

void MicroBatchLoss::prepare(std::int64_t features, DType dtype, Workspace& workspace) {
  if (span_ == 0) return;
  earlier_ = workspace.take({span_, features}, dtype);
  for (Tensor* window : {&window_, &d_window_}) *window = workspace.take({2 * (span_ + micro_batch_), features}, dtype);
}

void MicroBatchLoss::evaluate(const Tensor& embeddings, std::int64_t first, const StepContext& context, Tensor& errors,
                              Tensor& totals) {
  if (span_ == 0) return loss_.evaluate(embeddings, context, errors, totals);
  const std::int64_t pairs = embeddings.extent(0) / 2;
  const std::int64_t earlier = std::min(span_, first);
  const std::int64_t all = earlier + pairs;
  copy_rows(earlier_, 0, earlier, window_, 0);
  copy_rows(embeddings, 0, pairs, window_, earlier);
  copy_rows(embeddings, pairs, pairs, window_, all + earlier);
  StepContext here = context;
  here.earlier_pairs = earlier;
  Tensor d_window = d_window_.rows(0, 2 * all);
  loss_.evaluate(window_.rows(0, 2 * all), here, d_window, totals);
  copy_rows(d_window, all + earlier, pairs, errors, pairs);
  const std::int64_t kept = std::min(span_, all);
  copy_rows(window_, all - kept, kept, earlier_, 0);
}

}  // namespace biossl
