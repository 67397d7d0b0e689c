#include "biossl/backend/cpu/matrix_product.h"

#include "biossl/backend/cpu/onednn.h"

namespace biossl::cpu {

void matrix_product(const Tensor& a, As a_as, const Tensor& b, As b_as, Tensor& c) {
  thread_local PrimitiveCache<> cache;
  const bool transposed_a = a_as == As::transposed;
  const bool transposed_b = b_as == As::transposed;
  Primitive& primitive = cache.get(key_of({&a, &b, &c}, {transposed_a ? 1 : 0, transposed_b ? 1 : 0}),
                                   [&] { return make_matrix_product(a, transposed_a, b, transposed_b, c); });
  primitive.bind(DNNL_ARG_SRC, a.raw());
  primitive.bind(DNNL_ARG_WEIGHTS, b.raw());
  primitive.bind(DNNL_ARG_DST, c.raw());
  primitive.run();
}

}  // namespace biossl::cpu
