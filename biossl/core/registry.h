#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "biossl/core/error.h"
#include "biossl/core/settings.h"
#include "biossl/core/text.h"

namespace biossl {

/// What components of a kind say of themselves before one is made: Interface::Traits, where the kind has such.
template <class Interface>
struct TraitsOf {
  struct Type {};
};
template <class Interface>
requires requires { typename Interface::Traits; }
struct TraitsOf<Interface> {
  using Type = typename Interface::Traits;
};

/// The components of one kind (losses, rules, …) by the name that a recipe uses. Interface names the kind with a static
/// constexpr `const char* kind`; Args are handed to the constructor after the options.
template <class Interface, class... Args>
class Registry {
 public:
  struct Entry {
    std::string summary;                                         ///< one line for `biossl list`
    std::string abbreviation;                                    ///< its name in tables: "GLL"
    std::vector<Field> fields;                                   ///< its options with their defaults
    std::function<std::vector<Field>(const Settings&)> resolve;  ///< the options that settings give, defaults filled in
    std::function<std::unique_ptr<Interface>(const Settings&, Args...)> make;
    typename TraitsOf<Interface>::Type traits = {};
    std::vector<Settings> variants = {{}};  ///< settings under which benchmarks time it
  };

  static Registry& instance() {
    static Registry registry;
    return registry;
  }
  /// What its components are called: "loss".
  static constexpr const char* kind() { return Interface::kind; }
  /// A name that is added twice is refused by find(), so that nobody gets a component other than the one meant.
  void add(const std::string& name, Entry entry) {
    if (!entries_.emplace(name, std::move(entry)).second) taken_twice_.insert(name);
  }
  /// Puts a component in the place of whatever has the name, for a session in which one is defined anew.
  void replace(const std::string& name, Entry entry) {
    entries_[name] = std::move(entry);
    taken_twice_.erase(name);
  }
  const std::map<std::string, Entry>& entries() const { return entries_; }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) names.push_back(name);
    return names;
  }
  /// Throws std::invalid_argument with the nearest known name, or for a name that was registered twice.
  const Entry& find(std::string_view name) const {
    const auto found = entries_.find(std::string(name));
    check(found != entries_.end(), Interface::kind, "there is no {} '{}'{}", Interface::kind, name,
          suggestion(name, names()));
    check(!taken_twice_.contains(found->first), Interface::kind,
          "two files register a {} under the name '{}'; rename one of them", Interface::kind, name);
    return found->second;
  }
  std::unique_ptr<Interface> make(std::string_view name, const Settings& settings, Args... args) const {
    return find(name).make(settings, std::forward<Args>(args)...);
  }

 private:
  std::map<std::string, Entry> entries_;
  std::set<std::string> taken_twice_;
};

/// A file that defines a component registers it with one object of this type at namespace scope:
///   const Registration<LossRegistry, ContrastiveHinge, HingeOptions> registration("contrastive_hinge", "…");
/// A static constexpr member `abbreviation` of the component is its name in tables, in place of the registered one.
/// A static function `variants` says under which settings benchmarks time it. Where its kind has traits, a static
/// constexpr member `traits` says other than the usual ones.
template <class RegistryType, class Component, class Options>
class Registration;

template <class Interface, class... Args, class Component, class Options>
class Registration<Registry<Interface, Args...>, Component, Options> {
 public:
  Registration(const char* name, const char* summary) {
    const std::string section = name;
    Registry<Interface, Args...>::instance().add(
        name, {summary, abbreviation(section), list_fields(Options{}),
               [section](const Settings& settings) { return list_fields(read_options<Options>(section, settings)); },
               [section](const Settings& settings, Args... args) -> std::unique_ptr<Interface> {
                 return std::make_unique<Component>(read_options<Options>(section, settings),
                                                    std::forward<Args>(args)...);
               },
               traits(), variants()});
  }

 private:
  static std::string abbreviation(const std::string& name) {
    if constexpr (requires { Component::abbreviation; }) return Component::abbreviation;
    return name;
  }
  static std::vector<Settings> variants() {
    if constexpr (requires { Component::variants(); }) return Component::variants();
    return {{}};
  }
  static typename TraitsOf<Interface>::Type traits() {
    if constexpr (requires { Component::traits; }) return Component::traits;
    return {};
  }
};

}  // namespace biossl
