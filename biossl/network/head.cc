#include "biossl/network/head.h"

#include <algorithm>

#include "biossl/core/error.h"
#include "biossl/network/layers.h"
#include "biossl/ops/elementwise.h"
#include "biossl/ops/ops.h"

namespace biossl {

State Head::state(const std::string& name, bool learning) {
  return state_of_layers(name, learning, [&](const auto&... arguments) { each_layer(arguments...); });
}

void Head::restored() {
  each_layer("", [](const std::string&, Synapses& synapses) { synapses.restored(); });
}

Synapses& Head::synapses() {
  return first_layer("the head \"" + description() + "\"", [&](const auto&... arguments) { each_layer(arguments...); });
}

void check_reads_no_blocks(const Head& head) {
  check(head.reads_blocks().empty(), "network.head",
        "this head ({}) reads the outputs of other blocks; only the rule \"local\" hands them to it; set rule.kind = "
        "\"local\"",
        head.description());
}

Shape average_pooled(const Shape& map, std::int64_t window) {
  check(window >= 1, "network.head", "average_pool = {} must be at least 1", window);
  const Shape pooled{map[0] / window, map[1] / window, map[2]};
  check(pooled[0] >= 1 && pooled[1] >= 1, "network.head",
        "average_pool = {} shrinks a {}x{} map to nothing; set network.head.average_pool = {}", window, map[0], map[1],
        std::min(map[0], map[1]));
  return pooled;
}

void spread_over_positions(Tensor& error, Tensor& error_activity) {
  const double positions = static_cast<double>(error_activity.extent(1) * error_activity.extent(2));
  ops::scale(error, 1.0 / positions, error);
  error_activity.fill_zero();
  ops::combine(error_activity, Combination::add, error, error_activity);
}

}  // namespace biossl
