#include <cmath>

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
  checks.like({"b", b}, a);
  checks.like({"d_b", d_b}, a);
  checks.optional_shape({"d_a", d_a}, a.shape());
  checks.optional_type({"d_a", d_a}, a.dtype());
  checks.totals({"totals", totals});
  check(hinge.recent >= 0, operation, "recent = {} may not be negative", hinge.recent);
  check(hinge.first >= 0 && hinge.first <= a.extent(0), operation, "first = {}, outside 0 to {}", hinge.first,
        a.extent(0));
  check(hinge.first == 0 || (hinge.recent > 0 && d_a.empty()), operation,
        "first = {} needs recent > 0 and an empty d_a", hinge.first);
  if (a.size() == 0) return;
  const auto run =
      dispatch(a.device(), reference::contrastive_hinge, cpu::operations().contrastive_hinge, cuda::contrastive_hinge);
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
  checks.like({"d_logits", d_logits}, logits);
  checks.totals({"totals", totals});
  if (logits.size() == 0) return;
  const auto run = dispatch(logits.device(), reference::softmax_cross_entropy, cpu::operations().softmax_cross_entropy,
                            cuda::softmax_cross_entropy);
  run(logits, labels, d_logits, totals);
}

void nt_xent(const Tensor& unit, double temperature, Tensor& scratch, Tensor& d_unit, Tensor& totals) {
  constexpr std::string_view operation = "nt_xent";
  const Checks checks(operation);
  checks.same_device({{"unit", unit}, {"scratch", scratch}, {"d_unit", d_unit}, {"totals", totals}});
  checks.rank({"unit", unit}, 2);
  checks.real_type({"unit", unit});
  check(unit.extent(0) % 2 == 0, operation, "unit has {} rows; pairs are needed", unit.extent(0));
  checks.shape({"scratch", scratch}, {unit.extent(0), unit.extent(0)});
  checks.type({"scratch", scratch}, unit.dtype());
  checks.like({"d_unit", d_unit}, unit);
  checks.totals({"totals", totals});
  check(temperature > 0 && std::isfinite(temperature), operation, "temperature {} must be positive", temperature);
  if (unit.size() == 0) return;
  const auto run = dispatch(unit.device(), reference::nt_xent, cpu::operations().nt_xent, cuda::nt_xent);
  run(unit, temperature, scratch, d_unit, totals);
}

void barlow_twins(const Tensor& a, const Tensor& b, double lambda, Tensor& scratch, Tensor& d_a, Tensor& d_b,
                  Tensor& totals) {
  const Checks checks("barlow_twins");
  checks.same_device({{"a", a}, {"b", b}, {"scratch", scratch}, {"d_a", d_a}, {"d_b", d_b}, {"totals", totals}});
  checks.rank({"a", a}, 2);
  checks.real_type({"a", a});
  checks.like({"b", b}, a);
  checks.shape({"scratch", scratch}, {a.extent(1), a.extent(1)});
  checks.type({"scratch", scratch}, a.dtype());
  checks.like({"d_a", d_a}, a);
  checks.like({"d_b", d_b}, a);
  checks.totals({"totals", totals});
  if (a.size() == 0) return;
  const auto run = dispatch(a.device(), reference::barlow_twins, cpu::operations().barlow_twins, cuda::barlow_twins);
  run(a, b, lambda, scratch, d_a, d_b, totals);
}

void clapp_hinge(const Tensor& predictions, const Tensor& targets, const Tensor& negatives, Tensor& d_predictions,
                 Tensor& d_targets, Tensor& totals) {
  const Checks checks("clapp_hinge");
  checks.same_device({{"predictions", predictions},
                      {"targets", targets},
                      {"negatives", negatives},
                      {"d_predictions", d_predictions},
                      {"d_targets", d_targets},
                      {"totals", totals}});
  checks.rank({"predictions", predictions}, 2);
  checks.real_type({"predictions", predictions});
  checks.like({"targets", targets}, predictions);
  checks.shape({"negatives", negatives}, {predictions.extent(0)});
  checks.indices({"negatives", negatives}, predictions.extent(0));
  checks.like({"d_predictions", d_predictions}, predictions);
  checks.like({"d_targets", d_targets}, predictions);
  checks.totals({"totals", totals});
  if (predictions.size() == 0) return;
  const auto run =
      dispatch(predictions.device(), reference::clapp_hinge, cpu::operations().clapp_hinge, cuda::clapp_hinge);
  run(predictions, targets, negatives, d_predictions, d_targets, totals);
}

void add_loss(const Tensor& summed, double share, const Tensor& errors, Tensor& totals) {
  const Checks checks("add_loss");
  checks.same_device({{"summed", summed}, {"totals", totals}}, {{"errors", errors}});
  checks.totals({"summed", summed});
  checks.totals({"totals", totals});
  if (!errors.empty()) {
    checks.rank({"errors", errors}, 2);
    checks.real_type({"errors", errors});
  }
  const auto run = dispatch(totals.device(), reference::add_loss, cpu::operations().add_loss, cuda::add_loss);
  run(summed, share, errors, totals);
}

}  // namespace biossl::ops
