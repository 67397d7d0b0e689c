#pragma once

#include "biossl/core/level.h"
#include "biossl/core/tensor.h"
#include "biossl/ops/pooled_error.h"
#include "biossl/ops/types.h"
#include "biossl/ops/weights.h"

// 3x3 convolutions by Winograd's minimal filtering F(4x4, 3x3) (Lavin & Gray 2016, arXiv:1509.09308), in float32: 36
// multiplications where the sum itself has 144. Tiles of 4x4 outputs depend on 6x6 inputs. In the space of the
// transforms a convolution is 36 matrix products over channels:
//   Y = A^T [sum over channels of (G g G^T) * (B^T d B)] A,
// with d a tile of the input, g the kernel, * by element. Its derivative by g is
//   G^T [sum over tiles of (B^T d B) * (A e A^T)] G,
// with e the error of Y.
namespace biossl::cpu::BIOSSL_LEVEL {

enum class ConvolutionPass { forward, backward_data };

/// Whether a convolution from `from` (N, H, W, I) to `to` (N, H, W, O) can be computed so, and gains by it: float32,
/// 3x3, stride 1, padding 1, at least 16 channels on both sides, multiples of a register's numbers (lane_count),
/// transformed weights of at most 16 MiB, and tiles that cover at most 1.5 times the map. Does not depend on N, so
/// neither do the results. One of the two may be below a pool, of other extents; `map` is the one that is not.
bool suits_winograd(const Tensor& from, const Conv2d& conv, const Tensor& to, const Tensor& map);

/// forward: to = activation(conv(from, weights) + bias), weights (O, 3, 3, I).
/// backward_data: the adjoint; `from` is the error (N, H, W, O), `to` that of the input (N, H, W, I).
/// float32; bias (O), or empty; any activation but tanh. The results do not depend on the number of threads.
void convolve_by_winograd(const Tensor& from, const Weights& weights, ConvolutionPass pass, const Tensor& bias,
                          Activation activation, Tensor& to);

/// The same forward, and a max-pool with windows of 2x2: what convolve_by_winograd() and ops::max_pool_forward() give,
/// bit for bit, without a map in between. dst and argmax (N, H / 2, W / 2, O).
void convolve_and_pool_by_winograd(const Tensor& src, const Weights& weights, const Tensor& bias, Activation activation,
                                   Tensor& dst, Tensor& argmax);

/// The adjoint from the errors below a max-pool with windows of 2x2, without a map of them.
void send_back_by_winograd(const PooledError& error, const Weights& weights, Tensor& d_src);

/// Whether update_by_winograd() gains too: each thread has sums of its own, 36 I O numbers, which take up to 6 MiB.
bool suits_winograd_update(const Tensor& src, const Conv2d& conv, const Tensor& d_dst);

/// d_weights (O, 3, 3, I) from the input src (N, H, W, I) and the error d_dst (N, H, W, O), float32. Each thread sums
/// over tiles of its own.
void update_by_winograd(const Tensor& src, const Tensor& d_dst, Tensor& d_weights);

/// The same from the errors below a max-pool with windows of 2x2.
void update_by_winograd(const Tensor& src, const PooledError& error, Tensor& d_weights);

}  // namespace biossl::cpu::BIOSSL_LEVEL
