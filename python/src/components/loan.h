#pragma once

#include <memory>
#include <stdexcept>
#include <utility>

namespace biossl::python {

/// What Python holds of something of the engine's: it does not keep it alive, since that would leave it without what it
/// refers to. Once it is gone, its use throws std::runtime_error.
template <class T>
class Loan {
 public:
  explicit Loan(const std::shared_ptr<T>& lent) : lent_(lent) {}

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

/// A method of T as a function of a loan.
template <class T, class Result, class... Args>
auto lent(Result (T::*method)(Args...)) {
  return [method](const Loan<T>& self, Args... args) -> Result {
    return (*self.get().*method)(std::forward<Args>(args)...);
  };
}
template <class T, class Result, class... Args>
auto lent(Result (T::*method)(Args...) const) {
  return [method](const Loan<T>& self, Args... args) -> Result {
    return (*self.get().*method)(std::forward<Args>(args)...);
  };
}

}  // namespace biossl::python
