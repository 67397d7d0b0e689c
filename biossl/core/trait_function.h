#pragma once

#include <concepts>
#include <cstddef>
#include <utility>

namespace biossl {

/// A function among the traits of a component, or none (nullptr): a plain one, or one with data of its own, as a
/// component has that is made while the program runs. The data live as long as the program.
template <class Signature>
class TraitFunction;

template <class Result, class... Args>
class TraitFunction<Result(Args...)> {
 public:
  using Plain = Result (*)(Args...);
  using WithData = Result (*)(const void* data, Args...);

  constexpr TraitFunction(std::nullptr_t = nullptr) {}           // NOLINT(google-explicit-constructor)
  constexpr TraitFunction(Plain function) : plain_(function) {}  // NOLINT(google-explicit-constructor)
  template <std::convertible_to<Plain> Lambda>
  requires(!std::same_as<Lambda, std::nullptr_t>) constexpr TraitFunction(Lambda lambda)
      : plain_(lambda) {}  // NOLINT(google-explicit-constructor)
  constexpr TraitFunction(WithData function, const void* data) : with_data_(function), data_(data) {}

  constexpr bool operator==(std::nullptr_t) const { return plain_ == nullptr && with_data_ == nullptr; }
  Result operator()(Args... args) const {
    return with_data_ != nullptr ? with_data_(data_, std::forward<Args>(args)...) : plain_(std::forward<Args>(args)...);
  }

 private:
  Plain plain_ = nullptr;
  WithData with_data_ = nullptr;
  const void* data_ = nullptr;
};

}  // namespace biossl
