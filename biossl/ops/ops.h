#pragma once

#include <cstdint>
#include <span>

#include "biossl/core/random.h"
#include "biossl/core/tensor.h"
#include "biossl/ops/parameter_step.h"
#include "biossl/ops/pooled_error.h"
#include "biossl/ops/types.h"
#include "biossl/ops/weights.h"

/// The seam between learning and hardware. Each operation checks its arguments (std::invalid_argument, "[operation] …",
/// for a wrong shape, type or device) and then runs on the backend of its tensors' device.
///
/// Shapes: N batch, H height, W width, C or I input channels, O output channels, K kernel, D features. Activations are
/// NHWC; weights are (O, H, W, I) or (O, I).
/// Types: activations and errors have the compute type: float32 or bfloat16, or float64 on the reference device.
/// Weights, updates, biases, losses and optimiser state are float32, or float64 beside float64 activations. bfloat16
/// operations accumulate in float32 and round once, when they store. Two round twice: pooled convolutions round the map
/// before its maxima are taken, on every device alike, and transposed convolutions on the CPU round before the bias.
/// Outputs are tensors of the right size from the caller. On cpu and cuda no tensor is allocated after the first call
/// with a shape. As in oneDNN, d_x is the derivative of the loss by x, computed with the weights of the call.
/// Not thread-safe on the same tensors; one thread at a time may use a `Weights`.
namespace biossl::ops {

// --- layers ----------------------------------------------------------------------------------------------------------

/// Convolution, with zeros outside the image:
///   dst[n,y,x,o] = activation(bias[o] + sum_{i,j,c} src[n, y s' + i - p', x s + j - p, c] weights[o,i,j,c])
/// s stride, p padding, s' and p' along the height; src (N,H,W,I), weights (O,K',K,I), K' the kernel's height, bias (O)
/// or empty, dst (N,H',W',O). A GPU has square convolutions only: K' = K, s' = s, p' = p.
void conv2d_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                    Activation activation, Tensor& dst);
/// A convolution and a max-pool of its result (max_pool_forward), of which no more than the maxima are wanted:
///   dst = activation(max over a window of (bias + the convolution))
/// dst and argmax (N,H'/window,W'/window,O); they may not lie where src does. unpooled (N,H',W',O): room for the
/// convolution's result, with unspecified contents afterwards.
void conv2d_pooled_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                           std::int64_t window, Activation activation, Tensor& unpooled, Tensor& dst, Tensor& argmax);
/// The adjoint of conv2d_forward in src, for any weights of that shape: carries the error back to the input. d_dst
/// (N,H',W',O), d_src (N,H,W,I). It is the transposed convolution.
void conv2d_backward_data(const Tensor& d_dst, const Weights& weights, const Conv2d& conv, Tensor& d_src);
/// The gradient of conv2d_forward in its weights; d_bias may be empty.
///   d_weights[o,i,j,c] = sum_{n,y,x} src[n, y s' + i - p', x s + j - p, c] d_dst[n,y,x,o]
///   d_bias[o] = sum_{n,y,x} d_dst[n,y,x,o]
void conv2d_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights,
                             Tensor& d_bias);

/// The same two for errors below a max-pool: only the maximum of each window has an error. Equal to the above if
/// `error` is not pooled.
void conv2d_backward_data(const PooledError& error, const Weights& weights, const Conv2d& conv, Tensor& d_src);
void conv2d_backward_weights(const Tensor& src, const PooledError& error, const Conv2d& conv, Tensor& d_weights,
                             Tensor& d_bias);

/// Transposed convolution: dst = activation(bias + the adjoint of conv2d_forward at src). conv takes extents H, W to
/// H', W'. src (N,H',W',O), weights (O,K',K,I), bias (I) or empty, dst (N,H,W,I).
void transposed_conv2d_forward(const Tensor& src, const Weights& weights, const Tensor& bias, const Conv2d& conv,
                               Activation activation, Tensor& dst);
