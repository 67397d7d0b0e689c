#include "biossl/backend/backend.h"
#include "biossl/backend/cpu/bias.h"
#include "biossl/backend/cpu/onednn.h"
#include "biossl/backend/cpu/winograd.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

PrimitiveKey convolution_key(std::initializer_list<const Tensor*> tensors, const Conv2d& conv,
                             Activation activation = Activation::none) {
  const ConvAxis rows = conv.vertical();
  return key_of(tensors, {conv.kernel, conv.stride, conv.padding, rows.kernel, rows.stride, rows.padding,
                          static_cast<std::int64_t>(activation)});
}

/// Whether the patches that the kernel sees follow each other in memory: the convolution is then a linear layer, with
/// one row a patch. Square kernels stay convolutions, whose sums have another order.
bool is_linear(const Tensor& src, const Conv2d& conv) {
  return !conv.is_square() && conv.vertical() == ConvAxis{1, 1, 0} && conv.padding == 0 && conv.stride == conv.kernel &&
         src.extent(2) % conv.kernel == 0;
}

/// A map (N, H, W, I) as patches (N H W / K, 1, K, I).
Tensor patches(const Tensor& src, const Conv2d& conv) {
  const std::int64_t channels = src.extent(3);
  return src.reshaped({src.size() / (conv.kernel * channels), 1, conv.kernel, channels});
}

/// A map (N, H, W, O) as one row a pixel.
Tensor pixels(const Tensor& dst) { return dst.reshaped({dst.size() / dst.extent(3), dst.extent(3)}); }

}  // namespace

void conv2d_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                    Activation activation, Tensor& dst) {
  if (dst.size() == 0) return;
  if (is_linear(src, conv)) {
    Tensor rows = pixels(dst);
    return linear_forward(patches(src, conv), weights, bias, activation, rows);
  }
  if (activation != Activation::tanh && suits_winograd(src, conv, dst, src)) {
    return convolve_by_winograd(src, weights, ConvolutionPass::forward, bias, activation, dst);
  }
  thread_local PrimitiveCache<> cache;
  Primitive& primitive = cache.get(convolution_key({&src, &weights.values(), &bias, &dst}, conv, activation), [&] {
    return make_convolution_forward(src, weights.values(), bias, conv, activation, dst);
  });
  primitive.bind(DNNL_ARG_SRC, src.raw());
  primitive.bind(DNNL_ARG_WEIGHTS, laid_out(weights, primitive.descriptor(DNNL_ARG_WEIGHTS)));
  primitive.bind(DNNL_ARG_DST, dst.raw());
  if (!bias.empty()) primitive.bind(DNNL_ARG_BIAS, bias.raw());
  primitive.run();
}

void conv2d_backward_data(const Tensor& d_dst, const Weights& weights, const Conv2d& conv, Tensor& d_src) {
  if (d_src.size() == 0) return;
  if (is_linear(d_src, conv)) {
    Tensor rows = patches(d_src, conv);
    return linear_backward_data(pixels(d_dst), weights, rows);
  }
  if (suits_winograd(d_dst, conv, d_src, d_src)) {
    return convolve_by_winograd(d_dst, weights, ConvolutionPass::backward_data, {}, Activation::none, d_src);
  }
  thread_local PrimitiveCache<> cache;
  Primitive& primitive = cache.get(convolution_key({&d_dst, &weights.values(), &d_src}, conv), [&] {
    return make_convolution_backward_data(d_dst, weights.values(), conv, d_src);
  });
  primitive.bind(DNNL_ARG_DIFF_DST, d_dst.raw());
  primitive.bind(DNNL_ARG_WEIGHTS, laid_out(weights, primitive.descriptor(DNNL_ARG_WEIGHTS)));
  primitive.bind(DNNL_ARG_DIFF_SRC, d_src.raw());
  primitive.run();
}

void conv2d_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights,
                             Tensor& d_bias) {
  if (is_linear(src, conv)) return linear_backward_weights(patches(src, conv), pixels(d_dst), d_weights, d_bias);
  if (suits_winograd_update(src, conv, d_dst)) {
    update_by_winograd(src, d_dst, d_weights);
    return sum_bias<float>(d_dst, d_bias);
  }
  thread_local UpdateCache cache;
  UpdatePrimitive& primitive = cache.get(convolution_key({&src, &d_dst, &d_weights, &d_bias}, conv), [&] {
    return std::make_unique<UpdatePrimitive>(make_convolution_backward_weights(src, d_dst, conv, d_weights, d_bias),
                                             d_weights);
  });
  primitive.run(src, d_dst, d_weights, d_bias);
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
