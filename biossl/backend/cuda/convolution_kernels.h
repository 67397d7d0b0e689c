#pragma once

#include <cstddef>

#include "biossl/core/tensor.h"
#include "biossl/ops/types.h"

/// Convolutions by kernels of our own: what cuDNN declines, and a result of bfloat16 maps that it would round twice.
/// float32 maps by multiply-adds (convolution_kernels.cu), bfloat16 maps by tensor cores that sum in float32
/// (convolution_tensor_cores.cu). Maps are NHWC and of one type, weights (O, K, K, I).
namespace biossl::cuda {

/// dst = activation(bias + the convolution of src). weights are of src's type, bias float32 or empty.
void kernel_convolution_forward(const Tensor& src, const std::byte* weights, const Tensor& bias, const Conv2d& conv,
                                Activation activation, Tensor& dst);
void tensor_core_convolution_forward(const Tensor& src, const std::byte* weights, const Tensor& bias,
                                     const Conv2d& conv, Activation activation, Tensor& dst);

/// The adjoint in src, and, of a transposed convolution, bias and activation behind it. weights are of d_dst's type.
void kernel_convolution_backward_data(const Tensor& d_dst, const std::byte* weights, const Tensor& bias,
                                      const Conv2d& conv, Activation activation, Tensor& d_src);
void tensor_core_convolution_backward_data(const Tensor& d_dst, const std::byte* weights, const Tensor& bias,
                                           const Conv2d& conv, Activation activation, Tensor& d_src);

/// d_weights is float32.
void kernel_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights);
void tensor_core_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv,
                                              Tensor& d_weights);

}  // namespace biossl::cuda
