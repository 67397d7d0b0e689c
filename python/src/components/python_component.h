#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "biossl/core/plausibility.h"
#include "biossl/core/registry.h"
#include "biossl/core/state.h"
#include "biossl/recipe/written_classes.h"
#include "src/lock.h"

namespace biossl::python {

namespace nb = nanobind;

/// What is held of a class or an object in Python. Throws std::runtime_error, which names the component, where the
/// interpreter ends and it has been let go.
const nb::object& still_held(const nb::object& object, const std::string& name);

/// A class written in Python that a recipe can name. Its options are its fields.
class PythonClass {
 public:
  PythonClass(std::string name, nb::object type, std::vector<Field> fields);
  PythonClass(const PythonClass&) = delete;
  PythonClass& operator=(const PythonClass&) = delete;
  ~PythonClass();

  const std::string& name() const { return name_; }
  const std::vector<Field>& fields() const { return fields_; }
  /// The options that settings give, defaults filled in. Throws as read_options does.
  std::vector<Field> resolve(const Settings& settings) const;
  /// An object with these options. A ValueError of its constructor becomes std::invalid_argument, "[name] …".
  nb::object make(const Settings& settings) const;
  /// Calls act() with the lock of the interpreter; a ValueError in it becomes std::invalid_argument likewise.
  template <class Act>
  auto blaming(const Act& act) const {
    const Locked lock;
    try {
      return act();
    } catch (nb::python_error& thrown) {
      rethrow_value_error(thrown);
      throw;
    }
  }

 private:
  /// Throws for a number or a text of the class that would be an option if it were annotated.
  void refuse_unannotated(const std::string& key) const;
  void rethrow_value_error(nb::python_error& thrown) const;
  const nb::object& type() const { return still_held(type_, name_); }

  std::string name_;
  nb::object type_;
  std::vector<Field> fields_;
};

using PythonClassPtr = std::shared_ptr<const PythonClass>;

/// An object of such a class, which a component of the engine passes its work on to. Every call takes the lock of the
/// interpreter. What Python throws comes through as it is.
class PythonComponent {
 public:
  PythonComponent(const PythonClassPtr& type, const Settings& settings) : PythonComponent(type, type->make(settings)) {}
  PythonComponent(PythonClassPtr type, nb::object object);
  PythonComponent(const PythonComponent&) = delete;
  PythonComponent& operator=(const PythonComponent&) = delete;
  ~PythonComponent();

  const PythonClass& type() const { return *type_; }
  /// The object itself, for callers that hold the lock. Throws as still_held does.
  const nb::object& object() const { return still_held(object_, type_->name()); }
  /// Calls a method and converts what it returns; void: drops it. Throws std::invalid_argument for something else.
  template <class Result = void, class... Args>
  Result call(const char* method, Args&&... args) const {
    const Locked lock;
    const nb::object result = object().attr(method)(std::forward<Args>(args)...);
    if constexpr (!std::is_void_v<Result>) {
      try {
        return nb::cast<Result>(result);
      } catch (const nb::cast_error&) {
        refuse(method, result);
      }
    }
  }
  /// What the object says of itself with `plausibility`.
  Plausibility plausibility() const;
  /// The arrays that the object names in `state`, shared: writing to them is writing to the object's.
  State state() const;
  void restored() const { call("restored"); }

 private:
  [[noreturn]] void refuse(std::string_view method, const nb::object& result) const;

  PythonClassPtr type_;
  nb::object object_;
};

/// Throws std::invalid_argument where a component is asked to work on a GPU.
void require_host(const PythonClass& type, Device device);

/// Puts a class into a registry. One that is not written in Python is replaced only if asked for.
template <class RegistryType>
void enter(const PythonClassPtr& type, typename RegistryType::Entry entry, const std::string& summary,
           const std::string& class_name, const std::string& abbreviation, bool replace) {
  static std::set<std::string> written;
  RegistryType& registry = RegistryType::instance();
  const std::string& name = type->name();
  check(replace || written.contains(name) || !registry.entries().contains(name), "register",
        "'{}' is one of biossl's own; choose another name, or register with replace=True", name);
  entry.summary = summary_of_class(summary, class_name);
  entry.abbreviation = abbreviation;
  entry.fields = type->fields();
  entry.resolve = [type](const Settings& settings) { return type->resolve(settings); };
  registry.replace(name, std::move(entry));
  written.insert(name);
}

/// Binds core.register_KIND(name, type, fields, summary, class_name, abbreviation, replace, traits), which enters a
/// class. make_entry(type, traits) makes the rest of the entry.
template <class RegistryType, class MakeEntry>
void bind_registration(nb::module_& module, const char* function, MakeEntry make_entry) {
  using Option = std::tuple<std::string, Value, std::string>;
  module.def(
      function,
      [make_entry](const std::string& name, nb::object type, const std::vector<Option>& options,
                   const std::string& summary, const std::string& class_name, const std::string& abbreviation,
                   bool replace, const nb::dict& traits) {
        std::vector<Field> fields;
        for (const auto& [field, value, comment] : options) fields.push_back({field, value, comment, {}});
        const auto python_class = std::make_shared<const PythonClass>(name, std::move(type), std::move(fields));
        enter<RegistryType>(python_class, make_entry(python_class, traits), summary, class_name, abbreviation, replace);
      },
      nb::arg("name"), nb::arg("type"), nb::arg("options"), nb::arg("summary"), nb::arg("class_name"),
      nb::arg("abbreviation"), nb::arg("replace"), nb::arg("traits"));
}

}  // namespace biossl::python
