#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <vector>

#include "biossl/network/network.h"

namespace biossl::python {

/// A layer of a network by its name, "blocks.0" or "heads.4". The network must outlive it.
struct Layer {
  std::string name;
  Synapses* synapses;
  nanobind::object owner = {};  // what the network belongs to, for a layer in Python
};

std::vector<Layer> layers_of(Network& network);
/// A list of them for Python; each keeps `owner`, the object that the network belongs to, alive.
nanobind::list list_layers(Network& network, nanobind::handle owner);

}  // namespace biossl::python
