#pragma once

#include <nanobind/nanobind.h>

// What the extension module biossl._core is made of. Each function adds one part to it.

namespace biossl::python {

namespace nb = nanobind;

void bind_wording(nb::module_& module);
void bind_lock(nb::module_& module);
void bind_errors(nb::module_& module);
void bind_process(nb::module_& module);
void bind_recipes(nb::module_& module);
void bind_registry(nb::module_& module);
void bind_images(nb::module_& module);
void bind_runs(nb::module_& module);
void bind_encoder(nb::module_& module);
void bind_layers(nb::module_& module);
void bind_trainer(nb::module_& module);
void bind_probes(nb::module_& module);
/// Components that are written in Python, a file a kind (src/components).
void bind_components(nb::module_& module);
void bind_random(nb::module_& module);
void bind_losses(nb::module_& module);
void bind_feedback(nb::module_& module);
void bind_views(nb::module_& module);
void bind_datasets(nb::module_& module);
void bind_tensors(nb::module_& module);
void bind_rules(nb::module_& module);
void bind_inner_layers(nb::module_& module);
void bind_heads(nb::module_& module);
void bind_blocks(nb::module_& module);

}  // namespace biossl::python
