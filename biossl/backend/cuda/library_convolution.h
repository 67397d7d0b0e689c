#pragma once

#include <cstddef>
#include <string>

#include "biossl/core/tensor.h"
#include "biossl/ops/types.h"

/// Convolutions by cuDNN. Each returns false, and does nothing, if cuDNN has no deterministic plan for the shapes and
/// types; then convolution_kernels.h is used. A plan is made on the first call with a shape and kept. They use
/// scratch(). Maps are NHWC and of one type, weights (O, K, K, I).
namespace biossl::cuda {

/// weights have src's type.
bool library_convolution_forward(const Tensor& src, const std::byte* weights, const Conv2d& conv, Tensor& dst);
/// weights have d_dst's type.
bool library_convolution_backward_data(const Tensor& d_dst, const std::byte* weights, const Conv2d& conv,
                                       Tensor& d_src);
/// d_weights is float32.
bool library_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv,
                                          Tensor& d_weights);

/// Name and version of the library.
std::string convolution_library();

}  // namespace biossl::cuda
