#include "biossl/backend/shared/activation.h"

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/activation.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

double activate(Activation activation, double x) {
  return shared::with_activation(activation, [x](auto which) { return shared::activate<which()>(x); });
}

double activation_slope(Activation activation, double y) {
  return shared::with_activation(activation, [y](auto which) { return shared::activation_slope<which()>(y); });
}

void activation_backward(const Tensor& d_dst, const Tensor& dst, Activation activation, Tensor& d_src) {
  std::vector<double> error = load(d_dst);
  const std::vector<double> output = load(dst);
  for (std::size_t i = 0; i < error.size(); ++i) error[i] *= activation_slope(activation, output[i]);
  store(error, d_src);
}

}  // namespace biossl::reference