/// The gradient in its weights; d_bias may be empty. The error of src is conv2d_forward of d_dst.
///   d_weights[o,i,j,c] = sum_{n,y,x} d_dst[n, y s' + i - p', x s + j - p, c] src[n,y,x,o]
///   d_bias[c] = sum_{n,y,x} d_dst[n,y,x,c]
void transposed_conv2d_backward_weights(const Tensor& src, const Tensor& d_dst, const Conv2d& conv, Tensor& d_weights,
                                        Tensor& d_bias);

/// dst[n,o] = activation(bias[o] + sum_i src[n,i] weights[o,i]).
/// src (N,...) is taken as (N,I); dst (N,O) may be float32 beside a bfloat16 src.
void linear_forward(const Tensor& src, const Weights& weights, const Tensor& bias, Activation activation, Tensor& dst);
/// d_src[n,i] = sum_o d_dst[n,o] weights[o,i].
void linear_backward_data(const Tensor& d_dst, const Weights& weights, Tensor& d_src);
/// d_weights[o,i] = sum_n d_dst[n,o] src[n,i]; d_bias[o] = sum_n d_dst[n,o], d_bias may be empty.
void linear_backward_weights(const Tensor& src, const Tensor& d_dst, Tensor& d_weights, Tensor& d_bias);

/// A linear layer on chosen rows of a large src, without a copy of them:
///   dst[n,o] = bias[o] + sum_i src[rows[n],i] weights[o,i]
/// src (M,...) of the compute type is taken as (M,I); rows (N) int32, weights (O,I), bias (O), dst (N,O). All but src
/// are float32 (float64 beside a float64 src). Nothing is rounded to bfloat16 on the way. The result does not depend on
/// the number of threads.
void gathered_linear_forward(const Tensor& src, const Tensor& rows, const Tensor& weights, const Tensor& bias,
                             Tensor& dst);
/// d_weights[o,i] = sum_n d_dst[n,o] src[rows[n],i]; d_bias[o] = sum_n d_dst[n,o]. Types and threads as above.
void gathered_linear_backward_weights(const Tensor& src, const Tensor& rows, const Tensor& d_dst, Tensor& d_weights,
                                      Tensor& d_bias);

/// dst = activation(max over each window x window square); stride = window. Incomplete squares at the lower and right
/// edge are dropped. argmax (uint8, shape of dst): index of the maximum in its square, row by row; the first of equals.
void max_pool_forward(const Tensor& src, std::int64_t window, Activation activation, Tensor& dst, Tensor& argmax);
/// d_src = d_dst * activation'(dst) at the maximum of each square, zero elsewhere.
void max_pool_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& argmax, std::int64_t window,
                       Activation activation, Tensor& d_src);
/// dst = mean over each window x window square; stride = window. Incomplete squares are dropped.
void average_pool_forward(const Tensor& src, std::int64_t window, Tensor& dst);
void average_pool_backward(const Tensor& d_dst, std::int64_t window, Tensor& d_src);
/// d_src = d_dst * activation'(dst). d_src may be d_dst.
void activation_backward(const Tensor& d_dst, const Tensor& dst, Activation activation, Tensor& d_src);
/// dst = activation(z + rise) - activation(z), z = sums + bias: the change of the output when its input rises.
/// For tanh it is computed as tanh(rise) (1 - tanh(z) tanh(z + rise)): a small rise loses no digits by cancellation.
/// sums, rise and dst (N,...,C), bias (C) or empty; dst may be rise.
void activation_difference(const Tensor& sums, const Tensor& bias, Activation activation, const Tensor& rise,
                           Tensor& dst);
/// d_sums = 2/n (output - target) activation'(output) over all n elements: the derivative of mean (output - target)^2
/// by the input of the activation. d_sums may be output or target.
void mean_square_backward(const Tensor& output, const Tensor& target, Activation activation, Tensor& d_sums);
/// dst = factor * src + offset. dst may be src.
void scale(const Tensor& src, double factor, Tensor& dst, double offset = 0);
/// dst = src + spread * z with standard normal z. Elements 4k .. 4k+3 use the words w of counter k of the stream: w0,
/// w1 give z[4k], z[4k+1] and w2, w3 give z[4k+2], z[4k+3] (Box & Muller 1958; radius from the first word, angle from
/// the second). The noise does not depend on type, threads or device. dst may be src.
void add_noise(const Random& stream, double spread, const Tensor& src, Tensor& dst);

