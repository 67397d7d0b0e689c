#include <stdexcept>

#include "biossl/backend/backend.h"

// Operations that are still to be written; each goes from here to a file of its own.
namespace biossl::cuda {
namespace {

[[noreturn]] void built_without_cuda() { throw std::runtime_error("unfinished"); }

}  // namespace

void conv2d_forward(const Tensor& /*src*/, const Weights& /*weights*/, const Tensor& /*bias*/, const Conv2d& /*conv*/,
                    Activation /*activation*/, Tensor& /*dst*/) {
  built_without_cuda();
}
void conv2d_backward_data(const Tensor& /*d_dst*/, const Weights& /*weights*/, const Conv2d& /*conv*/,
                          Tensor& /*d_src*/) {
  built_without_cuda();
}
void conv2d_backward_weights(const Tensor& /*src*/, const Tensor& /*d_dst*/, const Conv2d& /*conv*/,
                             Tensor& /*d_weights*/, Tensor& /*d_bias*/) {
  built_without_cuda();
}
void conv2d_pooled_backward_data(const UnitError& /*error*/, const Weights& /*weights*/, const Conv2d& /*conv*/,
                                 Tensor& /*d_src*/) {
  built_without_cuda();
}
void conv2d_pooled_backward_weights(const Tensor& /*src*/, const UnitError& /*error*/, const Conv2d& /*conv*/,
                                    Tensor& /*d_weights*/, Tensor& /*d_bias*/) {
  built_without_cuda();
}
void transposed_conv2d_forward(const Tensor& /*src*/, const Weights& /*weights*/, const Tensor& /*bias*/,
                               const Conv2d& /*conv*/, Activation /*activation*/, Tensor& /*dst*/) {
  built_without_cuda();
}
void transposed_conv2d_backward_weights(const Tensor& /*src*/, const Tensor& /*d_dst*/, const Conv2d& /*conv*/,
                                        Tensor& /*d_weights*/, Tensor& /*d_bias*/) {
  built_without_cuda();
}
void contrastive_hinge(const Tensor& /*a*/, const Tensor& /*b*/, const Hinge& /*hinge*/, Tensor& /*d_a*/,
                       Tensor& /*d_b*/, Tensor& /*totals*/) {
  built_without_cuda();
}
void softmax_cross_entropy(const Tensor& /*logits*/, const Tensor& /*labels*/, Tensor& /*d_logits*/,
                           Tensor& /*totals*/) {
  built_without_cuda();
}
void nt_xent(const Tensor& /*unit*/, double /*temperature*/, Tensor& /*scratch*/, Tensor& /*d_unit*/,
             Tensor& /*totals*/) {
  built_without_cuda();
}
void barlow_twins(const Tensor& /*a*/, const Tensor& /*b*/, double /*lambda*/, Tensor& /*scratch*/, Tensor& /*d_a*/,
                  Tensor& /*d_b*/, Tensor& /*totals*/) {
  built_without_cuda();
}
void clapp_hinge(const Tensor& /*predictions*/, const Tensor& /*targets*/, const Tensor& /*negatives*/,
                 Tensor& /*d_predictions*/, Tensor& /*d_targets*/, Tensor& /*totals*/) {
  built_without_cuda();
}
void add_loss(const Tensor& /*summed*/, double /*share*/, const Tensor& /*errors*/, Tensor& /*totals*/) {
  built_without_cuda();
}
void normalize_rows(const Tensor& /*src*/, Tensor& /*dst*/, Tensor& /*norms*/) { built_without_cuda(); }
void normalize_rows_backward(const Tensor& /*d_dst*/, const Tensor& /*dst*/, const Tensor& /*norms*/,
                             Tensor& /*d_src*/) {
  built_without_cuda();
}
void standardize_columns(const Tensor& /*src*/, double /*epsilon*/, Tensor& /*dst*/, Tensor& /*deviations*/) {
  built_without_cuda();
}
void standardize_columns_backward(const Tensor& /*d_dst*/, const Tensor& /*dst*/, const Tensor& /*deviations*/,
                                  Tensor& /*d_src*/) {
  built_without_cuda();
}

}  // namespace biossl::cuda
