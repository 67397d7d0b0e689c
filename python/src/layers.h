#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <vector>

#include "biossl/network/network.h"

namespace biossl::python {

class ProcessMutex;

/// A layer of a network by its name, "blocks.0" or "heads.4". The network must outlive it.
struct Layer {
  std::string name;
  Synapses* synapses;
  nanobind::object owner = {};    // what the network and the mutex belong to, for a layer in Python
  ProcessMutex* mutex = nullptr;  // of those who compute with the network
};

std::vector<Layer> layers_of(Network& network);
/// A list of them for Python; each keeps `owner`, the object that the network and the mutex belong to, alive. Whoever
/// looks at a layer, or sets something of it, waits for the end of a step in another thread.
nanobind::list list_layers(Network& network, ProcessMutex& mutex, nanobind::handle owner);

}  // namespace biossl::python
