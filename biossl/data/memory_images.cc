#include "biossl/data/memory_images.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "biossl/core/error.h"

namespace biossl {
namespace {

constexpr std::int64_t most_channels = 16;

/// The images that are held, by name and split.
struct Store {
  std::mutex mutex;
  std::map<std::pair<std::string, Split>, MemoryImages> images;
};

Store& store() {
  static Store all;
  return all;
}

/// The images of a name; without pixels where there are none.
MemoryImages held(const std::string& name, Split split) {
  const std::scoped_lock lock(store().mutex);
  const auto found = store().images.find({name, split});
  return found == store().images.end() ? MemoryImages{} : found->second;
}

struct MemoryOptions {
  std::string name = "images";
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("name", name, "name under which the program or notebook holds its images in memory");
    field("height", height, "of the images, for whoever reads the recipe without them; 0: not said");
    field("width", width, "likewise");
    field("channels", channels, "likewise");
  }
};

/// Of the images that are held, else as the recipe says. Without elements where neither is there.
Shape shape_of(const Settings& settings) {
  const auto options = read_options<MemoryOptions>("data.memory", settings);
  const MemoryImages images = held(options.name, Split::train);
  if (!images.pixels.empty()) return {images.pixels.extent(1), images.pixels.extent(2), images.pixels.extent(3)};
  return {options.height, options.width, options.channels};
}

/// The data set "memory".
class HeldImages final : public Dataset {
 public:
  static constexpr Traits traits{.shape = &shape_of, .channels = 0};

  HeldImages(const MemoryOptions& options, const DatasetRequest& request)
      : HeldImages(required(options.name, request.split), request.images) {}
  HeldImages(MemoryImages images, std::int64_t most) {
    const Shape& shape = images.pixels.shape();
    size_ = most > 0 ? std::min(most, shape[0]) : shape[0];
    image_shape_ = {shape[1], shape[2], shape[3]};
    pixels_ = images.pixels.rows(0, size_);
    labels_ = std::move(images.labels);
    if (!labels_.empty()) labels_.resize(static_cast<std::size_t>(size_));
    class_names_ = std::move(images.class_names);
  }
  const Tensor& pixels() const override { return pixels_; }

 private:
  static MemoryImages required(const std::string& name, Split split) {
    MemoryImages images = held(name, split);
    if (!images.pixels.empty()) return images;
    constexpr const char* advice =
        "hand them over again, or name another data set with data.pretrain, data.probe and data.test";
    if (split == Split::test && !held(name, Split::train).pixels.empty()) {
      throw MissingSplit(fmt::format("the images '{}' in memory have no test images", name));
    }
    bad_input("the images '{}' were arrays in the memory of another program or Python session; {}", name, advice);
  }

  Tensor pixels_;
};

const Registration<DatasetRegistry, HeldImages, MemoryOptions> registration(
    "memory", "images that the program or notebook around biossl holds in memory");

void check_labels(MemoryImages& images, std::int64_t count) {
  if (images.labels.empty()) {
    images.class_names.clear();
    return;
  }
  check(static_cast<std::int64_t>(images.labels.size()) == count, "memory", "{} labels for {} images",
        images.labels.size(), count);
  const auto [least, most] = std::ranges::minmax(images.labels);
  check(least >= 0, "memory", "label {} is negative; labels count from 0", least);
  const std::size_t classes = static_cast<std::size_t>(most) + 1;
  if (images.class_names.empty()) {
    for (std::size_t i = 0; i < classes; ++i) images.class_names.push_back(fmt::format("class {}", i));
  }
  check(images.class_names.size() >= classes, "memory", "label {} has no name; {} classes are named", most,
        images.class_names.size());
}

void check_images(MemoryImages& images) {
  const Tensor& pixels = images.pixels;
  check(!pixels.empty() && pixels.shape().rank() == 4 && pixels.dtype() == DType::uint8, "memory",
        "images must be (N, H, W, C) uint8, not {} {}", to_string(pixels.shape()), name_of(pixels.dtype()));
  check(pixels.size() > 0, "memory", "there are no images in {}", to_string(pixels.shape()));
  check(pixels.extent(3) <= most_channels, "memory", "images of {} channels; at most {}", pixels.extent(3),
        most_channels);
  check_labels(images, pixels.extent(0));
}

}  // namespace

void hold_images(const std::string& name, Split split, MemoryImages images) {
  check_images(images);
  const std::scoped_lock lock(store().mutex);
  store().images.insert_or_assign({name, split}, std::move(images));
}

std::unique_ptr<Dataset> dataset_of(MemoryImages images) {
  check_images(images);
  return std::make_unique<HeldImages>(std::move(images), 0);
}

void release_images(const std::string& name) {
  const std::scoped_lock lock(store().mutex);
  store().images.erase({name, Split::train});
  store().images.erase({name, Split::test});
}

}  // namespace biossl
