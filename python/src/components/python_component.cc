#include "src/components/python_component.h"

#include <algorithm>
#include <stdexcept>

#include "src/arrays.h"
#include "src/lock.h"
#include "src/module.h"

namespace biossl::python {
namespace {

/// The objects of Python that components hold, to let them go before the interpreter ends: registries outlive it, and
/// an object may lead back to whoever owns its component. Entries of registries look at this list in the end, so it is
/// never destroyed.
std::vector<nb::object*>& held() {
  static auto* const objects = new std::vector<nb::object*>();
  return *objects;
}

void release_held() {
  while (!held().empty()) {
    nb::object* const object = held().back();
    held().pop_back();
    const nb::object last = std::move(*object);  // its end may free owners of other entries, which then leave the list
  }
}

void hold(nb::object& object) {
  const Locked lock;
  held().push_back(&object);
}

void release(nb::object& object) {
  if (!object.is_valid() || !nb::is_alive()) {
    object.release();
    return;
  }
  const Locked lock;
  std::erase(held(), &object);
  object.reset();
}

DType type_of_numbers(const Array& array, const std::string& name) {
  if (array.dtype() == nb::dtype<float>()) return DType::float32;
  if (array.dtype() == nb::dtype<double>()) return DType::float64;
  if (array.dtype() == nb::dtype<std::int32_t>()) return DType::int32;
  check(array.dtype() == nb::dtype<std::uint8_t>(), name,
        "the numbers of a state are float32, float64, int32 or uint8");
  return DType::uint8;
}

/// An array (N, C, H, W) that lies in memory as (N, H, W, C) is handed over in that order, and says so.
StateTensor state_tensor(nb::handle entry) {
  const auto name = nb::cast<std::string>(entry[0]);
  const auto array = nb::cast<Array>(entry[1]);
  const auto channels_last = nb::cast<bool>(entry[2]);
  const Tensor tensor = tensor_over(array, type_of_numbers(array, name), name);
  const Shape& shape = tensor.shape();
  if (!channels_last) return {name, tensor, {}, shape};
  return {name, tensor, shape, {shape[0], shape[3], shape[1], shape[2]}};
}

}  // namespace

const nb::object& still_held(const nb::object& object, const std::string& name) {
  if (object.is_valid()) return object;
  throw std::runtime_error(
      fmt::format("[{}] the interpreter ends, and what is written in Python is gone; finish before that", name));
}

PythonClass::PythonClass(std::string name, nb::object type, std::vector<Field> fields)
    : name_(std::move(name)), type_(std::move(type)), fields_(std::move(fields)) {
  hold(type_);
}

PythonClass::~PythonClass() { release(type_); }

void PythonClass::refuse_unannotated(const std::string& key) const {
  if (std::ranges::count(fields_, key, &Field::name) > 0) return;
  const Locked lock;
  const nb::object value = nb::getattr(type(), key.c_str(), nb::none());
  const bool is_number = nb::isinstance<nb::int_>(value) || nb::isinstance<nb::float_>(value);  // a bool is an int
  if (!is_number && !nb::isinstance<nb::str>(value)) return;
  fail(name_, "'{0}' is no option, for it has no annotation; an option is written {0}: {1} = {2}", key,
       nb::cast<std::string>(value.type().attr("__name__")), nb::cast<std::string>(nb::repr(value)));
}

std::vector<Field> PythonClass::resolve(const Settings& settings) const {
  std::vector<Field> fields = fields_;
  SettingsReader reader(name_, settings);
  for (Field& field : fields) {
    std::visit([&](auto& value) { reader(field.name.c_str(), value, ""); }, field.value);
  }
  for (const auto& [key, value] : settings) refuse_unannotated(key);
  reader.finish();
  return fields;
}

nb::object PythonClass::make(const Settings& settings) const {
  const std::vector<Field> fields = resolve(settings);
  return blaming([&] {
    nb::dict options;
    for (const Field& field : fields) options[field.name.c_str()] = nb::cast(field.value);
    return type()(**options);
  });
}

void PythonClass::rethrow_value_error(nb::python_error& thrown) const {
  if (!thrown.matches(PyExc_ValueError)) return;
  const std::string text = nb::str(thrown.value()).c_str();
  if (text.starts_with("[")) throw std::invalid_argument(text);
  fail(name_, "{}", text);
}

PythonComponent::PythonComponent(PythonClassPtr type, nb::object object)
    : type_(std::move(type)), object_(std::move(object)) {
  hold(object_);
}

PythonComponent::~PythonComponent() { release(object_); }

void PythonComponent::refuse(std::string_view method, const nb::object& result) const {
  const nb::object type = result.type().attr("__name__");
  fail(type_->name(), "{} returned a {}, which does not belong there", method, nb::cast<std::string>(type));
}

Plausibility PythonComponent::plausibility() const {
  const auto [recent, plain, separate, local, account] =
      call<std::tuple<bool, bool, bool, bool, std::string>>("_plausibility");
  return {.recent_activity = recent,
          .plain_arithmetic = plain,
          .separate_weights = separate,
          .local_to_blocks = local,
          .account = account};
}

State PythonComponent::state() const {
  const Locked lock;
  State state;
  for (const nb::handle entry : nb::list(object().attr("_state")())) state.push_back(state_tensor(entry));
  return state;
}

void require_host(const PythonClass& type, Device device) {
  check(device != Device::cuda, type.name(), "is written in Python and computes on the host; use device = \"cpu\"");
}

void bind_components(nb::module_& module) {
  module.def("release_components", &release_held, "To be called when no thread is in the engine any longer.");
  for (const auto bind : {bind_random, bind_losses, bind_feedback, bind_views, bind_datasets, bind_tensors, bind_rules,
                          bind_inner_layers, bind_heads, bind_blocks}) {
    bind(module);
  }
}

}  // namespace biossl::python
