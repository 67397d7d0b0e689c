#pragma once

#include <cstddef>
#include <string>

#include "biossl/core/tensor.h"
#include "biossl/ops/types.h"

/// Convolutions by cuDNN. Each returns false, having done nothing, where cuDNN has no deterministic plan for such
/// shapes and types; the kernels of convolution_kernels.h then do it. A plan is found on the first call with a shape
/// and kept. They use scratch(). Maps are NHWC and of one type, weights (O, K, K, I).
namespace biossl::cuda {

/// weights are of src's type.
bool library_convolution_forward(const Tensor& src, const std::byte* weights, const Conv2d& conv, Tensor& dst);
/// weights are of d_dst's type.
bool library_convolution_backward_data(const Tensor& d_dst, const std::byte* weights, const Conv2d& conv,
                                       Tensor& d_src);
/// d_weights is float32.
bool library_convolution_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv,
                                          Tensor& d_weights);

/// The library and its version.
std::string convolution_library();

}  // namespace biossl::cuda
