#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "biossl/recipe/component_kinds.h"
#include "src/module.h"

namespace biossl::python {
namespace {

nb::list options_of(const std::vector<Field>& fields) {
  nb::list options;
  for (const Field& field : fields) options.append(nb::make_tuple(field.name, field.value, field.comment));
  return options;
}

/// {key of a recipe: {name: (summary, [(option, default, comment), …])}}
nb::dict list_components() {
  nb::dict kinds;
  for (const ComponentKind& kind : component_kinds()) {
    nb::dict entries;
    for (const NamedComponent& component : kind.components) {
      entries[component.name.c_str()] = nb::make_tuple(component.summary, options_of(component.fields));
    }
    kinds[kind.keys.front()] = entries;
  }
  return kinds;
}

}  // namespace

void bind_registry(nb::module_& module) {
  module.def("suggestion", &suggestion, nb::arg("name"), nb::arg("names"),
             "The end of a message about an unknown name: the nearest one that there is, else all of them.");
  module.def("list_components", &list_components, "What a recipe can name, by the key that names it.");
}

}  // namespace biossl::python
