#pragma once

#include <cstddef>

#include "biossl/core/tensor.h"
#include "biossl/ops/types.h"

/// Convolutions by biossl's own kernels, for what cuDNN cannot do and for bfloat16 results that cuDNN would round
/// twice. float32: convolution_kernels.cu, by multiply-adds. bfloat16: convolution_tensor_cores.cu, by tensor cores
/// that sum in float32. Maps are NHWC and of one type, weights (O, K, K, I).
namespace biossl::cuda {

/// dst = activation(bias + the convolution of src). weights have src's type; bias is float32 or empty.
void kernel_convolution_forward(const Tensor& src, const std::byte* weights, const Tensor& bias, const Conv2d& conv,
                                Activation activation, Tensor& dst);
void tensor_core_convolution_forward(const Tensor& src, const std::byte* weights, const Tensor& bias,
                                     const Conv2d& conv, Activation activation, Tensor& dst);

/// d_src = activation(bias + the adjoint of the convolution at d_dst); bias and activation are those of a transposed
/// convolution. weights have d_dst's type.
void kernel_convolution_backward_data(const Tensor& d_dst, const std::byte* weights, const Tensor& bias,
                                      const Conv2d& conv, Activation activation, Tensor& d_src);
void tensor_core_convolution_backward_data(const Tensor& d_dst, const std::byte* weights, const Tensor& bias,
                                           const Conv2d& conv, Activation activation, Tensor& d_src);

/// d_weights is float32.
void kernel_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights);
void tensor_core_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv,
                                              Tensor& d_weights);

}  // namespace biossl::cuda
