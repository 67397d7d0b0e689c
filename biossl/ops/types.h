#pragma once

#include <cstdint>
#include <string_view>

namespace biossl {

/// A pointwise nonlinearity. All are monotonic, so they commute with max-pooling. Their derivatives follow from the
/// output y:
///   none      1
///   hardtanh  1 where |y| < 1, else 0 (clips to [-1, 1])
///   tanh      1 - y^2
///   relu      1 where y > 0, else 0
enum class Activation : std::uint8_t { none, hardtanh, tanh, relu };

std::string_view name_of(Activation activation);
/// Throws std::invalid_argument listing the known names.
Activation activation_named(std::string_view name);

/// The largest window of a max-pool: an index into it fits into a byte.
inline constexpr std::int64_t largest_pool = 16;

/// A convolution along one axis of a map.
struct ConvAxis {
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t padding;

  /// (input + 2 padding - kernel) / stride + 1, rounded down.
  std::int64_t output_extent(std::int64_t input) const { return (input + 2 * padding - kernel) / stride + 1; }
  bool operator==(const ConvAxis& other) const = default;
};

/// A convolution: a square one, or one that has another kernel, stride or padding along the height.
struct Conv2d {
  std::int64_t kernel = 3;
  std::int64_t stride = 1;
  std::int64_t padding = 1;
  std::int64_t kernel_height = 0;    ///< 0: kernel
  std::int64_t stride_height = 0;    ///< 0: stride
  std::int64_t padding_height = -1;  ///< -1: padding

  ConvAxis vertical() const {
    return {.kernel = kernel_height == 0 ? kernel : kernel_height,
            .stride = stride_height == 0 ? stride : stride_height,
            .padding = padding_height == -1 ? padding : padding_height};
  }
  ConvAxis horizontal() const { return {.kernel = kernel, .stride = stride, .padding = padding}; }
  bool is_square() const { return vertical() == horizontal(); }
  std::int64_t taps() const { return vertical().kernel * kernel; }
  std::int64_t output_height(std::int64_t input) const { return vertical().output_extent(input); }
  std::int64_t output_width(std::int64_t input) const { return horizontal().output_extent(input); }
  /// Whether both describe the same convolution.
  bool operator==(const Conv2d& other) const {
    return vertical() == other.vertical() && horizontal() == other.horizontal();
  }
};

/// The contrastive hinge loss (docs/rules_and_losses.md; Tang, Yang & Amit 2022, eq. 2):
///   d(i,j) = sum_k |a_ik - b_jk|
///   L = sum_i [d(i,i) - positive_threshold]+ + negative_weight * sum_{(i,j) in N} [negative_threshold - d(i,j)]+
/// With the paper's threshold theta and margin m, positive_threshold = theta - m and negative_threshold = theta + m.
struct Hinge {
  float positive_threshold = 1.0F;
  float negative_threshold = 3.0F;
  float negative_weight = 0.2F;
  /// N = {(i, i+k): k = 1..recent}; 0: all i != j.
  std::int64_t recent = 4;
  /// Pairs before this index serve as negatives only: they add nothing to the loss, their rows of b are not read and
  /// those of d_b are not written. Requires `recent` > 0 and no d_a.
  std::int64_t first = 0;
};

/// Range of the random deformations of the views.
struct DeformRange {
  float affine = 0.5F;   ///< probability of an affine map; otherwise no shift or distortion
  float perturb = 0.5F;  ///< range of the affine coefficients: +-perturb/2 for the linear part, +-perturb for the shift
  float saturation = 4.0F;  ///< saturation is multiplied by 2^v, v in +-saturation/2
  float hue = 0.2F;         ///< hue is shifted by +-hue/2 turns
};

/// Adam (Kingma & Ba 2015) as in PyTorch: bias-corrected moments, epsilon outside the root.
struct Adam {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay =
      0;  ///< decoupled: a value loses learning_rate * weight_decay of itself (Loshchilov & Hutter 2019)
};

/// Stochastic gradient descent with momentum: velocity = momentum * velocity + update.
struct Sgd {
  double momentum = 0.9;
  double weight_decay = 0;  ///< decoupled, as Adam's
};

}  // namespace biossl
