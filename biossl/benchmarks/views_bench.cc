#include "biossl/benchmarks/views_bench.h"

#include <algorithm>
#include <bit>

#include "biossl/benchmarks/timing.h"
#include "biossl/core/processor.h"
#include "biossl/data/loader.h"
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
    const bool made_here = device != Device::cuda || !entry.traits.host_only;
    if (kind != recipe.views.kind && suit && made_here) kinds.push_back({kind, {}});
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

class ViewsWork {
 public:
  ViewsWork(const Recipe& recipe, Device device)
      : batch_(recipe.train.batch),
        images_(open_pretraining_images(recipe, {.data = {}, .device = device})),
        loader_(recipe.seed, images_->size(), batch_, device),
        dtype_(compute_type(recipe.train.precision, device)),
        device_(device) {
    images_->pixels();  // renders all images
  }

  const Dataset& images() const { return *images_; }
  ViewsTime time(const Choice& kind, const Recipe& recipe, std::int64_t repetitions) {
    plan_ = plan_views(kind, images_->image_shape());
    const std::int64_t rows = plan_.views * plan_.rows(batch_);
    made_ = Tensor(batch_of(rows, plan_.image), dtype_, device_);
    return {.kind = kind.kind,
            .threads = threads(),
            .views = time_making(kind, recipe.seed, repetitions),
            .floor = device_ == Device::cuda ? time_making({"identity", {}}, recipe.seed, repetitions)
                                             : time_moving(repetitions),
            .batch = batch_,
            .pixels = rows * plan_.image[0] * plan_.image[1]};
  }

 private:
  double time_making(const Choice& kind, std::uint64_t seed, std::int64_t repetitions) {
    const ViewSource source{.dataset = *images_, .seed = seed, .batch = batch_, .device = device_};
    const auto views = ViewsRegistry::instance().make(kind.kind, kind.settings, source);
    std::int64_t turn = 0;
    const std::int64_t rows = plan_.rows(batch_);
    return median_milliseconds(device_, repetitions, [&] {
      for (int view = 0; view < plan_.views; ++view) {
        Tensor part = made_.rows(view * rows, (view + 1) * rows);
        views->make(0, static_cast<std::uint32_t>(view), loader_.rows(turn % loader_.batches()), part);
      }
      ++turn;
    });
  }
  double time_moving(std::int64_t repetitions) {
    std::int64_t turn = 0;
    return median_milliseconds(device_, repetitions, [&] {
      const std::int64_t first = turn++ % loader_.batches() * batch_;
      move_bytes(images_->pixels().rows(first, first + batch_), made_);
    });
  }

  std::int64_t batch_;
  std::unique_ptr<Dataset> images_;
  BatchLoader loader_;
  DType dtype_;
  Device device_;
  ViewPlan plan_;  // of the kind that is timed
  Tensor made_;
};

}  // namespace

std::vector<ViewsTime> time_views(const Recipe& recipe, Device device, std::int64_t repetitions) {
  check_repetitions(repetitions);
  const std::int64_t batch = recipe.train.batch;
  ViewsWork work(on_built_in_world(recipe, batch, batches * batch), device);
  std::vector<ViewsTime> times;
  for (const Choice& kind : kinds_to_time(recipe, work.images(), device)) {
    for (const int count : device == Device::cuda ? std::vector{threads()} : thread_counts(threads())) {
      const ThreadsKept outside;
      set_threads(count);
      times.push_back(work.time(kind, recipe, repetitions));
    }
  }
  return times;
}

}  // namespace biossl
