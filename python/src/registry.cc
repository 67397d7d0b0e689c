#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>

#include <string>

#include "biossl/data/views.h"
#include "biossl/feedback/feedback.h"
#include "biossl/losses/loss.h"
#include "biossl/network/block.h"
#include "biossl/network/head.h"
#include "biossl/network/spec.h"
#include "biossl/optim/optimizer.h"
#include "biossl/rules/rule.h"
#include "src/module.h"

namespace biossl::python {
namespace {

nb::list options_of(const std::vector<Field>& fields) {
  nb::list options;
  for (const Field& field : fields) options.append(nb::make_tuple(field.name, field.value, field.comment));
  return options;
}

template <class RegistryType>
void add_kind(nb::dict& kinds, const char* key) {
  nb::dict entries;
  for (const auto& [name, entry] : RegistryType::instance().entries()) {
    entries[name.c_str()] = nb::make_tuple(entry.summary, options_of(entry.fields));
  }
  kinds[key] = entries;
}

/// {key of a recipe: {name: (summary, [(option, default, comment), …])}}
nb::dict list_components() {
  nb::dict kinds;
  add_kind<DatasetRegistry>(kinds, "data.pretrain");
  add_kind<ViewsRegistry>(kinds, "views.kind");
  nb::dict presets;
  for (const std::string& name : preset_names()) {
    presets[name.c_str()] = nb::make_tuple(std::string(preset_summary(name)), nb::list());
  }
  kinds["network.preset"] = presets;
  add_kind<BlockRegistry>(kinds, "network.blocks.kind");
  add_kind<HeadRegistry>(kinds, "network.head.kind");
  add_kind<LossRegistry>(kinds, "loss.kind");
  add_kind<RuleRegistry>(kinds, "rule.kind");
  add_kind<FeedbackRegistry>(kinds, "rule.feedback");
  add_kind<OptimizerRegistry>(kinds, "train.optimizer");
  return kinds;
}

}  // namespace

void bind_registry(nb::module_& module) {
  module.def("list_components", &list_components, "What a recipe can name, by the key that names it.");
}

}  // namespace biossl::python
