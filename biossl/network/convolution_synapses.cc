#include "biossl/network/convolution_synapses.h"

#include "biossl/ops/ops.h"

namespace biossl {

ConvolutionSynapses::ConvolutionSynapses(const SynapsesSetup& setup, const Shape& map, std::int64_t outputs,
                                         const Conv2d& conv, bool bias, std::uint32_t index)
    : Synapses(setup, {outputs, conv.vertical().kernel, conv.kernel, map[2]},
               {outputs, conv.vertical().kernel, conv.kernel, map[2]},
               {outputs, map[2], conv.vertical().kernel, conv.kernel}, bias, index),
      map_(map),
      conv_(conv) {}

Shape ConvolutionSynapses::output_map() const {
  return {conv_.output_height(map_[0]), conv_.output_width(map_[1]), weights_.values().extent(0)};
}

void ConvolutionSynapses::drive(const Tensor& pre, Tensor& post) const {
  ops::conv2d_forward(pre, weights_, {}, conv_, Activation::none, post);
}

void ConvolutionSynapses::correlate(const Tensor& pre, const Tensor& post, Tensor& product) const {
  Tensor no_bias;
  ops::conv2d_backward_weights(pre, post, conv_, product, no_bias);
}

void ConvolutionSynapses::forward(const Tensor& pre, Activation activation, Tensor& post) const {
  ops::conv2d_forward(pre, weights_, bias_, conv_, activation, post);
}

void ConvolutionSynapses::forward_pooled(const Tensor& pre, std::int64_t window, Activation activation,
                                         Tensor& unpooled, Tensor& post, Tensor& argmax) const {
  ops::conv2d_pooled_forward(pre, weights_, bias_, conv_, window, activation, unpooled, post, argmax);
}

void ConvolutionSynapses::descend(const PooledError& error_post, const Weights& path, Tensor& error_pre) const {
  ops::conv2d_backward_data(error_post, path, conv_, error_pre);
}

void ConvolutionSynapses::compute_update(const Tensor& pre, const PooledError& error_post, Tensor& weight_update,
                                         Tensor& bias_update) const {
  ops::conv2d_backward_weights(pre, error_post, conv_, weight_update, bias_update);
}

}  // namespace biossl
