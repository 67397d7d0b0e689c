#include "biossl/network/head.h"

#include "biossl/core/error.h"
#include "biossl/network/layers.h"

namespace biossl {

State Head::state(const std::string& name, bool learning) {
  return state_of_layers(name, learning, [&](const auto&... arguments) { each_layer(arguments...); });
}

void Head::restored() {
  each_layer("", [](const std::string&, Synapses& synapses) { synapses.restored(); });
}

Synapses& Head::synapses() {
  return first_layer("a head of kind " + description(), [&](const auto&... arguments) { each_layer(arguments...); });
}

Shape average_pooled(const Shape& map, std::int64_t window) {
  check(window >= 1, "network.head", "average_pool = {} must be at least 1", window);
  const Shape pooled{map[0] / window, map[1] / window, map[2]};
  check(pooled[0] >= 1 && pooled[1] >= 1, "network.head", "average_pool = {} shrinks a {}x{} map to nothing", window,
        map[0], map[1]);
  return pooled;
}

}  // namespace biossl
