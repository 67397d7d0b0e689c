#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/patch_grid.h"
#include "biossl/core/registry.h"
#include "biossl/core/tensor.h"
#include "biossl/core/trait_function.h"
#include "biossl/data/batch_fetcher.h"
#include "biossl/data/dataset.h"

namespace biossl {

/// What a kind of views makes of images, known before it makes any.
struct ViewPlan {
  Shape image;          ///< (H, W, C) that the network sees
  PatchGrid grid = {};  ///< of such images, row by row, that a view is cut into
  int views = 2;        ///< of an image
  double mean = 0;      ///< a number v of a view stands for v * deviation + mean in [0,1]
  double deviation = 1;
  std::int64_t square = 0;  ///< side of the square of an image, in its own pixels, that the grid is cut from

  /// Rows of one view of so many images.
  std::int64_t rows(std::int64_t images) const { return images * grid.size(); }
  /// Whether the network sees whole images (H, W, C) in [0,1], as they are.
  bool keeps(const Shape& shape) const { return !grid.is_cut() && image == shape && mean == 0 && deviation == 1; }
};

/// Makes views of images. A view shows the object at one moment. Two views of one image are a positive pair.
class Views {
 public:
  static constexpr const char* kind = "kind of views";
  /// What is known before views are made.
  struct Traits {
    TraitFunction<bool(const Dataset&)> suit = nullptr;  ///< whether they can be made of a data set; null: of any
    /// What they make of images (H, W, C) under these settings; null: pairs of whole images of the same shape. A kind
    /// that has it overrides `show`. Throws std::invalid_argument for impossible settings or images.
    TraitFunction<ViewPlan(const Settings&, const Shape& image)> plan = nullptr;
    bool host_only = false;  ///< whether a GPU makes no such views
  };

  virtual ~Views() = default;

  /// Writes view number `view` of images rows[n] (int32, N) into dst (N, H, W, C), values in [0,1]; or as the kind's
  /// plan says: (N * grid, H, W, C), the patches of an image one after another. A view depends on (seed, epoch, image,
  /// view) only, not on the batch.
  virtual void make(std::uint32_t epoch, std::uint32_t view, const Tensor& rows, Tensor& dst) = 0;
  /// Writes images as a network that learns from such views sees them when it is read: cut and scaled as views are,
  /// but nothing is drawn. For kinds with a plan; other networks see the images themselves, in [0,1].
  virtual void show(const Tensor& rows, Tensor& dst);
  /// The images that views can be made of, in ascending order; empty: all images of the data set.
  virtual std::span<const std::int32_t> images() const { return {}; }
  /// Announces the rows of the next call of `make` or `show`, so that images that are not in memory are read meanwhile.
  /// It changes no result.
  virtual void expect(const Tensor& /*rows*/) {}
  /// Whether `make` waits for the device to work on the host; then it cannot be part of a CUDA graph.
  virtual bool waits_for_device() const { return false; }
};

/// The source of views. Everything must outlive the Views.
struct ViewSource {
  const Dataset& dataset;
  std::uint64_t seed;
  std::int64_t batch;  ///< largest number of images in a call of `make`
  Device device;
};

using ViewsRegistry = Registry<Views, const ViewSource&>;

/// What these views make of images (H, W, C). Throws std::invalid_argument for an unknown kind, or settings or images
/// that are impossible.
ViewPlan plan_views(const Choice& choice, const Shape& image);

/// For implementations: the images of a data set on the device, for operations on chosen rows. A data set in memory is
/// there as a whole, copied to the device if necessary; of another one the images of a batch.
class SourceImages {
 public:
  /// Throws std::invalid_argument for a data set that is not in memory and a device that is not the host.
  explicit SourceImages(const ViewSource& source);

  /// Row places[n] of `pixels` (M, H, W, C) uint8 is the image asked for.
  struct Rows {
    Tensor pixels, places;
  };
  /// The images rows[n] (int32, N). Valid until the next call with other rows.
  Rows at(const Tensor& rows);
  void expect(const Tensor& rows);

 private:
  Tensor pixels_;                          // all images; empty if they are fetched
  std::unique_ptr<BatchFetcher> fetcher_;  // null if they are all there
  Tensor each_;                            // 0 .. batch-1 for fetched images
};

/// For implementations: throws std::invalid_argument, which names the section as a recipe has it, unless the condition
/// holds.
template <class... Args>
void check_views(bool condition, std::string_view kind, fmt::format_string<Args...> text, Args&&... args) {
  if (!condition) fail("views", "kind = \"{}\": {}", kind, fmt::format(text, std::forward<Args>(args)...));
}

/// Whether a device makes views of a kind.
bool makes_views(Device device, std::string_view kind);
/// Throws std::invalid_argument, with advice, if it does not.
void check_views_device(std::string_view kind, Device device);

/// For implementations: throws std::invalid_argument unless rows has rank 1 and fits into a batch.
void check_batch(const ViewSource& source, const Tensor& rows);

}  // namespace biossl
