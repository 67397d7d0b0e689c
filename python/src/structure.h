#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "biossl/network/network.h"
#include "src/arrays.h"

namespace biossl::python {

/// What a network is made of, for those who build the same one elsewhere:
///   image    (H, W, C) that the first block sees, of numbers x in [0,1] that it gets as (x - mean) / std
///   blocks   from the lowest: name ("blocks.0"), kind, options {key of a recipe: value}, output (C, H, W)
///   heads    likewise, with `block`, the block that it stands on, and `predictions`, HeadSpec's; without output
nb::dict structure_of(Network& network);

/// The weights of blocks and heads, in the order of a checkpoint: (name, array, shape). An array shares the network's
/// memory and shows a layer over a map as (O, C, H, W); shape is that of PyTorch and of the file, (O, C*H*W) where the
/// layer is linear.
nb::list weights_of(Network& network);
/// Copies an array with the axes that weights_of shows into the weights of this name; network.restored() comes behind
/// the last one. Throws std::invalid_argument for an unknown name or another shape.
void set_weights(Network& network, const std::string& name, const Array& values);

/// Shape as a tuple.
nb::tuple extents(const Shape& shape);

}  // namespace biossl::python
