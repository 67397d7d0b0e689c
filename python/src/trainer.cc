#include "biossl/training/trainer.h"

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "biossl/runs/checkpoint.h"
#include "biossl/runs/precision.h"
#include "biossl/runs/run_differences.h"
#include "src/arrays.h"
#include "src/encoding.h"
#include "src/layers.h"
#include "src/lock.h"
#include "src/module.h"
#include "src/process.h"
#include "src/process_mutex.h"
#include "src/reporter.h"
#include "src/watcher.h"

namespace biossl::python {
namespace {

/// Lets a trainer go, which waits for its threads that read ahead; so the lock of the interpreter is given back.
struct TrainerRelease {
  void operator()(Trainer* trainer) const {
    if (engine_threads_are_stuck()) return;  // the process is about to go, and they would be waited for in vain
    if (is_engine_thread()) {
      // The collector of garbage runs in any thread. One of the trainer's own cannot wait for itself.
      const auto release = [](void* given) {
        TrainerRelease()(static_cast<Trainer*>(given));
        return 0;
      };
      Py_AddPendingCall(release, trainer);
      return;
    }
    const Unlocked unlocked;
    delete trainer;
  }
};

/// Marks a step as under way for a scope. Throws where one is.
class Stepping {
 public:
  explicit Stepping(bool& is_stepping) : is_stepping_(is_stepping) {
    check(!is_stepping, "trainer", "a step is under way, and what watches it cannot take another");
    is_stepping_ = true;
  }
  Stepping(const Stepping&) = delete;
  Stepping& operator=(const Stepping&) = delete;
  ~Stepping() { is_stepping_ = false; }

 private:
  bool& is_stepping_;
};

/// A trainer that is driven step by step.
class SteppedTrainer {
 public:
  SteppedTrainer(Recipe recipe, const std::filesystem::path& data, const std::string& device,
                 const std::filesystem::path& resume, nb::object target) {
    PythonReporter reporter(std::move(target));
    const Unlocked unlocked;
    ExecutionContext context = context_of(data, device);
    context.progress = stage_progress(reporter, "reading images");
    context.note = [&](std::string_view line) { reporter.note(line); };
    std::optional<Checkpoint> last;
    if (!resume.empty()) {
      last.emplace(open_checkpoint(resume, context.note));
      continue_precision(recipe, last->recipe_for_reading(), context.device, reporter);
    }
    settle_precision(recipe, context.device, reporter);
    check_precision(recipe, context.device);
    recipe_ = recipe;
    if (last || recipe.train.from.empty()) {
      trainer_.reset(new Trainer(recipe, context));
    } else {
      const Checkpoint start = open_checkpoint(recipe.train.from, context.note);
      trainer_.reset(new Trainer(recipe, context, &start));
    }
    if (last) {
      require_same_run(last->path(), last->recipe_for_reading(), recipe, context.device, trainer_->epochs_are_free());
      trainer_->resume(*last);
    }
    trainer_->network().set_observer(&watcher_);
  }

  double step() {
    const Unlocked unlocked;
    const std::scoped_lock lock(mutex_);
    if (owner_ == std::thread::id()) owner_ = std::this_thread::get_id();
    check(owner_ == std::this_thread::get_id(), "trainer",
          "a trainer takes all its steps in one thread, and this one took its first in another");
    const Stepping stepping(is_stepping_);
    start_computing();
    watcher_.set_step(steps_done());
    return trainer_->advance();
  }
  std::int64_t steps_done() const {
    return trainer_->progress().epoch * trainer_->batches() + trainer_->progress().batch;
  }
  void save(const std::filesystem::path& file) {
    const Unlocked unlocked;
    const std::scoped_lock lock(mutex_);
    start_computing();
    trainer_->save_to(file);
  }
  /// Calls act() with the lock of the interpreter, while no other thread is in a step.
  template <class Act>
  auto between_steps(const Act& act) {
    return in_turn(mutex_, act);
  }
  nb::list layers(nb::handle self) { return list_layers(trainer_->network(), mutex_, self); }
  Trainer& trainer() { return *trainer_; }
  Watcher& watcher() { return watcher_; }
  const Recipe& recipe() const { return recipe_; }

