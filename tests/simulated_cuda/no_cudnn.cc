#include "biossl/backend/cuda/library_convolution.h"

// cuDNN is not simulated: it has no plan for anything, and our own kernels are tested.
namespace biossl::cuda {

bool library_convolution_forward(const Tensor& /*src*/, const std::byte* /*weights*/, const Conv2d& /*conv*/,
                                 Tensor& /*dst*/) {
  return false;
}
bool library_convolution_backward_data(const Tensor& /*d_dst*/, const std::byte* /*weights*/, const Conv2d& /*conv*/,
                                       Tensor& /*d_src*/) {
  return false;
}
bool library_convolution_backward_weights(const Tensor& /*src*/, const Tensor& /*d_dst*/, const Conv2d& /*conv*/,
                                          Tensor& /*d_weights*/) {
  return false;
}

std::string convolution_library() { return "no cuDNN"; }

}  // namespace biossl::cuda
