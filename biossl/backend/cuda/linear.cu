#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/column_sums.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/cuda/matrix_product.h"
#include "biossl/backend/cuda/packed_weights.h"
#include "biossl/backend/shared/activation.h"

namespace biossl::cuda {

/// dst = activation(sums + bias) for rows of `outputs`, in packs of `width`, which divides them. dst may be sums.
template <Activation activation, int width, class T>
void finish_packs(const float* sums, const float* bias, std::int64_t outputs, T* dst, std::int64_t count) {
  using Sums = Pack<float, width>;
  using Results = Pack<T, width>;
  for_each(count / width, [=] __device__(std::int64_t i) {
    const Sums sum = reinterpret_cast<const Sums*>(sums)[i];
    const float* offset = bias == nullptr ? nullptr : bias + i * width % outputs;
    Results result;
    for (int k = 0; k < width; ++k) {
      result.of[k] = T(shared::activate<activation>(offset == nullptr ? sum.of[k] : sum.of[k] + offset[k]));
    }
    reinterpret_cast<Results*>(dst)[i] = result;
  });
}

namespace {

void finish(const float* sums, const Tensor& bias, Activation activation, Tensor& dst) {
  const float* offset = data_or_null<float>(bias);
  const std::int64_t outputs = dst.extent(1);
  shared::with_activation(activation, [&](auto which) {
    with_float_type(dst, [&](auto zero) {
      using T = decltype(zero);
      constexpr int width = 4;
      T* to = dst.data<T>();
      const auto begins_with_pack = [](const auto* memory) {
        return reinterpret_cast<std::uintptr_t>(memory) % (sizeof(*memory) * width) == 0;
      };
      if (outputs % width == 0 && begins_with_pack(sums) && begins_with_pack(to)) {
        finish_packs<which(), width>(sums, offset, outputs, to, dst.size());
      } else {
        finish_packs<which(), 1>(sums, offset, outputs, to, dst.size());
      }
    });
  });
}

Matrix matrix_of(const Weights& weights, DType dtype) {
  const Shape& shape = weights.values().shape();
  return {weights_as(dtype, weights), dtype, shape[0], shape[1]};
}

}  // namespace

void linear_forward(const Tensor& src, const Weights& weights, const Tensor& bias, Activation activation, Tensor& dst) {
  const Matrix input = matrix_of(src);
  const Matrix weight = transposed(matrix_of(weights, src.dtype()));
  if (bias.empty() && activation == Activation::none) {
    return matrix_product(input, weight, dst.dtype(), dst.raw());
  }
  // The sums stay in float32 until they are finished, so that they are rounded once.
  const bool in_place = dst.dtype() == DType::float32;
  std::byte* sums = in_place ? dst.raw() : scratch(static_cast<std::size_t>(dst.size()) * sizeof(float));
  matrix_product(input, weight, DType::float32, sums);
  finish(reinterpret_cast<const float*>(sums), bias, activation, dst);
}

void linear_backward_data(const Tensor& d_dst, const Weights& weights, Tensor& d_src) {
  matrix_product(matrix_of(d_dst), matrix_of(weights, d_dst.dtype()), d_src.dtype(), d_src.raw());
}

void linear_backward_weights(const Tensor& src, const Tensor& d_dst, Tensor& d_weights, Tensor& d_bias) {
  matrix_product(transposed(matrix_of(d_dst)), matrix_of(src), d_weights.dtype(), d_weights.raw());
  if (!d_bias.empty()) column_sums(d_dst, d_bias);
}

}  // namespace biossl::cuda
