#include "biossl/data/views.h"

#include "biossl/core/error.h"

namespace biossl {

Tensor resident_pixels(const ViewSource& source) { return on_device(source.dataset.pixels(), source.device); }

void check_batch(const ViewSource& source, const Tensor& rows) {
  check(rows.shape().rank() == 1 && rows.extent(0) <= source.batch, "views",
        "rows of shape {}; these views were made for batches of at most {}", to_string(rows.shape()), source.batch);
}

}  // namespace biossl
