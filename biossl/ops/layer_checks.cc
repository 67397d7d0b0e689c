#include "biossl/ops/layer_checks.h"

#include "biossl/core/error.h"

namespace biossl::ops {

void check_convolution(std::string_view operation, const Argument& src, const Argument& weights, const Argument& bias,
                       const Argument& dst, const Conv2d& conv) {
  const Checks checks(operation);
  checks.same_device({src, weights, dst}, {bias});
  checks.convolution(conv, src.tensor.device());
  checks.rank(src, 4);
  checks.rank(weights, 4);
  checks.rank(dst, 4);
  const Shape& in = src.tensor.shape();
  const Shape& weight = weights.tensor.shape();
  check(in[3] == weight[3], operation, "{} has {} channels, {} expect {}", src.name, in[3], weights.name, weight[3]);
  check(in[3] >= 1, operation, "{} is {}; it has no channels", src.name, to_string(in));
  checks.shape(weights, {weight[0], conv.vertical().kernel, conv.kernel, weight[3]});
  checks.holds_kernel(src, conv);
  checks.shape(dst, {in[0], conv.output_height(in[1]), conv.output_width(in[2]), weight[0]});
  checks.optional_shape(bias, {weight[0]});
  checks.compute_type(src);
  checks.type(dst, src.tensor.dtype());
  checks.type(weights, master_type(src.tensor.dtype()));
  checks.optional_type(bias, master_type(src.tensor.dtype()));
}

void check_pooling(std::string_view operation, const Argument& src, std::int64_t window, const Argument& dst) {
  const Checks checks(operation);
  checks.rank(src, 4);
  check(window >= 1, operation, "a window of {}; it must be at least 1", window);
  const Shape& in = src.tensor.shape();
  check(in[1] >= window && in[2] >= window, operation, "{} is {}, smaller than the window of {}", src.name,
        to_string(in), window);
  checks.shape(dst, {in[0], in[1] / window, in[2] / window, in[3]});
  checks.compute_type(src);
  checks.type(dst, src.tensor.dtype());
}

void check_argmax(std::string_view operation, const Argument& argmax, std::int64_t window, const Shape& pooled) {
  const Checks checks(operation);
  check(window <= largest_pool, operation, "a window of {}; argmax counts up to {} x {} elements", window, largest_pool,
        largest_pool);
  checks.shape(argmax, pooled);
  checks.type(argmax, DType::uint8);
}

}  // namespace biossl::ops
