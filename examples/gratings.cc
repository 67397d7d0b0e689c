// A data set of one's own (docs/data.md): gratings, as visual cortex is often probed with. A class is an orientation;
// phase and frequency differ from image to image.
#include <cmath>
#include <numbers>

#include "biossl/data/dataset.h"

namespace {

using namespace biossl;

struct GratingOptions {
  std::int64_t orientations = 8;

  template <class Visitor>
  void visit(Visitor& field) {
    field("orientations", orientations, "classes, evenly spread over half a turn");
  }
};

class Gratings final : public Dataset {
 public:
  static constexpr Traits traits{.channels = 1};

  Gratings(const GratingOptions& options, const DatasetRequest& request) {
    check(options.orientations >= 1, "gratings", "orientations = {}; at least 1", options.orientations);
    size_ = request.images > 0 ? request.images : 4000;
    image_shape_ = {request.image_size, request.image_size, 1};
    pixels_ = Tensor(batch_of(size_, image_shape_), DType::uint8, Device::cpu);
    for (std::int64_t i = 0; i < options.orientations; ++i) class_names_.push_back(fmt::format("orientation {}", i));
    for (std::int64_t i = 0; i < size_; ++i) {
      labels_.push_back(static_cast<std::int32_t>(i % options.orientations));
      draw(std::numbers::pi * labels_.back() / static_cast<double>(options.orientations), request, i);
    }
  }
  const Tensor& pixels() const override { return pixels_; }

 private:
  void draw(double angle, const DatasetRequest& request, std::int64_t image) {
    const auto split = static_cast<std::uint32_t>(request.split);
    Random random(request.seed, "gratings", split, static_cast<std::uint32_t>(image));
    const double phase = 2 * std::numbers::pi * random.uniform();
    const double step = 2 * std::numbers::pi * (2 + 4 * random.uniform()) / static_cast<double>(request.image_size);
    auto* to = pixels_.data<std::uint8_t>() + image * image_shape_.size();
    for (std::int64_t i = 0; i < image_shape_.size(); ++i) {
      const std::int64_t row = i / request.image_size;
      const auto x = static_cast<double>(i % request.image_size);
      const auto y = static_cast<double>(row);
      to[i] =
          static_cast<std::uint8_t>(127.5 + 127 * std::sin(phase + step * (x * std::cos(angle) + y * std::sin(angle))));
    }
  }

  Tensor pixels_;
};

const Registration<DatasetRegistry, Gratings, GratingOptions> registration(
    "gratings", "an example: gratings, a class an orientation; grey");

}  // namespace
