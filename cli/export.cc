#include "cli/export.h"

#include <memory>
#include <stdexcept>

#include "cli/commands.h"

namespace biossl::cli {
namespace {

struct ExportCommand {
  std::string run;
  std::string tensorboard;
  std::string onnx;
};

void export_run(const ExportCommand& command) {
  if (!command.tensorboard.empty())
    become(tensorboard_module(), {"--tensorboard", command.tensorboard, "--", command.run});
  if (command.onnx.empty()) throw std::invalid_argument("name a format: --tensorboard DIR or --onnx FILE");
  become({.name = "biossl.export", .needs = {"biossl.export.onnx", "onnx"}, .extra = "onnx"},
         {"--onnx", command.onnx, "--", command.run});
}

}  // namespace

PythonModule tensorboard_module() {
  return {.name = "biossl.export", .needs = {"numpy", "tensorboard"}, .extra = "report"};
}

void add_export(Command app) {
  Command sub = app.add_subcommand("export", "write a run for other programs");
  const auto command = std::make_shared<ExportCommand>();
  sub.add_option("run", command->run, "run directory").required().check(path_word()).type_name("RUN");
  const Option tensorboard =
      sub.add_option("--tensorboard", command->tensorboard, "folder of TensorBoard; the run is a folder in it")
          .check(path_word())
          .type_name("DIR");
  sub.add_option("--onnx", command->onnx, "ONNX file to write the encoder to")
      .check(path_word())
      .excludes(tensorboard)
      .type_name("FILE");
  sub.footer(
      "The Python package writes them. In the source folder: pip install '.[report]' for TensorBoard, '.[onnx]' for "
      "ONNX.\n"
      "  biossl export runs/quick-seed1 --tensorboard events && tensorboard --logdir events\n"
      "  biossl export runs/quick-seed1 --onnx encoder.onnx");
  sub.callback([command] { export_run(*command); });
}

}  // namespace biossl::cli
