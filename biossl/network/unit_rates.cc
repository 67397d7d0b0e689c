#include "biossl/network/unit_rates.h"

#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

namespace biossl {

void UnitRates::transform(const Tensor& weights, Tensor& weight_update, Tensor& /*bias_update*/) {
  const Shape rows{weights.extent(0), weights.shape().row_size()};
  if (room_.empty()) {
    room_ = Tensor(rows, weights.dtype(), weights.device());
    rates_ = Tensor({rows[0], 1}, weights.dtype(), weights.device());
    largest_ = Tensor({1, 1}, weights.dtype(), weights.device());
    exponent_ = Tensor({1, 1}, weights.dtype(), weights.device());
    ops::scale(exponent_, 0, exponent_, power_);
  }
  Tensor all = weight_update.reshaped({1, rows.size()});
  Tensor room = room_.reshaped(all.shape());
  ops::apply(Function::absolute, all, room);
  ops::reduce(Reduction::maximum, room, over_channels, largest_);
  ops::scale(largest_, 1, largest_, 1e-12);
  ops::combine(all, Combination::divide, largest_, all);
  ops::apply(Function::square, weights.reshaped(rows), room_);
  ops::reduce(Reduction::sum, room_, over_channels, rates_);
  ops::apply(Function::square_root, rates_, rates_);
  ops::scale(rates_, 1, rates_, -1);
  ops::apply(Function::absolute, rates_, rates_);
  ops::combine(rates_, Combination::power, exponent_, rates_);
  Tensor update = weight_update.reshaped(rows);
  ops::combine(update, Combination::multiply, rates_, update);
}

}  // namespace biossl
