#include "biossl/ops/elementwise.h"

#include "biossl/backend/backend.h"
#include "biossl/core/wording.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {
namespace {

/// The run with its ends counted from the front.
Axes resolved(std::string_view operation, const Shape& shape, Axes axes) {
  const int rank = shape.rank();
  const Axes run{axes.first < 0 ? rank + axes.first : axes.first, axes.last <= 0 ? rank + axes.last : axes.last};
  check(run.first >= 0 && run.first < run.last && run.last <= rank, operation, "axes {} to {} are none of {}",
        run.first, run.last, to_string(shape));
  return run;
}

Folded fold(const Shape& shape, Axes run) {
  Folded folded{1, 1, 1};
  for (int axis = 0; axis < shape.rank(); ++axis) {
    (axis < run.first ? folded.outer : axis < run.last ? folded.folded : folded.inner) *= shape[axis];
  }
  return folded;
}

Shape with_ones(const Shape& shape, Axes run) {
  const auto extent = [&](int axis) { return axis >= run.first && axis < run.last ? 1 : shape[axis]; };
  switch (shape.rank()) {
    case 1:
      return {extent(0)};
    case 2:
      return {extent(0), extent(1)};
    case 3:
      return {extent(0), extent(1), extent(2)};
    default:
      return {extent(0), extent(1), extent(2), extent(3)};
  }
}

/// How b's values count for a's elements. Axes in which both have 1 may lie in the run or not.
Folded broadcast(std::string_view operation, const Shape& a, const Shape& b) {
  check(a.rank() == b.rank() && a.rank() > 0, operation, "b is {}, which does not fit {}", to_string(b), to_string(a));
  int first = a.rank();
  int last = 0;
  for (int axis = 0; axis < a.rank(); ++axis) {
    if (a[axis] == b[axis]) continue;
    first = std::min(first, axis);
    last = axis + 1;
  }
  if (first >= last) return {1, 1, a.size()};
  check(with_ones(a, {first, last}) == b, operation, "b is {}, which does not fit {}: it may have 1 in one run of axes",
        to_string(b), to_string(a));
  return fold(a, {first, last});
}

}  // namespace

void require_host(Device device, std::string_view who) {
  check(device != Device::cuda, who, "a GPU has no such operation yet; use {}", wording::option("device", "cpu"));
}

Shape reduced(const Shape& shape, Axes axes) { return with_ones(shape, resolved("reduced", shape, axes)); }

void apply(Function function, const Tensor& src, Tensor& dst) {
  Checks("apply").alike({{"src", src}, {"dst", dst}});
  const auto run = host_dispatch("apply", src.device(), reference::apply, cpu::operations().apply);
  if (dst.size() > 0) run(function, src, dst);
}

void combine(const Tensor& a, Combination combination, const Tensor& b, Tensor& dst) {
  const Checks checks("combine");
  checks.alike({{"a", a}, {"dst", dst}});
  checks.same_device({{"a", a}, {"b", b}});
  checks.type({"b", b}, a.dtype());
  const Folded folded = broadcast("combine", a.shape(), b.shape());
  const auto run = host_dispatch("combine", a.device(), reference::combine, cpu::operations().combine);
  if (dst.size() > 0) run(a, combination, b, folded, dst);
}

void reduce(Reduction reduction, const Tensor& src, Axes axes, Tensor& dst) {
  const Checks checks("reduce");
  checks.same_device({{"src", src}, {"dst", dst}});
  checks.compute_type({"src", src});
  checks.type({"dst", dst}, src.dtype());
  const Axes run_of_axes = resolved("reduce", src.shape(), axes);
  checks.shape({"dst", dst}, with_ones(src.shape(), run_of_axes));
  const Folded folded = fold(src.shape(), run_of_axes);
  check(folded.folded > 0, "reduce", "src is {}: there is nothing to reduce", to_string(src.shape()));
  const auto run = host_dispatch("reduce", src.device(), reference::reduce, cpu::operations().reduce);
  if (dst.size() > 0) run(reduction, src, folded, dst);
}

void reduce_products(const Tensor& a, const Tensor& b, Axes axes, Tensor& dst) {
  const Checks checks("reduce_products");
  checks.alike({{"a", a}, {"b", b}});
  checks.same_device({{"a", a}, {"dst", dst}});
  checks.type({"dst", dst}, a.dtype());
  const Axes run_of_axes = resolved("reduce_products", a.shape(), axes);
  checks.shape({"dst", dst}, with_ones(a.shape(), run_of_axes));
  const auto run =
      host_dispatch("reduce_products", a.device(), reference::reduce_products, cpu::operations().reduce_products);
  if (a.size() == 0) return dst.fill_zero();
  run(a, b, fold(a.shape(), run_of_axes), dst);
}

