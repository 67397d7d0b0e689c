#include "biossl/backend/backend.h"
#include "biossl/backend/shared/spread_error.h"

namespace biossl::reference {

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

}  // namespace biossl::reference
