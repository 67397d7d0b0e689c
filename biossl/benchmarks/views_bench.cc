#include "biossl/benchmarks/views_bench.h"

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

/// The recipe's views, then the others that can be made of these images.
std::vector<Choice> kinds_to_time(const Recipe& recipe, const Dataset& images) {
  std::vector<Choice> kinds{recipe.views};
  for (const auto& [kind, entry] : ViewsRegistry::instance().entries()) {
    const bool suit = entry.traits.suit == nullptr || entry.traits.suit(images);
    if (kind != recipe.views.kind && suit) kinds.push_back({kind, {}});
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

/// Copies the bytes of a batch's images to both views: the smallest possible amount of reading and writing.
void move_bytes(const Tensor& pixels, Tensor& both) {
  const std::int64_t half = both.size() / 2;
  for (std::int64_t view = 0; view < 2; ++view) {
    if (both.dtype() == DType::bfloat16) {
      write_numbers(pixels.data<std::uint8_t>(), half, both.data<bfloat16>() + view * half);
    } else {
      write_numbers(pixels.data<std::uint8_t>(), half, both.data<float>() + view * half);
    }
  }
}

class ViewsWork {
 public:
  ViewsWork(const Recipe& recipe, Device device)
      : batch_(recipe.train.batch),
        images_(open_pretraining_images(recipe, {.data = {}, .device = device})),
        loader_(recipe.seed, images_->size(), batch_, device) {
    const Shape& image = images_->image_shape();
    both_ = Tensor({2 * batch_, image[0], image[1], image[2]}, compute_type(recipe.train.precision, device), device);
    images_->pixels();  // renders all images
  }

  const Dataset& images() const { return *images_; }
  ViewsTime time(const Choice& kind, const Recipe& recipe, std::int64_t repetitions) {
    return {.kind = kind.kind,
            .threads = threads(),
            .views = time_making(kind, recipe.seed, repetitions),
            .floor = both_.device() == Device::cuda ? time_making({"identity", {}}, recipe.seed, repetitions)
                                                    : time_moving(repetitions),
            .batch = batch_};
  }

 private:
  double time_making(const Choice& kind, std::uint64_t seed, std::int64_t repetitions) {
    const ViewSource source{.dataset = *images_, .seed = seed, .batch = batch_, .device = both_.device()};
    const auto views = ViewsRegistry::instance().make(kind.kind, kind.settings, source);
    std::int64_t turn = 0;
    return median_milliseconds(both_.device(), repetitions, [&] {
      for (std::uint32_t view = 0; view < 2; ++view) {
        Tensor half = both_.rows(view * batch_, (view + 1) * batch_);
        views->make(0, view, loader_.rows(turn % loader_.batches()), half);
      }
      ++turn;
    });
  }
  double time_moving(std::int64_t repetitions) {
    std::int64_t turn = 0;
    return median_milliseconds(both_.device(), repetitions, [&] {
      const std::int64_t first = turn++ % loader_.batches() * batch_;
      move_bytes(images_->pixels().rows(first, first + batch_), both_);
    });
  }

  std::int64_t batch_;
  std::unique_ptr<Dataset> images_;
  BatchLoader loader_;
  Tensor both_;
};

}  // namespace

std::vector<ViewsTime> time_views(const Recipe& recipe, Device device, std::int64_t repetitions) {
  check_repetitions(repetitions);
  const std::int64_t batch = recipe.train.batch;
  const Recipe here = on_built_in_world(recipe, batch, batches * batch);
  ViewsWork work(here, device);
  std::vector<ViewsTime> times;
  for (const Choice& kind : kinds_to_time(here, work.images())) {
    for (const int count : device == Device::cuda ? std::vector{threads()} : thread_counts(threads())) {
      const ThreadsKept outside;
      set_threads(count);
      times.push_back(work.time(kind, recipe, repetitions));
    }
  }
  return times;
}

}  // namespace biossl
