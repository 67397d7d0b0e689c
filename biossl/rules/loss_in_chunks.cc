#include "biossl/rules/loss_in_chunks.h"

#include <algorithm>

#include "biossl/core/error.h"

namespace biossl {
namespace {

void copy_rows(const Tensor& from, std::int64_t begin, std::int64_t count, const Tensor& to, std::int64_t place) {
  Tensor rows = to.rows(place, place + count);
  copy(from.rows(begin, begin + count), rows);
}

}  // namespace

LossInChunks::LossInChunks(Loss& loss, std::int64_t chunk, std::int64_t batch)
    : loss_(loss), chunk_(chunk), span_(chunk < batch ? loss.memory_span() : 0) {
  check(span_ >= 0, "chunk",
        "this loss compares images of a whole batch, so it cannot be learnt from a few pairs at a time; leave "
        "train.chunk at 0, or let the contrastive hinge have recent negatives and the gradient block");
}

void LossInChunks::prepare(std::int64_t features, DType dtype, Workspace& workspace) {
  if (span_ == 0) return;
  remembered_ = workspace.take({span_, features}, dtype);
  for (Tensor* window : {&window_, &d_window_}) *window = workspace.take({2 * (span_ + chunk_), features}, dtype);
}

void LossInChunks::evaluate(const Tensor& embeddings, std::int64_t first, const Moment& moment, Tensor& errors,
                            Tensor& totals) {
  if (span_ == 0) return loss_.evaluate(embeddings, moment, errors, totals);
  const std::int64_t pairs = embeddings.extent(0) / 2;
  const std::int64_t context = std::min(span_, first);
  const std::int64_t all = context + pairs;
  copy_rows(remembered_, 0, context, window_, 0);
  copy_rows(embeddings, 0, pairs, window_, context);
  copy_rows(embeddings, pairs, pairs, window_, all + context);
  Moment here = moment;
  here.context = context;
  Tensor d_window = d_window_.rows(0, 2 * all);
  loss_.evaluate(window_.rows(0, 2 * all), here, d_window, totals);
  copy_rows(d_window, all + context, pairs, errors, pairs);
  const std::int64_t kept = std::min(span_, all);
  copy_rows(window_, all - kept, kept, remembered_, 0);
}

}  // namespace biossl
