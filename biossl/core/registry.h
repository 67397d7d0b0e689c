#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
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
/// constexpr `const char* kind`; Args are handed to the constructor after the options. Threads may register and look
/// for components at the same time. An entry lives as long as the registry, even where another one takes its place: a
/// component of it may be in the making, and callers keep what they have found. So does what it holds, such as a class
/// of Python; a session replaces a few dozen at most.
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
    const std::scoped_lock lock(mutex_);
    const Entry& kept = kept_.emplace_back(std::move(entry));
    if (!by_name_.emplace(name, &kept).second) taken_twice_.insert(name);
  }
  /// Puts a component in the place of whatever has the name, for a session in which one is defined anew.
  void replace(const std::string& name, Entry entry) {
    const std::scoped_lock lock(mutex_);
    by_name_[name] = &kept_.emplace_back(std::move(entry));
    taken_twice_.erase(name);
  }
  /// All of them as they are now.
  std::map<std::string, const Entry&> entries() const {
    const std::scoped_lock lock(mutex_);
    std::map<std::string, const Entry&> all;
    for (const auto& [name, entry] : by_name_) all.emplace(name, *entry);
    return all;
  }
  std::vector<std::string> names() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, entry] : by_name_) names.push_back(name);
    return names;
  }
  /// Throws std::invalid_argument with the nearest known name, or for a name that was registered twice.
  const Entry& find(std::string_view name) const {
    const auto [entry, is_taken_twice] = look_up(name);
    check(entry != nullptr, Interface::kind, "there is no {} '{}'{}", Interface::kind, name, suggestion(name, names()));
    check(!is_taken_twice, Interface::kind, "two files register a {} under the name '{}'; rename one of them",
          Interface::kind, name);
    return *entry;
  }
  std::unique_ptr<Interface> make(std::string_view name, const Settings& settings, Args... args) const {
    return find(name).make(settings, std::forward<Args>(args)...);
  }

 private:
  /// An entry, or null, and whether its name was added twice.
  std::pair<const Entry*, bool> look_up(std::string_view name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return {nullptr, false};
    return {found->second, taken_twice_.contains(found->first)};
  }

  mutable std::mutex mutex_;  // of all below
  std::deque<Entry> kept_;    // those that were replaced, too; none of them moves
  std::map<std::string, const Entry*, std::less<>> by_name_;
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
