#pragma once

#include "biossl/core/tensor.h"

namespace biossl::testing {

/// (N, C, H, W), the layout of the reference arrays, to (N, H, W, C). T is the element type.
template <class T>
Tensor channels_last(const Tensor& channels_first) {
  const Tensor first = on_device(channels_first, Device::reference);
  const Shape& s = first.shape();
  Tensor last({s[0], s[2], s[3], s[1]}, first.dtype(), Device::reference);
  for (std::int64_t n = 0, at = 0; n < s[0]; ++n) {
    for (std::int64_t c = 0; c < s[1]; ++c) {
      for (std::int64_t y = 0; y < s[2]; ++y) {
        for (std::int64_t x = 0; x < s[3]; ++x, ++at) {
          last.data<T>()[((n * s[2] + y) * s[3] + x) * s[1] + c] = first.data<T>()[at];
        }
      }
    }
  }
  return on_device(last, channels_first.device());
}

}  // namespace biossl::testing
