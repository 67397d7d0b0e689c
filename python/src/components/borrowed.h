#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "biossl/core/tensor.h"
#include "src/components/tensors.h"

namespace biossl::python {

namespace nb = nanobind;

/// What Python holds of something of the engine's: it does not keep it alive, since that would leave it without what it
/// refers to. Once it is gone, its use throws std::runtime_error.
template <class T>
class Borrowed {
 public:
  explicit Borrowed(const std::shared_ptr<T>& lent) : lent_(lent) {}

  std::shared_ptr<T> get() const {
    auto lent = lent_.lock();
    if (lent == nullptr) throw std::runtime_error(gone);
    return lent;
  }

 private:
  static constexpr const char* gone =
      "this was lent for one training, or for one call, and that has ended; a component keeps nothing that it was "
      "handed "
      "or has made in start for longer than its trainer lives";

  std::weak_ptr<T> lent_;
};

/// An argument of a method as Python hands it over.
template <class T>
struct Handed {
  using Given = T;
  static T&& take(Given& given) { return std::forward<T>(given); }
};
/// What is no Tensor is told in a line.
template <>
struct Handed<const Tensor&> {
  using Given = nb::typed<nb::handle, Tensor>;
  static const Tensor& take(const Given& given) {
    if (const Tensor* const tensor = tensor_in(given)) return *tensor;
    const std::string other = nb::isinstance<Tensor>(given)
                                  ? "an empty one"
                                  : nb::cast<std::string>(nb::handle(given.type()).attr("__name__"));
    throw nb::type_error(("a biossl.Tensor is expected, as it was handed over, not " + other).c_str());
  }
};

/// A method of T as a function of what is borrowed.
template <class T, class Result, class... Args>
auto lent(Result (T::*method)(Args...)) {
  return [method](const Borrowed<T>& self, typename Handed<Args>::Given... args) -> Result {
    return (*self.get().*method)(Handed<Args>::take(args)...);
  };
}
template <class T, class Result, class... Args>
auto lent(Result (T::*method)(Args...) const) {
  return [method](const Borrowed<T>& self, typename Handed<Args>::Given... args) -> Result {
    return (*self.get().*method)(Handed<Args>::take(args)...);
  };
}

}  // namespace biossl::python
