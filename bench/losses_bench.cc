// The losses beside the contrastive hinge, at the sizes of the published job: batch 500, 64 numbers an embedding.
#include "bench/checked.h"
#include "biossl/ops/ops.h"

namespace biossl::bench {
namespace {

constexpr std::int64_t batch = 500;

struct XentWork {
  Tensor embeddings, unit, norms, scratch, d_unit, errors, totals;

  XentWork(Device device, std::int64_t pairs)
      : embeddings(random_tensor({2 * pairs, 64}, device, 1, 0.05F)),
        unit(embeddings.clone()),
        norms({2 * pairs}, DType::float32, device),
        scratch({2 * pairs, 2 * pairs}, DType::float32, device),
        d_unit(embeddings.clone()),
        errors(embeddings.clone()),
        totals({2}, DType::float64, device) {}
  void run() {
    ops::normalize_rows(embeddings, unit, norms);
    ops::nt_xent(unit, 0.1, scratch, d_unit, totals);
    ops::normalize_rows_backward(d_unit, unit, norms, errors);
  }
};

struct TwinsWork {
  Tensor a, b, scratch, errors, d_b, totals;

  TwinsWork(Device device, std::int64_t pairs)
      : a(random_tensor({pairs, 64}, device, 1, 1.0F)),
        b(random_tensor({pairs, 64}, device, 2, 1.0F)),
        scratch({64, 64}, DType::float32, device),
        errors(a.clone()),
        d_b(b.clone()),
        totals({2}, DType::float64, device) {}
  void run() { ops::barlow_twins(a, b, 0.0051, scratch, errors, d_b, totals); }
};

struct ColumnsWork {
  Tensor src, dst, deviations, d_dst, errors;

  ColumnsWork(Device device, std::int64_t rows)
      : src(random_tensor({rows, 64}, device, 1, 1.0F)),
        dst(src.clone()),
        deviations({64}, DType::float32, device),
        d_dst(random_tensor({rows, 64}, device, 2, 1.0F)),
        errors(src.clone()) {}
  void run() {
    ops::standardize_columns(src, 1e-5, dst, deviations);
    ops::standardize_columns_backward(d_dst, dst, deviations, errors);
  }
};

/// On the output of conv6's last block.
struct ClappWork {
  static constexpr std::int64_t features = 8192;
  Tensor predictions, targets, negatives, errors, d_targets, totals;

  ClappWork(Device device, std::int64_t pairs)
      : predictions(random_tensor({pairs, features}, device, 1, 0.05F)),
        targets(random_tensor({pairs, features}, device, 2, 0.05F)),
        negatives({pairs}, DType::int32, device),
        errors(predictions.clone()),
        d_targets(targets.clone()),
        totals({2}, DType::float64, device) {
    for (std::int64_t i = 0; i < pairs; ++i) {
      negatives.data<std::int32_t>()[i] = static_cast<std::int32_t>((i * 7 + 3) % pairs);
    }
  }
  void run() { ops::clapp_hinge(predictions, targets, negatives, errors, d_targets, totals); }
};

/// Both views' logits of a hundred classes.
struct LabelsWork {
  Tensor logits, labels, errors, summed, totals;

  LabelsWork(Device device, std::int64_t pairs)
      : logits(random_tensor({2 * pairs, 100}, device, 1, 1.0F)),
        labels({2 * pairs}, DType::int32, device),
        errors(logits.clone()),
        summed({2}, DType::float64, device),
        totals(summed.clone()) {
    for (std::int64_t i = 0; i < 2 * pairs; ++i) {
      labels.data<std::int32_t>()[i] = static_cast<std::int32_t>(i % 100);
    }
  }
  void run() {
    ops::softmax_cross_entropy(logits, labels, errors, summed);
    ops::add_loss(summed, 0.001, errors, totals);
  }
};

/// Compares the errors of a small batch with the reference's, then times a full one.
template <class Work>
void loss(benchmark::State& state) {
  Work ours(Device::cpu, 40);
  Work expected(Device::reference, 40);
  ours.run();
  expected.run();
  if (!agrees(state, ours.errors, expected.errors)) return;
  Work work(Device::cpu, batch);
  for (auto _ : state) work.run();
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(loss<XentWork>)->Name("nt_xent")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(loss<TwinsWork>)->Name("barlow_twins")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(loss<ColumnsWork>)->Name("standardize_columns")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(loss<ClappWork>)->Name("clapp_hinge")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(loss<LabelsWork>)->Name("softmax_cross_entropy")->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace biossl::bench
