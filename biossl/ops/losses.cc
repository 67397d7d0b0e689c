#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {

void contrastive_hinge(const Tensor& a, const Tensor& b, const Hinge& hinge, Tensor& d_a, Tensor& d_b, Tensor& totals) {
  constexpr std::string_view operation = "contrastive_hinge";
  const Checks checks(operation);
  checks.same_device({{"a", a}, {"b", b}, {"d_b", d_b}, {"totals", totals}}, {{"d_a", d_a}});
  checks.rank({"a", a}, 2);
  checks.real_type({"a", a});
  checks.shape({"b", b}, a.shape());
  checks.type({"b", b}, a.dtype());
  checks.shape({"d_b", d_b}, a.shape());
  checks.type({"d_b", d_b}, a.dtype());
  checks.optional_shape({"d_a", d_a}, a.shape());
  checks.optional_type({"d_a", d_a}, a.dtype());
  checks.totals({"totals", totals});
  check(hinge.recent >= 0, operation, "{} recent negatives", hinge.recent);
  if (a.size() == 0) return;
  const auto run = dispatch(a.device(), reference::contrastive_hinge, cpu::contrastive_hinge, cuda::contrastive_hinge);
  run(a, b, hinge, d_a, d_b, totals);
}

void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& d_logits, Tensor& totals) {
  constexpr std::string_view operation = "softmax_cross_entropy";
  const Checks checks(operation);
  checks.same_device({{"logits", logits}, {"labels", labels}, {"d_logits", d_logits}, {"totals", totals}});
  checks.rank({"logits", logits}, 2);
  checks.real_type({"logits", logits});
  checks.shape({"labels", labels}, {logits.extent(0)});
  checks.indices({"labels", labels}, logits.extent(1));
  checks.shape({"d_logits", d_logits}, logits.shape());
  checks.type({"d_logits", d_logits}, logits.dtype());
  checks.totals({"totals", totals});
  if (logits.size() == 0) return;
  const auto run = dispatch(logits.device(), reference::softmax_cross_entropy, cpu::softmax_cross_entropy,
                            cuda::softmax_cross_entropy);
  run(logits, labels, d_logits, totals);
}

void normalize_rows(const Tensor& src, Tensor& dst, Tensor& norms) {
  const Checks checks("normalize_rows");
  checks.same_device({{"src", src}, {"dst", dst}, {"norms", norms}});
  checks.rank({"src", src}, 2);
  checks.real_type({"src", src});
  checks.shape({"dst", dst}, src.shape());
  checks.type({"dst", dst}, src.dtype());
  checks.shape({"norms", norms}, {src.extent(0)});
  checks.type({"norms", norms}, src.dtype());
  if (src.size() == 0) return;
  const auto run = dispatch(src.device(), reference::normalize_rows, cpu::normalize_rows, cuda::normalize_rows);
  run(src, dst, norms);
}

void normalize_rows_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& norms, Tensor& d_src) {
  const Checks checks("normalize_rows_backward");
  checks.same_device({{"d_dst", d_dst}, {"dst", dst}, {"norms", norms}, {"d_src", d_src}});
  checks.rank({"d_dst", d_dst}, 2);
  checks.real_type({"d_dst", d_dst});
  checks.shape({"dst", dst}, d_dst.shape());
  checks.type({"dst", dst}, d_dst.dtype());
  checks.shape({"d_src", d_src}, d_dst.shape());
  checks.type({"d_src", d_src}, d_dst.dtype());
  checks.shape({"norms", norms}, {d_dst.extent(0)});
  checks.type({"norms", norms}, d_dst.dtype());
  if (d_src.size() == 0) return;
  const auto run = dispatch(d_dst.device(), reference::normalize_rows_backward, cpu::normalize_rows_backward,
                            cuda::normalize_rows_backward);
  run(d_dst, dst, norms, d_src);
}

}  // namespace biossl::ops