// --- losses ----------------------------------------------------------------------------------------------------------

/// The contrastive hinge loss of B pairs (Hinge in ops/types.h) and its derivatives, in one pass each, without a B x B
/// x D array. a is the earlier view, b the current one, both (B,D) float32.
///   d_b[j] = sign(b_j - a_j) - negative_weight * sum_{i: (i,j) in N} sign(b_j - a_i), sign(0) = 0
/// Pairs with a zero hinge contribute nothing. d_a is the derivative by a, or empty. Adds to totals (2, float64): [0]
/// the loss, [1] the number of nonzero rows of d_b.
void contrastive_hinge(const Tensor& a, const Tensor& b, const Hinge& hinge, Tensor& d_a, Tensor& d_b, Tensor& totals);
/// Mean cross-entropy of softmax(logits) (N,C) with labels (N) int32 in 0..C-1, and its derivative d_logits (N,C);
/// float32. Adds to totals (2, float64): [0] the sum (not the mean) of the losses, [1] the number of rows whose largest
/// logit is the label's.
void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& d_logits, Tensor& totals);
/// The NT-Xent loss (SimCLR; Chen et al. 2020) of B pairs of unit vectors and its derivative. unit (2B,D) float32; rows
/// i and B+i are a pair; p(i) is the partner of i.
///   s(i,j) = <unit_i, unit_j> / temperature
///   L = 1/B sum_i [log sum_{j != i} exp s(i,j) - s(i,p(i))], i over all 2B rows
/// temperature > 0; scratch (2B,2B) is overwritten. Adds to totals (2, float64): [0] L, [1] the number of nonzero rows
/// from B on of d_unit.
void nt_xent(const Tensor& unit, double temperature, Tensor& scratch, Tensor& d_unit, Tensor& totals);
/// The Barlow Twins loss (Zbontar et al. 2021, eq. 1) of standardised embeddings a and b (B,D) float32, and its
/// derivatives:
///   L = sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2, C = a^T b / B
/// scratch (D,D) is overwritten. Adds to totals (2, float64): [0] L, [1] the number of nonzero rows of d_b.
void barlow_twins(const Tensor& a, const Tensor& b, double lambda, Tensor& scratch, Tensor& d_a, Tensor& d_b,
                  Tensor& totals);
/// The CLAPP hinge loss (Illing et al. 2021) of B predictions and their targets, both (B,F) float32, and its
/// derivatives:
///   s(i,j) = <predictions_i, targets_j>
///   L = 1/B sum_i [1 - s(i,i)]+ + 1/B sum_i [1 + s(i,negatives_i)]+
/// negatives (B) int32 in 0..B-1; a row that is its own negative has none. Adds to totals (2, float64): [0] L, [1] the
/// number of nonzero rows of d_targets.
void clapp_hinge(const Tensor& predictions, const Tensor& targets, const Tensor& negatives, Tensor& d_predictions,
                 Tensor& d_targets, Tensor& totals);
/// Reports a loss that an operation has summed. Adds to totals (2, float64): [0] share * summed[0], [1] the number of
/// nonzero rows of errors. summed (2) float64, errors (N,D) float32, or empty: then [1] is summed[1].
void add_loss(const Tensor& summed, double share, const Tensor& errors, Tensor& totals);
/// dst = src / ||src|| row by row, norms (N) = ||src||; a row of zeros stays zero. float32.
void normalize_rows(const Tensor& src, Tensor& dst, Tensor& norms);
/// d_src = (d_dst - dst <d_dst, dst>) / norms, row by row; zero where the norm is zero.
void normalize_rows_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& norms, Tensor& d_src);
/// dst = (src - mean) / deviations column by column, deviations (D) = sqrt(variance + epsilon); src (N,D) float32. Mean
/// and variance are over the N rows (the variance divides by N, not N-1); epsilon > 0. A constant column becomes zero.
void standardize_columns(const Tensor& src, double epsilon, Tensor& dst, Tensor& deviations);
/// d_src = (d_dst - mean(d_dst) - dst mean(d_dst dst)) / deviations, column by column.
void standardize_columns_backward(const Tensor& d_dst, const Tensor& dst, const Tensor& deviations, Tensor& d_src);

