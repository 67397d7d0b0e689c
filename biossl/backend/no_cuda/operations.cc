#include <stdexcept>

#include "biossl/backend/backend.h"
#include "biossl/backend/cuda_device.h"

/// The CUDA backend's functions in a build without CUDA: each says so.
namespace biossl::cuda {
namespace {

[[noreturn]] void built_without_cuda() {
  throw std::runtime_error("this biossl was built without CUDA; use --device cpu");
}

}  // namespace

int device_count() { return 0; }
void require_device() { built_without_cuda(); }
std::string device_name() { built_without_cuda(); }
std::string library_versions() { built_without_cuda(); }
void allow_tf32(bool /*allowed*/) {}
std::int64_t available_memory_bytes() { built_without_cuda(); }
std::int64_t peak_memory_bytes() { built_without_cuda(); }
bool record_step(const std::function<void()>& /*step*/) { built_without_cuda(); }
void synchronize() { built_without_cuda(); }
std::shared_ptr<std::byte[]> allocate_zeros(std::size_t /*bytes*/) { built_without_cuda(); }
void zero_bytes(std::byte* /*to*/, std::size_t /*bytes*/) { built_without_cuda(); }
void copy_bytes(const std::byte* /*from*/, std::byte* /*to*/, std::size_t /*bytes*/) { built_without_cuda(); }

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
void linear_forward(const Tensor& /*src*/, const Weights& /*weights*/, const Tensor& /*bias*/,
                    Activation /*activation*/, Tensor& /*dst*/) {
  built_without_cuda();
}
void linear_backward_data(const Tensor& /*d_dst*/, const Weights& /*weights*/, Tensor& /*d_src*/) {
  built_without_cuda();
}
void linear_backward_weights(const Tensor& /*src*/, const Tensor& /*d_dst*/, Tensor& /*d_weights*/,
                             Tensor& /*d_bias*/) {
  built_without_cuda();
}
void gathered_linear_forward(const Tensor& /*src*/, const Tensor& /*rows*/, const Tensor& /*weights*/,
                             const Tensor& /*bias*/, Tensor& /*dst*/) {
  built_without_cuda();
}
void gathered_linear_backward_weights(const Tensor& /*src*/, const Tensor& /*rows*/, const Tensor& /*d_dst*/,
                                      Tensor& /*d_weights*/, Tensor& /*d_bias*/) {
  built_without_cuda();
}
void max_pool_forward(const Tensor& /*src*/, std::int64_t /*window*/, Activation /*activation*/, Tensor& /*dst*/,
                      Tensor& /*argmax*/) {
  built_without_cuda();
}
void max_pool_backward(const Tensor& /*d_dst*/, const Tensor& /*dst*/, const Tensor& /*argmax*/,
                       std::int64_t /*window*/, Activation /*activation*/, Tensor& /*d_src*/) {
  built_without_cuda();
}
void average_pool_forward(const Tensor& /*src*/, std::int64_t /*window*/, Tensor& /*dst*/) { built_without_cuda(); }
void average_pool_backward(const Tensor& /*d_dst*/, std::int64_t /*window*/, Tensor& /*d_src*/) {
  built_without_cuda();
}
void activation_backward(const Tensor& /*d_dst*/, const Tensor& /*dst*/, Activation /*activation*/, Tensor& /*d_src*/) {
  built_without_cuda();
}
void activation_difference(const Tensor& /*sums*/, const Tensor& /*bias*/, Activation /*activation*/,
                           const Tensor& /*drop*/, Tensor& /*dst*/) {
  built_without_cuda();
}
void mean_square_backward(const Tensor& /*output*/, const Tensor& /*target*/, Activation /*activation*/,
                          Tensor& /*d_sums*/) {
  built_without_cuda();
}
void scale(const Tensor& /*src*/, double /*factor*/, double /*offset*/, Tensor& /*dst*/) { built_without_cuda(); }
void add_noise(const Random& /*stream*/, double /*spread*/, const Tensor& /*src*/, Tensor& /*dst*/) {
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
void draw_deformations(std::uint64_t /*seed*/, std::uint32_t /*epoch*/, std::uint32_t /*view*/,
                       const Tensor& /*images*/, const DeformRange& /*range*/, Tensor& /*parameters*/) {
  built_without_cuda();
}
void deform(const Tensor& /*pixels*/, const Tensor& /*rows*/, const Tensor& /*parameters*/, Tensor& /*dst*/) {
  built_without_cuda();
}
void unit_range(const Tensor& /*pixels*/, const Tensor& /*rows*/, Tensor& /*dst*/) { built_without_cuda(); }
void gather_rows(const Tensor& /*src*/, const Tensor& /*rows*/, Tensor& /*dst*/) { built_without_cuda(); }
void move_rows(const Tensor& /*from*/, const Tensor& /*to*/, Tensor& /*tensor*/) { built_without_cuda(); }
void convert(const Tensor& /*src*/, Tensor& /*dst*/) { built_without_cuda(); }
void add_scaled(const Tensor& /*a*/, double /*scale*/, const Tensor& /*b*/, Tensor& /*dst*/) { built_without_cuda(); }
void apply_signs(const Tensor& /*magnitudes*/, const Tensor& /*signs*/, Tensor& /*dst*/) { built_without_cuda(); }
void draw_uniform(const Random& /*stream*/, float /*bound*/, Tensor& /*dst*/) { built_without_cuda(); }
void draw_others(const Random& /*stream*/, Tensor& /*dst*/) { built_without_cuda(); }
void draw_order(const Random& /*stream*/, Tensor& /*dst*/) { built_without_cuda(); }
void adam_step(const Adam& /*adam*/, std::span<ParameterStep* const> /*steps*/) { built_without_cuda(); }
void sgd_step(double /*momentum*/, std::span<ParameterStep* const> /*steps*/) { built_without_cuda(); }

}  // namespace biossl::cuda
