#include "src/watcher.h"

#include <nanobind/stl/string_view.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/ops/ops.h"
#include "src/arrays.h"
#include "src/lock.h"

namespace biossl::python {
namespace {

/// The side of the map below a max-pool: that of whole windows, or where rows are left over, of the map that fills the
/// scratch. Maps with rows left over are square.
Shape unit_map(const PooledError& error) {
  const Shape& pooled = error.values.shape();
  const Shape whole{pooled[0], pooled[1] * error.window, pooled[2] * error.window, pooled[3]};
  const std::int64_t positions = error.scratch.size() / std::max<std::int64_t>(pooled[0] * pooled[3], 1);
  if (positions == whole[1] * whole[2]) return whole;
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(positions))));
  return side / error.window == pooled[1] && side * side == positions ? Shape{pooled[0], side, side, pooled[3]} : whole;
}

/// The error of every unit: below a max-pool that of the maxima, and zeros.
Tensor of_every_unit(const PooledError& error) {
  if (!error.is_pooled()) return error.values.clone();
  Tensor units(unit_map(error), error.values.dtype(), error.values.device());
  ops::max_pool_backward(error.values, error.values, error.argmax, error.window, Activation::none, units);
  return units;
}

}  // namespace

Watcher::~Watcher() {
  const Locked lock;
  clear();
}

std::int64_t Watcher::add(std::string layer, Watched what, std::int64_t every, nb::object target) {
  check(every >= 1, "watch", "every = {} steps; at least 1", every);
  watches_.push_back({++last_number_, std::move(layer), what, every, std::move(target)});
  return last_number_;
}

std::int64_t Watcher::observe(nb::object target, bool errors, bool updates) {
  instruments_.push_back({++last_number_, std::move(target), errors, updates});
  return last_number_;
}

void Watcher::remove(std::int64_t number) {
  std::erase_if(instruments_, [&](const Instrument& instrument) { return instrument.number == number; });
  std::erase_if(watches_, [&](const Watch& watch) { return watch.number == number; });
}

int Watcher::traverse(visitproc visit, void* arg) const {
  for (const Watch& watch : watches_) Py_VISIT(watch.target.ptr());
  for (const Instrument& instrument : instruments_) Py_VISIT(instrument.target.ptr());
  return 0;
}

void Watcher::clear() {
  // Letting go of an object may lead back here.
  const auto watches = std::exchange(watches_, {});
  const auto instruments = std::exchange(instruments_, {});
}

/// Numbers ascend, so the next one is found whatever a call has removed. What it adds waits for the next event.
template <class Entry, class Call>
void Watcher::each(const std::vector<Entry>& entries, const Call& call) const {
  std::int64_t number = 0;
  const std::int64_t last = last_number_;
  while (true) {
    const auto next = std::ranges::upper_bound(entries, number, {}, &Entry::number);
    if (next == entries.end() || next->number > last) return;
    number = next->number;
    call(*next);
  }
}

template <class Make>
void Watcher::tell(std::string_view layer, Watched what, const Make& make) {
  each(watches_, [&](const Watch& watch) {
    if (watch.layer != layer || watch.what != what || step_ % watch.every != 0) return;
    const Tensor value = make();
    const Locked lock;
    const nb::object target = watch.target;  // which may remove its watch
    target(step_, array_of(value));
  });
}

void Watcher::error_sent(std::string_view layer, const PooledError& error_post, const Tensor& error_pre) {
  tell(layer, Watched::error_out, [&] { return error_pre.clone(); });
  each(instruments_, [&](const Instrument& instrument) {
    if (!instrument.errors) return;
    const Tensor came = of_every_unit(error_post);
    const Locked lock;
    const nb::object target = instrument.target;  // which may remove itself
    target.attr("error_sent")(layer, array_of(came), array_of(error_pre.clone()));
  });
}

void Watcher::update_computed(std::string_view layer, const Tensor& pre, const PooledError& error_post,
                              const Tensor& weight_update) {
  tell(layer, Watched::activity, [&] { return pre.clone(); });
  tell(layer, Watched::error_in, [&] { return of_every_unit(error_post); });
  tell(layer, Watched::update, [&] { return weight_update.clone(); });
  each(instruments_, [&](const Instrument& instrument) {
    if (!instrument.updates) return;
    const Tensor came = of_every_unit(error_post);
    const Locked lock;
    const nb::object target = instrument.target;
    target.attr("update_computed")(layer, array_of(pre.clone()), array_of(came), array_of(weight_update.clone()));
  });
}

}  // namespace biossl::python