// --- views and data --------------------------------------------------------------------------------------------------

/// Numbers per deformation: theta (6, row by row), saturation factor, hue shift in turns, mirror (0 or 1).
inline constexpr std::int64_t deform_parameters = 9;

/// Draws the deformations of images (N) int32 for one view. Row n of parameters (N, 9) float32 comes from Random(seed,
/// Purpose::views, epoch, images[n], view). Half of the images are mirrored; DeformRange::affine is the probability of
/// an affine map.
void draw_deformations(std::uint64_t seed, std::uint32_t epoch, std::uint32_t view, const Tensor& images,
                       const DeformRange& range, Tensor& parameters);
/// dst[n] = deformed pixels[rows[n]], from uint8 (M,H,W,3), or float32 in [0,1], to the compute type (N,H,W,3) in
/// [0,1], in one pass: affine map, saturation and hue in HSV, mirror. The map is bilinear with zeros outside; theta
/// takes output to input coordinates, [-1,1] from the first to the last pixel centre.
void deform(const Tensor& pixels, const Tensor& rows, const Tensor& parameters, Tensor& dst);
/// dst[n] = pixels[rows[n]] / 255, from uint8 (M,...) to the compute type (N,...).
void unit_range(const Tensor& pixels, const Tensor& rows, Tensor& dst);
/// dst[n] = src[rows[n]]; src (M,...) and dst (N,...) of one type, rows (N) int32.
void gather_rows(const Tensor& src, const Tensor& rows, Tensor& dst);
/// tensor[to[k]] = tensor[from[k]] for all k at once; from and to (K) int32. No row may be in both or twice in `to`.
void scatter_rows(const Tensor& from, const Tensor& to, Tensor& tensor);
/// dst = src, converted to dst's type; float32, bfloat16 or float64.
void convert(const Tensor& src, Tensor& dst);

// --- arithmetic ------------------------------------------------------------------------------------------------------

/// dst = a + scale * b, all of one shape and type: float32, bfloat16 or float64. dst may be a or b.
void add_scaled(const Tensor& a, double scale, const Tensor& b, Tensor& dst);
/// dst = |magnitudes| * sign(signs), sign(0) = 0; all of one shape and type, dst may be either.
void apply_signs(const Tensor& magnitudes, const Tensor& signs, Tensor& dst);
// --- random draws ----------------------------------------------------------------------------------------------------

/// dst[i] = number i of the stream, uniform in [-bound, bound): the same float32 numbers on every device and for every
/// number of threads. dst is float32 (float64 on the reference device).
void draw_uniform(const Random& stream, float bound, Tensor& dst);
/// dst[i] = one of 0 .. N-1 other than i, uniform, drawn with word i of the stream; 0 if N is 1. dst (N) int32.
void draw_negatives(const Random& stream, Tensor& dst);
/// dst (N) int32 = a uniform permutation of 0 .. N-1 (Fisher & Yates; Durstenfeld 1964). Starting from 0, 1, .. N-1,
/// for i = N-1 .. 1, place i is swapped with place floor(w (i+1) / 2^32); w is the next word of the stream.
void random_permutation(const Random& stream, Tensor& dst);

// --- optimisers ------------------------------------------------------------------------------------------------------

/// Both compute each step's increment and change its values by it (ParameterStep). All steps' parameters change at
/// once.
///   m = beta1 m + (1 - beta1) u;  v = beta2 v + (1 - beta2) u^2;  the state is m, v
///   increment = -learning_rate * (m / (1 - beta1^number)) / (sqrt(v / (1 - beta2^number)) + epsilon)
void adam_step(const Adam& adam, std::span<ParameterStep* const> steps);
///   velocity = momentum * velocity + u;  increment = -learning_rate * velocity;  the state is the velocity
void sgd_step(const Sgd& sgd, std::span<ParameterStep* const> steps);

}  // namespace biossl::ops
