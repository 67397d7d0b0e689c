#include "biossl/backend/shared/elementwise.h"

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void apply(Function function, const Tensor& src, Tensor& dst) {
  std::vector<double> values = load(src);
  shared::with_constant<Function, Function::softplus>(function, [&](auto which) {
    for (double& value : values) value = shared::apply_to<which()>(value);
  });
  store(values, dst);
}

void combine(const Tensor& a, Combination combination, const Tensor& b, const Folded& folded, Tensor& dst) {
  std::vector<double> values = load(a);
  const std::vector<double> others = load(b);
  const std::int64_t outer = folded.outer;
  const std::int64_t run = folded.folded;
  const std::int64_t inner = folded.inner;
  shared::with_constant<Combination, Combination::power>(combination, [&](auto which) {
    for (std::int64_t i = 0; i < outer * run * inner; ++i) {
      const std::int64_t of_b = i / (run * inner) * inner + i % inner;
      double& value = values[static_cast<std::size_t>(i)];
      value = shared::combine_two<which()>(value, others[static_cast<std::size_t>(of_b)]);
    }
  });
  store(values, dst);
}

void reduce(Reduction reduction, const Tensor& src, const Folded& folded, Tensor& dst) {
  const std::vector<double> values = load(src);
  std::vector<double> results = zeros_like(dst);
  const std::int64_t outer = folded.outer;
  const std::int64_t run = folded.folded;
  const std::int64_t inner = folded.inner;
  for (std::int64_t i = 0; i < outer * inner; ++i) {
    double& result = results[static_cast<std::size_t>(i)];
    for (std::int64_t k = 0; k < run; ++k) {
      const double value = values[static_cast<std::size_t>((i / inner * run + k) * inner + i % inner)];
      if (reduction != Reduction::maximum) {
        result += value;
      } else {
        result = k == 0 ? value : shared::combine_two<Combination::maximum>(result, value);
      }
    }
    if (reduction == Reduction::mean) result /= static_cast<double>(run);
  }
  store(results, dst);
}

void reduce_products(const Tensor& a, const Tensor& b, const Folded& folded, Tensor& dst) {
  const std::vector<double> left = load(a);
  const std::vector<double> right = load(b);
  std::vector<double> results = zeros_like(dst);
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const std::int64_t result = i / (folded.folded * folded.inner) * folded.inner + i % folded.inner;
    results[static_cast<std::size_t>(result)] += left[static_cast<std::size_t>(i)] * right[static_cast<std::size_t>(i)];
  }
  store(results, dst);
}

void copy_columns(const Tensor& src, std::int64_t from, Tensor& dst, std::int64_t to, std::int64_t count) {
  const std::vector<double> values = load(src);
  std::vector<double> results = load(dst);
  for (std::int64_t row = 0; row < src.extent(0); ++row) {
    for (std::int64_t k = 0; k < count; ++k) {
      results[static_cast<std::size_t>(row * dst.extent(1) + to + k)] =
          values[static_cast<std::size_t>(row * src.extent(1) + from + k)];
    }
  }
  store(results, dst);
}

void matrix_product(const Tensor& a, bool a_transposed, const Tensor& b, bool b_transposed, Tensor& dst) {
  const std::vector<double> left = load(a);
  const std::vector<double> right = load(b);
  std::vector<double> product = zeros_like(dst);
  const std::int64_t inner = a.extent(a_transposed ? 0 : 1);
  const std::int64_t width = dst.extent(1);
  for (std::int64_t i = 0; i < dst.size(); ++i) {
    const std::int64_t row = i / width;
    const std::int64_t column = i % width;
    for (std::int64_t k = 0; k < inner; ++k) {
      const std::int64_t at_a = a_transposed ? k * dst.extent(0) + row : row * inner + k;
      const std::int64_t at_b = b_transposed ? column * inner + k : k * width + column;
      product[static_cast<std::size_t>(i)] +=
          left[static_cast<std::size_t>(at_a)] * right[static_cast<std::size_t>(at_b)];
    }
  }
  store(product, dst);
}

}  // namespace biossl::reference
