#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/network/observer.h"

namespace biossl::python {

namespace nb = nanobind;

/// What a watch looks at: the activity of a layer's inputs in an update, the error of its outputs that came, the error
/// of its inputs that goes on, or the update.
enum class Watched { activity, error_in, error_out, update };

/// Calls Python functions with what happens at layers in chosen steps.
class Watcher final : public Observer {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher() override;

  /// target(step, array) is called in every `every`-th step; returns a number for `remove`. An array is a copy. Errors
  /// and activities have a row for each image whose error is not zero.
  std::int64_t add(std::string layer, Watched what, std::int64_t every, nb::object target);
  /// target.error_sent(layer, error_in, error_out) is called where `errors`, target.update_computed(layer, activity,
  /// error_in, update) where `updates`, at every layer in every step. Returns a number for `remove`.
  std::int64_t observe(nb::object target, bool errors, bool updates);
  void remove(std::int64_t number);
  /// For the collector of garbage: visits the functions; lets go of them.
  int traverse(visitproc visit, void* arg) const;
  void clear();
  /// Counts steps from 0.
  void set_step(std::int64_t step) { step_ = step; }

  void error_sent(std::string_view layer, const PooledError& error_post, const Tensor& error_pre) override;
  void update_computed(std::string_view layer, const Tensor& pre, const PooledError& error_post,
                       const Tensor& weight_update) override;

 private:
  struct Watch {
    std::int64_t number;
    std::string layer;
    Watched what;
    std::int64_t every;
    nb::object target;
  };

  struct Instrument {
    std::int64_t number;
    nb::object target;
    bool errors, updates;
  };

  template <class Entry, class Call>
  void each(const std::vector<Entry>& entries, const Call& call) const;
  template <class Make>
  void tell(std::string_view layer, Watched what, const Make& make);

  std::vector<Watch> watches_;
  std::vector<Instrument> instruments_;
  std::int64_t step_ = 0;
  std::int64_t last_number_ = 0;
};

}  // namespace biossl::python
