#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/column_sums.h"
#include "biossl/backend/cuda/convolution_kernels.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/cuda/library_convolution.h"
#include "biossl/backend/cuda/packed_weights.h"
#include "biossl/backend/shared/activation.h"
#include "biossl/backend/shared/spread_error.h"

// cuDNN's convolutions, and biossl's kernels for what cuDNN cannot do; tensor cores for bfloat16.
namespace biossl::cuda {

template <Activation activation>
struct Activate {
  __device__ float operator()(float sum) const { return shared::activate<activation>(sum); }
};

template <Activation activation, class T>
void finish_maps(const float* bias, std::int64_t channels, T* dst, std::int64_t count) {
  if (bias == nullptr) return map_elements(count, Activate<activation>{}, dst, dst);
  for_each(count, [=] __device__(std::int64_t i) {
    dst[i] = T(shared::activate<activation>(static_cast<float>(dst[i]) + bias[i % channels]));
  });
}

namespace {

bool is_narrow(const Tensor& maps) { return maps.dtype() == DType::bfloat16; }

/// Whether bias and nonlinearity may be applied to a stored result and give the same as rounding once: float32 is not
/// rounded, and hardtanh and relu keep a value or replace it by one that bfloat16 can represent.
bool may_finish_later(DType dtype, const Tensor& bias, Activation activation) {
  return dtype == DType::float32 || (bias.empty() && activation != Activation::tanh);
}

/// dst = activation(dst + bias).
void finish(const Tensor& bias, Activation activation, Tensor& dst) {
  if (bias.empty() && activation == Activation::none) return;
  shared::with_activation(activation, [&](auto which) {
    with_float_type(dst, [&](auto zero) {
      finish_maps<which()>(data_or_null<float>(bias), dst.extent(3), dst.data<decltype(zero)>(), dst.size());
    });
  });
}

void add_over_pixels(const Tensor& maps, Tensor& sums) {
  if (!sums.empty()) column_sums(maps.reshaped({maps.size() / maps.extent(3), maps.extent(3)}), sums);
}

void backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights) {
  if (d_dst.size() == 0) return d_weights.fill_zero();
  if (library_convolution_backward_weights(src, d_dst, conv, d_weights)) return;
  auto* const update = is_narrow(src) ? tensor_core_convolution_backward_weights : kernel_convolution_backward_weights;
  update(src, d_dst, conv, d_weights);
}

/// d_src = activation(bias + the adjoint of the convolution at d_dst).
void send_back(const Tensor& d_dst, const Weights& weights, const Tensor& bias, const Conv2d& conv,
               Activation activation, Tensor& d_src) {
  if (d_src.size() == 0) return;
  const std::byte* values = weights_as(d_dst.dtype(), weights);
  if (may_finish_later(d_dst.dtype(), bias, activation) &&
      library_convolution_backward_data(d_dst, values, conv, d_src)) {
    return finish(bias, activation, d_src);
  }
  auto* const sent = is_narrow(d_dst) ? tensor_core_convolution_backward_data : kernel_convolution_backward_data;
  sent(d_dst, values, bias, conv, activation, d_src);
}

}  // namespace

void conv2d_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                    Activation activation, Tensor& dst) {
  if (dst.size() == 0) return;
  const std::byte* values = weights_as(src.dtype(), weights);
  if (may_finish_later(src.dtype(), bias, activation) && library_convolution_forward(src, values, conv, dst)) {
    return finish(bias, activation, dst);
  }
  auto* const convolved = is_narrow(src) ? tensor_core_convolution_forward : kernel_convolution_forward;
  convolved(src, values, bias, conv, activation, dst);
}

void conv2d_backward_data(const Tensor& d_dst, const Weights& weights, const Conv2d& conv, Tensor& d_src) {
  send_back(d_dst, weights, {}, conv, Activation::none, d_src);
}

void conv2d_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights,
                             Tensor& d_bias) {
  backward_weights(src, d_dst, conv, d_weights);
  add_over_pixels(d_dst, d_bias);
}

void conv2d_pooled_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                           std::int64_t window, Activation activation, Tensor& unpooled, Tensor& dst, Tensor& argmax) {
  conv2d_forward(src, weights, bias, conv, Activation::none, unpooled);
  max_pool_forward(unpooled, window, activation, dst, argmax);
}

void conv2d_pooled_backward_data(const PooledError& error, const Weights& weights, const Conv2d& conv, Tensor& d_src) {
  conv2d_backward_data(shared::spread(error, d_src, conv), weights, conv, d_src);
}

void conv2d_pooled_backward_weights(const Tensor& src, const PooledError& error, const Conv2d& conv, Tensor& d_weights,
                                    Tensor& d_bias) {
  conv2d_backward_weights(src, shared::spread(error, src, conv), conv, d_weights, d_bias);
}

void transposed_conv2d_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                               Activation activation, Tensor& dst) {
  send_back(src, weights, bias, conv, activation, dst);
}

void transposed_conv2d_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights,
                                        Tensor& d_bias) {
  backward_weights(d_dst, src, conv, d_weights);
  add_over_pixels(d_dst, d_bias);
}

}  // namespace biossl::cuda
