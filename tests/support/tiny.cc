#include "tests/support/tiny.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "biossl/core/file.h"
#include "biossl/data/views.h"
#include "biossl/losses/loss.h"
#include "biossl/ops/ops.h"
#include "biossl/runs/checkpoint.h"

namespace biossl::testing {
namespace {

constexpr std::int64_t side = 8;

class TinyDataset final : public Dataset {
 public:
  static constexpr Traits traits{.side = side};

  TinyDataset(const NoOptions& /*options*/, const DatasetRequest& request) {
    const std::int64_t images = request.images == 0 ? 22 : std::min<std::int64_t>(request.images, 22);
    size_ = images;
    image_shape_ = {side, side, 3};
    class_names_ = {"red", "green", "blue"};
    pixels_ = Tensor({images, side, side, 3}, DType::uint8, Device::cpu);
    Random random(request.seed, Purpose::sample, request.split == Split::train ? 0 : 1);
    for (std::int64_t image = 0; image < images; ++image) {
      labels_.push_back(static_cast<std::int32_t>(image % 3));
      for (std::int64_t i = 0; i < side * side * 3; ++i) {
        const std::uint32_t brightness = i % 3 == image % 3 ? 255 : 120;
        pixels_.data<std::uint8_t>()[image * side * side * 3 + i] = static_cast<std::uint8_t>(random.below(brightness));
      }
    }
  }

  const Tensor& pixels() const override { return pixels_; }

 private:
  Tensor pixels_;
};

/// The image with a little noise.
class TinyViews final : public Views {
 public:
  TinyViews(const NoOptions& /*options*/, const ViewSource& source) : source_(source) {}

  void make(std::uint32_t epoch, std::uint32_t view, const Tensor& rows, Tensor& dst) override {
    const std::int64_t size = source_.dataset.image_shape().size();
    const Tensor numbers = on_device(rows, Device::reference);
    Tensor images(dst.shape(), DType::float32, Device::reference);
    for (std::int64_t n = 0; n < rows.extent(0); ++n) {
      const std::int32_t image = numbers.data<std::int32_t>()[n];
      Random random(source_.seed, Purpose::views, epoch, static_cast<std::uint32_t>(image), view);
      const std::uint8_t* from = source_.dataset.pixels().data<std::uint8_t>() + image * size;
      float* to = images.data<float>() + n * size;
      for (std::int64_t i = 0; i < size; ++i) to[i] = static_cast<float>(from[i]) / 255.0F + random.uniform(0, 0.1F);
    }
    Tensor rounded(dst.shape(), dst.dtype(), Device::reference);
    ops::convert(images, rounded);
    copy(rounded, dst);
  }

 private:
  ViewSource source_;
};

struct FailingOptions {
  std::int64_t good_batches = 0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("good_batches", good_batches, "batches with a loss of 1");
  }
};

class FailingLoss final : public Loss {
 public:
  FailingLoss(const FailingOptions& options, const LossSetup& /*shape*/) : good_(options.good_batches) {}

  void evaluate(const Tensor& /*embeddings*/, const StepContext& /*context*/, Tensor& errors, Tensor& totals) override {
    errors.fill_zero();
    totals.data<double>()[0] += good_-- > 0 ? 1.0 : std::numeric_limits<double>::quiet_NaN();
  }
  bool stops_gradient() const override { return false; }
  Plausibility plausibility() const override { return {}; }

 private:
  std::int64_t good_;
};

const Registration<DatasetRegistry, TinyDataset, NoOptions> tiny_dataset("tiny", "for tests");
const Registration<ViewsRegistry, TinyViews, NoOptions> tiny_views("tiny", "for tests");
const Registration<LossRegistry, FailingLoss, FailingOptions> failing_loss("failing", "for tests");

}  // namespace

const char* tiny_recipe_text() {
  return R"(seed = 3
[data]
pretrain = "tiny"
probe = "tiny"
[views]
kind = "tiny"
[[network.blocks]]
channels = 5
activation = "hardtanh"
[[network.blocks]]
channels = 6
pool = 2
activation = "tanh"
bias = true
[network.head]
features = 4
bias = true
[loss]
kind = "contrastive_hinge"
[train]
epochs = 3
batch = 5
learning_rate = 1e-2
checkpoint_every = 1
[probe]
epochs = 2
batch = 7
)";
}

Recipe tiny_recipe(const std::vector<Override>& overrides) {
  return parse_recipe(tiny_recipe_text(), "tiny.toml", overrides);
}

std::string final_checkpoint(const RunDirectory& directory) {
  return read_file(list_checkpoints(directory.checkpoints()).at(0));
}

}  // namespace biossl::testing
