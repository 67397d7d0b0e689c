#pragma once

#include <string>

#include "biossl/network/block.h"

namespace biossl {

/// The state of all layers that `each_layer(name, visitor)` visits.
template <class EachLayer>
State state_of_layers(const std::string& name, bool learning, const EachLayer& each_layer) {
  State state;
  each_layer(name, [&](const std::string& layer, Synapses& synapses) {
    const State part = synapses.state(layer + ".", learning);
    state.insert(state.end(), part.begin(), part.end());
  });
  return state;
}

/// The first of those layers; throws std::invalid_argument, naming `who`, where there is none.
template <class EachLayer>
Synapses& first_layer(const std::string& who, const EachLayer& each_layer) {
  Synapses* first = nullptr;
  each_layer("", [&](const std::string&, Synapses& synapses) {
    if (first == nullptr) first = &synapses;
  });
  check(first != nullptr, "network", "{} has no synapses", who);
  return *first;
}

}  // namespace biossl
