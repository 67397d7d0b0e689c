#pragma once

#include "biossl/core/tensor.h"
#include "biossl/network/plasticity.h"
#include "biossl/network/update_queue.h"

namespace biossl {

/// How an update is computed and applied. Converts from a learning rate: computed for a whole batch, applied at once.
struct UpdateOptions {
  double learning_rate;
  bool accumulate = false;  ///< add to the update of the batch's earlier micro-batches
  bool apply = true;        ///< false: the batch has further micro-batches, whose updates are to be added
  UpdateQueue* queue;       ///< where the update waits to be applied; null: it is applied at once
  /// g (O), of the weights' type: a unit's weights get the update plus g times themselves, for plasticity without an
  /// error: dW_k = -sum_n (f_nk x_n - g_nk W_k) as the update, f the error's negative, g summed over n. Empty: none.
  Tensor unit_decay{};
  Plasticity* plasticity = nullptr;  ///< what changes the finished update; null: nothing

  UpdateOptions(double rate, UpdateQueue* waits_in = nullptr)  // NOLINT(google-explicit-constructor)
      : learning_rate(rate), queue(waits_in) {}
};

}  // namespace biossl
