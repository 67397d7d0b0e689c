#pragma once

#include <cudnn.h>

#include <memory>
#include <string_view>
#include <type_traits>

#include "biossl/core/dtype.h"
#include "biossl/core/shape.h"
#include "biossl/ops/types.h"

namespace biossl::cuda {

/// Throws std::runtime_error("[call] what cuDNN says") unless the call succeeded.
void check(cudnnStatus_t status, std::string_view call);

/// A cuDNN descriptor.
template <class Handle, cudnnStatus_t (*create)(Handle*), cudnnStatus_t (*destroy)(Handle)>
class Descriptor {
 public:
  Descriptor() {
    Handle handle = nullptr;
    check(create(&handle), "cudnnCreate…Descriptor");
    handle_.reset(handle);
  }
  Handle get() const { return handle_.get(); }

 private:
  struct Destroy {
    void operator()(Handle handle) const { destroy(handle); }
  };
  std::unique_ptr<std::remove_pointer_t<Handle>, Destroy> handle_;
};

using TensorDescriptor = Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using FilterDescriptor = Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using ConvolutionDescriptor =
    Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor, cudnnDestroyConvolutionDescriptor>;

/// cuDNN's descriptors of a convolution from maps src (N,H,W,I) to maps dst (N,H',W',O) with weights (O,K,K,I), all
/// float32 or all bfloat16. tf32: float32 may be rounded to TF32. Needs no GPU.
struct ConvolutionDescriptors {
  TensorDescriptor src, dst;
  FilterDescriptor weights;
  ConvolutionDescriptor convolution;

  ConvolutionDescriptors(const Shape& src_shape, const Shape& dst_shape, DType dtype, const Conv2d& conv,
                         bool tf32 = false);
};

}  // namespace biossl::cuda
