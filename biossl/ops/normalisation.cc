#include <cmath>

#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"
#include "biossl/ops/ops.h"

namespace biossl::ops {

void normalize_rows(const Tensor& src, Tensor& dst, Tensor& norms) {
  const Checks checks("normalize_rows");
  checks.same_device({{"src", src}, {"dst", dst}, {"norms", norms}});
  checks.rank({"src", src}, 2);
  checks.real_type({"src", src});
  checks.like({"dst", dst}, src);
  checks.shape({"norms", norms}, {src.extent(0)});
  checks.type({"norms", norms}, src.dtype());
  if (src.size() == 0) return;
  const auto run =
      dispatch(src.device(), reference::normalize_rows, cpu::operations().normalize_rows, cuda::normalize_rows);
  run(src, dst, norms);
}

void normalize_rows_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& norms, Tensor& d_src) {
  const Checks checks("normalize_rows_backward");
  checks.same_device({{"d_dst", d_dst}, {"dst", dst}, {"norms", norms}, {"d_src", d_src}});
  checks.rank({"d_dst", d_dst}, 2);
  checks.real_type({"d_dst", d_dst});
  checks.like({"dst", dst}, d_dst);
  checks.like({"d_src", d_src}, d_dst);
  checks.shape({"norms", norms}, {d_dst.extent(0)});
  checks.type({"norms", norms}, d_dst.dtype());
  if (d_src.size() == 0) return;
  const auto run = dispatch(d_dst.device(), reference::normalize_rows_backward,
                            cpu::operations().normalize_rows_backward, cuda::normalize_rows_backward);
  run(d_dst, dst, norms, d_src);
}

void standardize_columns(const Tensor& src, double epsilon, Tensor& dst, Tensor& deviations) {
  constexpr std::string_view operation = "standardize_columns";
  const Checks checks(operation);
  checks.same_device({{"src", src}, {"dst", dst}, {"deviations", deviations}});
  checks.rank({"src", src}, 2);
  checks.real_type({"src", src});
  checks.like({"dst", dst}, src);
  checks.shape({"deviations", deviations}, {src.extent(1)});
  checks.type({"deviations", deviations}, src.dtype());
  check(epsilon > 0 && std::isfinite(epsilon), operation, "epsilon {} must be positive", epsilon);
  if (src.size() == 0) return;
  const auto run = dispatch(src.device(), reference::standardize_columns, cpu::operations().standardize_columns,
                            cuda::standardize_columns);
  run(src, epsilon, dst, deviations);
}

void standardize_columns_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& deviations, Tensor& d_src) {
  const Checks checks("standardize_columns_backward");
  checks.same_device({{"d_dst", d_dst}, {"dst", dst}, {"deviations", deviations}, {"d_src", d_src}});
  checks.rank({"d_dst", d_dst}, 2);
  checks.real_type({"d_dst", d_dst});
  checks.like({"dst", dst}, d_dst);
  checks.like({"d_src", d_src}, d_dst);
  checks.shape({"deviations", deviations}, {d_dst.extent(1)});
  checks.type({"deviations", deviations}, d_dst.dtype());
  if (d_dst.size() == 0) return;
  const auto run = dispatch(d_dst.device(), reference::standardize_columns_backward,
                            cpu::operations().standardize_columns_backward, cuda::standardize_columns_backward);
  run(d_dst, dst, deviations, d_src);
}

}  // namespace biossl::ops
