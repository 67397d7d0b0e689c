#include "src/structure.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>

#include "biossl/recipe/recipe_sections.h"

namespace biossl::python {
namespace {

nb::dict options_of(const std::vector<Field>& fields) {
  nb::dict options;
  for (const Field& field : fields) options[field.name.c_str()] = field.value;
  return options;
}

template <class Spec>
nb::dict describe(const std::string& name, const Spec& spec, const std::vector<Field>& fields) {
  nb::dict part;
  part["name"] = name;
  part["kind"] = spec.kind;
  part["options"] = options_of(fields);
  return part;
}

std::vector<Field> fields_of(const BlockSpec& spec) {
  if (spec.kind == "convolution") return list_fields(to_recipe(spec));
  return BlockRegistry::instance().find(spec.kind).resolve(spec.settings);
}

std::vector<Field> fields_of(const HeadSpec& spec) {
  if (spec.kind == "linear") return list_fields(to_recipe(spec));
  return HeadRegistry::instance().find(spec.kind).resolve(spec.settings);
}

/// The values with the axes of weights_of, which array_of then shows with channels second.
Tensor shown(const StateTensor& state) {
  return state.channels_last.rank() == 0 ? state.tensor : state.tensor.reshaped(state.channels_last);
}

}  // namespace

nb::tuple extents(const Shape& shape) {
  nb::list list;
  for (int axis = 0; axis < shape.rank(); ++axis) list.append(shape[axis]);
  return nb::tuple(list);
}

nb::dict structure_of(Network& network) {
  const NetworkSpec& spec = network.spec();
  nb::list blocks;
  nb::list heads;
  for (int index = 0; index < network.depth(); ++index) {
    const BlockSpec& block = spec.blocks[static_cast<std::size_t>(index)];
    nb::dict part = describe(fmt::format("blocks.{}", index), block, fields_of(block));
    const Shape& output = network.block(index).plan().output;
    part["output"] = nb::make_tuple(output[2], output[0], output[1]);
    blocks.append(part);
    if (!network.has_head(index)) continue;
    nb::dict head = describe(fmt::format("heads.{}", index), spec.head, fields_of(spec.head));
    head["block"] = index;
    head["predictions"] = spec.head.predictions;
    heads.append(head);
  }
  nb::dict whole;
  whole["image"] = extents(network.image());
  whole["mean"] = spec.input.mean;
  whole["std"] = spec.input.std;
  whole["blocks"] = blocks;
  whole["heads"] = heads;
  return whole;
}

nb::list weights_of(Network& network) {
  nb::list weights;
  for (const StateTensor& state : network.state(false)) {
    weights.append(nb::make_tuple(state.name, array_of(shown(state)), extents(state.file_shape)));
  }
  return weights;
}

void set_weights(Network& network, const std::string& name, const Array& values) {
  for (const StateTensor& state : network.state(false)) {
    if (state.name != name) continue;
    Tensor live = shown(state);
    Tensor host = on_device(live, Device::cpu);
    copy_into(values, host, name);
    if (live.device() != host.device()) copy(host, live);
    return;
  }
  fail("weights", "there are none of the name '{}'", name);
}

}  // namespace biossl::python