void normalize(const Tensor& src, const Tensor& means, const Tensor& variances, double epsilon, Tensor& dst,
               Tensor& deviations) {
  scale(variances, 1, deviations, epsilon);
  apply(Function::square_root, deviations, deviations);
  combine(src, Combination::subtract, means, dst);
  combine(dst, Combination::divide, deviations, dst);
}

void standardize(const Tensor& src, Axes axes, double epsilon, Tensor& dst, Tensor& means, Tensor& deviations) {
  check(epsilon > 0, "standardize", "epsilon {} must be positive", epsilon);
  reduce(Reduction::mean, src, axes, means);
  combine(src, Combination::subtract, means, dst);
  reduce_products(dst, dst, axes, deviations);
  scale(deviations, static_cast<double>(deviations.size()) / static_cast<double>(src.size()), deviations, epsilon);
  apply(Function::square_root, deviations, deviations);
  combine(dst, Combination::divide, deviations, dst);
}

void standardize_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& deviations, Axes axes, Tensor& d_means,
                          Tensor& d_products, Tensor& d_src) {
  reduce(Reduction::mean, d_dst, axes, d_means);
  reduce_products(d_dst, dst, axes, d_products);
  scale(d_products, static_cast<double>(deviations.size()) / static_cast<double>(dst.size()), d_products);
  if (d_src.empty()) return;
  combine(dst, Combination::multiply, d_products, d_src);
  add_scaled(d_dst, -1, d_src, d_src);
  combine(d_src, Combination::subtract, d_means, d_src);
  combine(d_src, Combination::divide, deviations, d_src);
}

void copy_columns(const Tensor& src, std::int64_t from, Tensor& dst, std::int64_t to, std::int64_t count) {
  const Checks checks("copy_columns");
  checks.same_device({{"src", src}, {"dst", dst}});
  for (const Argument& matrix : {Argument{"src", src}, Argument{"dst", dst}}) {
    checks.rank(matrix, 2);
    checks.compute_type(matrix);
  }
  check(src.extent(0) == dst.extent(0), "copy_columns", "src has {} rows, dst {}", src.extent(0), dst.extent(0));
  check(count >= 0 && from >= 0 && to >= 0 && from + count <= src.extent(1) && to + count <= dst.extent(1),
        "copy_columns", "{} columns from {} to {} do not lie in {} and {}", count, from, to, to_string(src.shape()),
        to_string(dst.shape()));
  const auto run = host_dispatch("copy_columns", src.device(), reference::copy_columns, cpu::operations().copy_columns);
  if (src.extent(0) > 0 && count > 0) run(src, from, dst, to, count);
}

void rotate_rows(const Tensor& src, std::int64_t by, Tensor& dst) {
  const std::int64_t rows = src.extent(0);
  check(by >= 0 && by <= rows, "rotate_rows", "by = {} of {} rows", by, rows);
  Tensor front = dst.rows(0, rows - by), back = dst.rows(rows - by, rows);
  convert(src.rows(by, rows), front);
  convert(src.rows(0, by), back);
}

void matrix_product(const Tensor& a, bool a_transposed, const Tensor& b, bool b_transposed, Tensor& dst) {
  const Checks checks("matrix_product");
  checks.same_device({{"a", a}, {"b", b}, {"dst", dst}});
  for (const Argument& matrix : {Argument{"a", a}, Argument{"b", b}, Argument{"dst", dst}}) {
    checks.rank(matrix, 2);
    checks.real_type(matrix);
    checks.type(matrix, a.dtype());
  }
  const std::int64_t inner = a.extent(a_transposed ? 0 : 1);
  check(inner == b.extent(b_transposed ? 1 : 0), "matrix_product", "a is {}, b {}: their inner extents differ",
        to_string(a.shape()), to_string(b.shape()));
  checks.shape({"dst", dst}, {a.extent(a_transposed ? 1 : 0), b.extent(b_transposed ? 0 : 1)});
  const auto run =
      host_dispatch("matrix_product", a.device(), reference::matrix_product, cpu::operations().matrix_product);
  if (dst.size() == 0) return;
  if (inner == 0) return dst.fill_zero();
  run(a, a_transposed, b, b_transposed, dst);
}

}  // namespace biossl::ops
