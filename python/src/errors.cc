#include <exception>
#include <filesystem>

#include "biossl/core/error.h"
#include "biossl/runs/reporter.h"
#include "src/module.h"

namespace biossl::python {
namespace {

/// What has no exception class of its own. std::invalid_argument becomes ValueError by nanobind's own rules.
void translate(const std::exception_ptr& error, void* /*payload*/) {
  try {
    std::rethrow_exception(error);
  } catch (const Interrupted& stopped) {
    PyErr_SetString(PyExc_KeyboardInterrupt, stopped.what());
  } catch (const std::filesystem::filesystem_error& fault) {
    const std::string text = fault.path1().string() + ": " + fault.code().message();
    PyErr_SetString(PyExc_OSError, text.c_str());
  }
}

}  // namespace

void bind_errors(nb::module_& module) {
  nb::register_exception_translator(translate);
  const auto add = [&](auto& type, const char* doc) { type.attr("__doc__") = doc; };
  nb::exception<WriteError> write_error(module, "WriteError", PyExc_OSError);
  add(write_error, "A file cannot be written: full disk, no permission. The old content is still there.");
  nb::exception<InUse> in_use(module, "InUse", PyExc_RuntimeError);
  add(in_use, "Another process uses the same folder: a run directory, a reproduction's folder or a data folder.");
  nb::exception<BadInput> bad_input(module, "BadInput", PyExc_ValueError);
  add(bad_input,
      "Something read from outside is wrong: a recipe, a data file, a checkpoint. The message names the place.");
}

}  // namespace biossl::python
