#include "biossl/network/transposed_convolution_synapses.h"

#include "biossl/ops/ops.h"

namespace biossl {

TransposedConvolutionSynapses::TransposedConvolutionSynapses(const SynapsesSetup& setup, const Shape& from,
                                                             const Shape& to, const Conv2d& conv, std::uint32_t index)
    : Synapses(setup, {from[2], conv.vertical().kernel, conv.kernel, to[2]},
               {from[2], conv.vertical().kernel, conv.kernel, to[2]},
               {from[2], to[2], conv.vertical().kernel, conv.kernel}, true, index, to[2]),
      from_(from),
      to_(to),
      conv_(conv) {}

void TransposedConvolutionSynapses::forward(const Tensor& pre, Activation activation, Tensor& post) const {
  ops::transposed_conv2d_forward(pre, weights_, bias_, conv_, activation, post);
}

void TransposedConvolutionSynapses::drive(const Tensor& pre, Tensor& post) const {
  ops::transposed_conv2d_forward(pre, weights_, {}, conv_, Activation::none, post);
}

void TransposedConvolutionSynapses::correlate(const Tensor& pre, const Tensor& post, Tensor& product) const {
  Tensor no_bias;
  ops::transposed_conv2d_backward_weights(pre, post, conv_, product, no_bias);
}

void TransposedConvolutionSynapses::descend(const PooledError& error_post, const Weights& path,
                                            Tensor& error_pre) const {
  ops::conv2d_forward(error_post.values, path, {}, conv_, Activation::none, error_pre);
}

void TransposedConvolutionSynapses::compute_update(const Tensor& pre, const PooledError& error_post,
                                                   Tensor& weight_update, Tensor& bias_update) const {
  ops::transposed_conv2d_backward_weights(pre, error_post.values, conv_, weight_update, bias_update);
}

}  // namespace biossl
