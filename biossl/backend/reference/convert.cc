#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void convert(const Tensor& src, Tensor& dst) { store(load(src), dst); }

}  // namespace biossl::reference
