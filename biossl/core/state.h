#pragma once

#include <string>
#include <vector>

#include "biossl/core/tensor.h"

namespace biossl {

/// One tensor of a run's state, shared with the component it belongs to: what a checkpoint keeps and a resumed run gets
/// back.
struct StateTensor {
  std::string name;     ///< "blocks.0.weight"
  Tensor tensor;        ///< the live values
  Shape channels_last;  ///< (O, H, W, C) where the file holds channels first, (O, C, H, W); otherwise of rank 0
  Shape file_shape;     ///< the shape in the file; (O, C*H*W) for a linear layer over a map
};

/// What learns or remembers gives its state as a list. Loading writes through the tensors and then calls `restored`, so
/// that copies kept beside them are made anew.
using State = std::vector<StateTensor>;

}  // namespace biossl
