#pragma once

#include <string>
#include <vector>

#include "biossl/core/tensor.h"

namespace biossl {

/// One tensor of a run's state, shared with its component. A checkpoint stores it and a resumed run restores it.
struct StateTensor {
  std::string name;     ///< "blocks.0.weight"
  Tensor tensor;        ///< the live values
  Shape channels_last;  ///< (O, H, W, C) if the file holds (O, C, H, W); otherwise of rank 0
  Shape file_shape;     ///< the shape in the file; (O, C*H*W) for a linear layer over a map
};

/// The state of a component. Loading writes through the tensors and then calls `restored`, so that copies derived from
/// them are made again.
using State = std::vector<StateTensor>;

}  // namespace biossl
