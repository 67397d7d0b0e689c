#pragma once

#include <nanobind/nanobind.h>

// What the extension module biossl._core is made of. Each function adds one part to it.

namespace biossl::python {

namespace nb = nanobind;

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

}  // namespace biossl::python
