#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"
#include "biossl/backend/shared/draws.h"

namespace biossl::cuda {

constexpr int order_threads = 1024;

enum class Exchange : std::int32_t { waits, wins, made };

/// The permutation of shared::random_permutation, with the swaps i = count-1 .. 1 made in parallel (deterministic
/// reservations; Shun, Gu, Blelloch, Fineman & Gibbons 2015). A swap must wait for those of greater i that share a
/// place with it: in each round every waiting swap bids for both its places, the greatest bid wins, and a swap that
/// wins both places is made. 50,000 places take 40 rounds, a million 48. bids and states (count). One block.
__global__ void __launch_bounds__(order_threads)
    draw_order_kernel(Random stream, std::uint32_t count, std::int32_t* order, std::uint32_t* bids, Exchange* states) {
  for (std::uint32_t i = threadIdx.x; i < count; i += order_threads) {
    order[i] = static_cast<std::int32_t>(i);
    bids[i] = 0;
    states[i] = Exchange::waits;
  }
  int waiting = 1;
  do {
    __syncthreads();
    for (std::uint32_t i = threadIdx.x + 1; i < count; i += order_threads) {
      if (states[i] != Exchange::waits) continue;
      atomicMax(&bids[i], i);
      atomicMax(&bids[shared::partner_in_order(i, count, stream)], i);
    }
    __syncthreads();
    waiting = 0;
    for (std::uint32_t i = threadIdx.x + 1; i < count; i += order_threads) {
      if (states[i] != Exchange::waits) continue;
      const std::uint32_t partner = shared::partner_in_order(i, count, stream);
      if (bids[i] != i || bids[partner] != i) {
        waiting = 1;
        continue;
      }
      const std::int32_t its = order[i];
      order[i] = order[partner];
      order[partner] = its;
      states[i] = Exchange::wins;
    }
    __syncthreads();
    for (std::uint32_t i = threadIdx.x + 1; i < count; i += order_threads) {
      if (states[i] != Exchange::wins) continue;
      bids[shared::partner_in_order(i, count, stream)] = 0;
      states[i] = Exchange::made;
    }
  } while (__syncthreads_or(waiting) != 0);
}

void draw_uniform(const Random& stream, float bound, Tensor& dst) {
  float* to = dst.data<float>();
  for_each(dst.size(), [=] __device__(std::int64_t i) { to[i] = stream.ahead(i).symmetric(bound); });
}

void draw_negatives(const Random& stream, Tensor& dst) {
  std::int32_t* to = dst.data<std::int32_t>();
  const std::int64_t count = dst.size();
  for_each(count, [=] __device__(std::int64_t i) { to[i] = shared::other_than(i, count, stream); });
}

void random_permutation(const Random& stream, Tensor& dst) {
  auto* bids = reinterpret_cast<std::uint32_t*>(scratch(2 * dst.bytes()));
  auto* states = reinterpret_cast<Exchange*>(bids + dst.size());
  launch(draw_order_kernel, dim3(1), dim3(order_threads), stream, static_cast<std::uint32_t>(dst.size()),
         dst.data<std::int32_t>(), bids, states);
}

}  // namespace biossl::cuda
