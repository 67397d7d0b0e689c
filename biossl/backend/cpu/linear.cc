#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/onednn.h"

namespace biossl::cpu::BIOSSL_LEVEL {

void linear_forward(const Tensor& src, const Weights& weights, const Tensor& bias, Activation activation, Tensor& dst) {
  if (dst.size() == 0) return;
  thread_local PrimitiveCache<> cache;
  Primitive& primitive =
      cache.get(key_of({&src, &weights.values(), &bias, &dst}, {static_cast<std::int64_t>(activation)}),
                [&] { return make_linear_forward(src, weights.values(), bias, activation, dst); });
  primitive.bind(DNNL_ARG_SRC, src.raw());
  primitive.bind(DNNL_ARG_WEIGHTS, laid_out(weights, primitive.descriptor(DNNL_ARG_WEIGHTS)));
  primitive.bind(DNNL_ARG_DST, dst.raw());
  if (!bias.empty()) primitive.bind(DNNL_ARG_BIAS, bias.raw());
  primitive.run();
}

void linear_backward_data(const Tensor& d_dst, const Weights& weights, Tensor& d_src) {
  if (d_src.size() == 0) return;
  thread_local PrimitiveCache<> cache;
  Primitive& primitive = cache.get(key_of({&d_dst, &weights.values(), &d_src}, {}),
                                   [&] { return make_linear_backward_data(d_dst, weights.values(), d_src); });
  primitive.bind(DNNL_ARG_DIFF_DST, d_dst.raw());
  primitive.bind(DNNL_ARG_WEIGHTS, laid_out(weights, primitive.descriptor(DNNL_ARG_WEIGHTS)));
  primitive.bind(DNNL_ARG_DIFF_SRC, d_src.raw());
  primitive.run();
}

void linear_backward_weights(const Tensor& src, const Tensor& d_dst, Tensor& d_weights, Tensor& d_bias) {
  thread_local UpdateCache cache;
  UpdatePrimitive& primitive = cache.get(key_of({&src, &d_dst, &d_weights, &d_bias}, {}), [&] {
    return std::make_unique<UpdatePrimitive>(make_linear_backward_weights(src, d_dst, d_weights, d_bias), d_weights);
  });
  primitive.run(src, d_dst, d_weights, d_bias);
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
