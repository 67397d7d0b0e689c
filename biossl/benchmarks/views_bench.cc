#include "biossl/benchmarks/views_bench.h"

#include <algorithm>
#include <bit>

#include "biossl/benchmarks/timing.h"
#include "biossl/core/processor.h"
#include "biossl/data/batch_sampler.h"
#include "biossl/data/views.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/synthetic_data.h"

namespace biossl {
namespace {

/// Number of different batches, so that their pixels do not all stay in the cache.
constexpr std::int64_t batches = 20;

/// The recipe's views, then the others that can be made of these images on this device.
std::vector<Choice> kinds_to_time(const Recipe& recipe, const Dataset& images, Device device) {
  std::vector<Choice> kinds{recipe.views};
  for (const auto& [kind, entry] : ViewsRegistry::instance().entries()) {
    const bool suit = entry.traits.suit == nullptr || entry.traits.suit(images);
    if (kind != recipe.views.kind && suit && makes_views(device, kind)) kinds.push_back({kind, {}});
  }
  return kinds;
}

void put(float number, float& to) { to = number; }
/// A pixel value has 8 bits, which bfloat16 holds without rounding.
void put(float number, bfloat16& to) {
  to.bits = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(number) >> 16);
}

template <class To>
void write_numbers(const std::uint8_t* from, std::int64_t count, To* to) {
  parallel_for(count, 1024, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) put(static_cast<float>(from[i]), to[i]);
  });
}

/// Copies the bytes of a batch's images to the views, as often as they fill them: the smallest possible amount of
/// reading and writing.
void move_bytes(const Tensor& pixels, Tensor& views) {
  for (std::int64_t begin = 0; begin < views.size(); begin += pixels.size()) {
    const std::int64_t count = std::min(pixels.size(), views.size() - begin);
    if (views.dtype() == DType::bfloat16) {
      write_numbers(pixels.data<std::uint8_t>(), count, views.data<bfloat16>() + begin);
    } else {
      write_numbers(pixels.data<std::uint8_t>(), count, views.data<float>() + begin);
    }
  }
}

/// A kind of views made by a number of threads.
struct Lane {
  Choice kind;
  ViewPlan plan;
  int threads;
  std::unique_ptr<Views> views, identity;
  std::vector<double> times, floors;  // milliseconds

  std::int64_t rows(std::int64_t batch) const { return plan.views * plan.rows(batch); }
};

class ViewsWork {
 public:
  ViewsWork(const Recipe& recipe, Device device)
      : batch_(recipe.train.batch),
        images_(open_pretraining_images(recipe, {.data = {}, .device = device})),
        sampler_(recipe.seed, images_->size(), batch_, device),
        device_(device) {
    images_->pixels();  // renders all images
    std::int64_t largest = 0;
    for (const Choice& kind : kinds_to_time(recipe, *images_, device)) {
      for (const int count : device == Device::cuda ? std::vector{threads()} : thread_counts(threads())) {
        add(kind, count, recipe.seed);
        largest = std::max(largest, lanes_.back().rows(batch_) * lanes_.back().plan.image.size());
      }
    }
    made_ = Tensor({largest}, compute_type(recipe.train.precision, device), device);
  }

  /// Every lane in turn, so that what else the machine does falls on all of them alike.
  std::vector<ViewsTime> time(std::int64_t repetitions) {
    const ThreadsKept outside;
    for (std::int64_t turn = -1; turn < repetitions; ++turn) {
      for (Lane& lane : lanes_) {
        set_threads(lane.threads);
        const double views = milliseconds_on(device_, [&] { make(lane, *lane.views); });
        const double floor = milliseconds_on(device_, [&] { move(lane); });
        if (turn < 0) continue;  // one-time set-up
        lane.times.push_back(views);
        lane.floors.push_back(floor);
      }
      ++batches_made_;
    }
    std::vector<ViewsTime> times;
    for (const Lane& lane : lanes_) {
      times.push_back({.kind = lane.kind.kind,
                       .threads = lane.threads,
                       .views = median(lane.times),
                       .floor = median(lane.floors),
                       .batch = batch_,
                       .pixels = lane.rows(batch_) * lane.plan.image[0] * lane.plan.image[1]});
    }
    return times;
  }

 private:
  void add(const Choice& kind, int count, std::uint64_t seed) {
    const ViewSource source{.dataset = *images_, .seed = seed, .batch = batch_, .device = device_};
    lanes_.push_back({.kind = kind,
                      .plan = plan_views(kind, images_->image_shape()),
                      .threads = count,
                      .views = ViewsRegistry::instance().make(kind.kind, kind.settings, source),
                      .identity = ViewsRegistry::instance().make("identity", {}, source),
                      .times = {},
                      .floors = {}});
  }

  Tensor room(const Lane& lane) const { return made_.part(0, batch_of(lane.rows(batch_), lane.plan.image)); }

  void make(const Lane& lane, Views& views) {
    const Tensor made = room(lane);
    const std::int64_t rows = lane.plan.rows(batch_);
    for (int view = 0; view < lane.plan.views; ++view) {
      Tensor part = made.rows(view * rows, (view + 1) * rows);
      views.make(0, static_cast<std::uint32_t>(view), sampler_.rows(batches_made_ % sampler_.batches()), part);
    }
  }

  void move(const Lane& lane) {
    if (device_ == Device::cuda) return make(lane, *lane.identity);
    const std::int64_t first = batches_made_ % sampler_.batches() * batch_;
    Tensor made = room(lane);
    move_bytes(images_->pixels().rows(first, first + batch_), made);
  }

  std::int64_t batch_;
  std::unique_ptr<Dataset> images_;
  BatchSampler sampler_;
  Device device_;
  std::vector<Lane> lanes_;
  Tensor made_;  // flat; of one lane at a time
  std::int64_t batches_made_ = 0;
};

}  // namespace

std::vector<ViewsTime> time_views(const Recipe& recipe, Device device, std::int64_t repetitions) {
  check_repetitions(repetitions);
  const std::int64_t batch = recipe.train.batch;
  return ViewsWork(on_built_in_world(recipe, batch, batches * batch), device).time(repetitions);
}

}  // namespace biossl