  /// The views that the next step learns from, as the network sees them.
  nb::object next_views() {
    Tensor views;
    {
      const Unlocked unlocked;
      const std::scoped_lock lock(mutex_);
      start_computing();
      views = trainer_->next_batch().clone();
    }
    return array_of(views);
  }
  nb::object encode(const Array& images, std::optional<int> block, nb::object target) {
    const bool bytes = images.dtype() == nb::dtype<std::uint8_t>();
    const Tensor pixels = tensor_over(images, bytes ? DType::uint8 : DType::float32, "images");
    PythonReporter reporter(std::move(target));
    Tensor result;
    {
      const Unlocked unlocked;
      const std::scoped_lock lock(mutex_);
      result = python::encode(trainer_->network(), pixels, block, recipe_.views, stage_progress(reporter, "encoding"));
    }
    return array_of(result);
  }

 private:
  Recipe recipe_;
  Watcher watcher_;  // outlives the network, which knows it
  std::unique_ptr<Trainer, TrainerRelease> trainer_;
  std::thread::id owner_;  // takes the steps; primitives belong to a thread
  ProcessMutex mutex_;     // one step at a time; a function that watches a step may read the network
  bool is_stepping_ = false;
};

std::int64_t watch(SteppedTrainer& self, const std::string& layer, Watched what, std::int64_t every,
                   nb::object target) {
  std::vector<std::string> names;
  for (const Layer& each : layers_of(self.trainer().network())) names.push_back(each.name);
  check(std::ranges::count(names, layer) > 0, "watch", "there is no layer '{}'{}", layer, suggestion(layer, names));
  return self.between_steps([&] { return self.watcher().add(layer, what, every, std::move(target)); });
}

/// A function that looks may know the trainer that calls it; the collector of garbage finds such circles here.
int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (!nb::inst_ready(self)) return 0;
  return nb::inst_ptr<SteppedTrainer>(self)->watcher().traverse(visit, arg);
}

int clear(PyObject* self) {
  if (nb::inst_ready(self)) nb::inst_ptr<SteppedTrainer>(self)->watcher().clear();
  return 0;
}

PyType_Slot slots[] = {
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)}, {Py_tp_clear, reinterpret_cast<void*>(clear)}, {0, nullptr}};

}  // namespace

void bind_trainer(nb::module_& module) {
  nb::enum_<Watched>(module, "Watched")
      .value("activity", Watched::activity)
      .value("error_in", Watched::error_in)
      .value("error_out", Watched::error_out)
      .value("update", Watched::update);
  using Self = SteppedTrainer;
  nb::class_<Self>(module, "Trainer", nb::type_slots(slots), "Training step by step.")
      .def(nb::init<Recipe, const std::filesystem::path&, const std::string&, const std::filesystem::path&,
                    nb::object>(),
           nb::arg("recipe"), nb::arg("data"), nb::arg("device"), nb::arg("resume"), nb::arg("reporter"))
      .def("step", &Self::step)
      .def_prop_ro("recipe", &Self::recipe, nb::rv_policy::copy)
      .def_prop_ro("epoch", [](Self& self) { return self.trainer().progress().epoch; })
      .def_prop_ro("batch", [](Self& self) { return self.trainer().progress().batch; })
      .def_prop_ro("steps", &Self::steps_done)
      .def_prop_ro("epochs", [](Self& self) { return self.trainer().total_epochs(); })
      .def_prop_ro("batches", [](Self& self) { return self.trainer().batches(); })
      .def_prop_ro("stage", [](Self& self) { return self.trainer().rule().stage(self.trainer().progress().epoch); })
      .def_prop_ro("depth", [](Self& self) { return self.trainer().network().depth(); })
      .def("description", [](Self& self, int block) { return self.trainer().network().block(block).description(); })
      .def("has_head", [](Self& self, int block) { return self.trainer().network().has_head(block); })
      .def("layers", [](nb::handle self) { return nb::cast<Self&>(self).layers(self); })
      .def("watch", &watch, nb::arg("layer"), nb::arg("what"), nb::arg("every"), nb::arg("target"))
      .def(
          "unwatch",
          [](Self& self, std::int64_t number) { self.between_steps([&] { self.watcher().remove(number); }); },
          nb::arg("number"))
      .def(
          "observe",
          [](Self& self, nb::object target, bool errors, bool updates) {
            return self.between_steps([&] { return self.watcher().observe(std::move(target), errors, updates); });
          },
          nb::arg("target"), nb::arg("errors"), nb::arg("updates"))
      .def("next_views", &Self::next_views)
      .def("encode", &Self::encode, nb::arg("images"), nb::arg("block").none(), nb::arg("reporter"))
      .def("save", &Self::save, nb::arg("file"));
}

}  // namespace biossl::python
