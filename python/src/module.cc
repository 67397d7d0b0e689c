#include "src/module.h"

NB_MODULE(_core, module) {
  module.doc() = "The engine of biossl. Use the package biossl, which is made of it.";
  using namespace biossl::python;
  for (const auto bind : {bind_wording, bind_errors, bind_process, bind_recipes, bind_registry, bind_images, bind_runs,
                          bind_encoder, bind_layers, bind_trainer, bind_probes, bind_components, bind_lock}) {
    bind(module);
  }
}
