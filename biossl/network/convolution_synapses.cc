#include "biossl/network/convolution_synapses.h"

#include "biossl/ops/ops.h"

namespace biossl {

ConvolutionSynapses::ConvolutionSynapses(const SynapsesSetup& setup, std::int64_t inputs, std::int64_t outputs,
                                         const Conv2d& conv, bool bias, std::uint32_t index)
    : Synapses(setup, {outputs, conv.kernel, conv.kernel, inputs}, {outputs, conv.kernel, conv.kernel, inputs},
               {outputs, inputs, conv.kernel, conv.kernel}, bias, index),
      conv_(conv) {}

void ConvolutionSynapses::forward(const Tensor& pre, Activation activation, Tensor& post) const {
  ops::conv2d_forward(pre, weights_, bias_, conv_, activation, post);
}

void ConvolutionSynapses::descend(const PooledError& error_post, const Weights& path, Tensor& error_pre) const {
  ops::conv2d_backward_data(error_post, path, conv_, error_pre);
}

void ConvolutionSynapses::compute_update(const Tensor& pre, const PooledError& error_post, Tensor& weight_update,
                                         Tensor& bias_update) const {
  ops::conv2d_backward_weights(pre, error_post, conv_, weight_update, bias_update);
}

}  // namespace biossl
