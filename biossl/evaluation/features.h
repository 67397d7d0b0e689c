#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "biossl/core/progress.h"
#include "biossl/core/tensor.h"
#include "biossl/data/batch_fetcher.h"
#include "biossl/data/dataset.h"
#include "biossl/data/views.h"
#include "biossl/evaluation/feature_table.h"
#include "biossl/network/forward_pass.h"

namespace biossl {

/// The input of a linear probe: one row of numbers and one label per image.
struct Features {
  FeatureTable values;  ///< (N, F)
  Tensor labels;        ///< (N) int32, in host memory
};

/// 0, 1, … size-1, int32.
Tensor iota(std::int64_t size, Device device);

/// Hands out the images of a data set in order, one batch at a time, on a device, as numbers in [0,1]. Images that are
/// not in memory are read a batch ahead.
class UnitRange {
 public:
  /// The data set must outlive this object.
  UnitRange(const Dataset& dataset, std::int64_t batch, DType dtype, Device device);

  std::int64_t batch() const { return images_.extent(0); }
  /// Number of images of the data set.
  std::int64_t total() const { return dataset_.size(); }
  /// Images from `first` on, at most one batch. Valid until the next call.
  Tensor operator()(std::int64_t first);

 private:
  Tensor bytes_from(std::int64_t first, std::int64_t count);

  const Dataset& dataset_;
  Tensor images_;                          // (batch, H, W, C)
  Tensor pixels_;                          // the same as bytes; empty if they are read in place
  Tensor each_;                            // 0 .. batch-1
  std::unique_ptr<BatchFetcher> fetcher_;  // null for images in memory
  std::vector<std::int32_t> numbers_;      // 0, 1, … of all images, for the fetcher
};

/// Hands out the images of a data set in order as a network that learns from these views is shown them (Views::show),
/// one batch at a time: (n * grid, H, W, C), where views are cut the patches of an image one after another.
class ShownImages {
 public:
  /// The data set must outlive this object.
  ShownImages(const Dataset& dataset, const Choice& views, std::int64_t batch, DType dtype, Device device);

  std::int64_t total() const { return total_; }
  /// Images from `first` on, at most one batch. Valid until the next call.
  Tensor operator()(std::int64_t first);

 private:
  Tensor rows_from(std::int64_t first) const;

  std::int64_t batch_, total_;
  std::optional<UnitRange> whole_;  // images as they are
  std::unique_ptr<Views> views_;    // in place of it where views change them
  PatchGrid grid_;
  Tensor numbers_;  // 0, 1, … of all images
  Tensor images_;   // (batch * grid, H, W, C)
};

/// Views that leave images as they are.
inline const Choice whole_images{"identity", {}};

/// Runs images through a frozen encoder, forward only, and hands over the outputs of some blocks batch by batch. Images
/// are shown as the views that the encoder learns from show them. Where these cut images into patches, a block's output
/// is the mean of that for the patches. A data set may show other images in each pass.
class FeatureReader {
 public:
  /// blocks: increasing indices. The data set must outlive the reader. Throws std::invalid_argument if the views make
  /// other images than the network sees.
  FeatureReader(const Network& network, std::vector<int> blocks, const Dataset& dataset,
                const Choice& views = whole_images);

  /// The largest number of images at a time.
  std::int64_t batch() const { return batch_; }
  /// Calls take(first image, outputs) for every batch of the data set, in order.
  /// outputs[k] (n, H', W', C') in the compute type belongs to blocks[k] and is valid until take returns. One pass for
  /// all blocks.
  using Take = std::function<void(std::int64_t first, std::span<const Tensor> outputs)>;
  void read(const Take& take, const Progress& progress = {});

 private:
  /// Of block blocks_[index] for the first images of the batch.
  Tensor output(std::size_t index, std::int64_t images);

  std::vector<int> blocks_;
  const Network& network_;
  const Dataset& dataset_;
  Choice views_;
  PatchGrid grid_;
  std::int64_t batch_;
  ForwardPass pass_;
  std::vector<Activity> kept_;   // outputs of the chosen blocks
  std::vector<Tensor> means_;    // over the patches; empty where images are whole
  std::vector<Tensor> outputs_;  // views of kept_ or means_ for the current images
};

/// Room for the features of every image of a data set at each of the blocks, and its labels.
std::vector<Features> make_features(const Network& network, const std::vector<int>& blocks, const Dataset& dataset,
                                    const FeatureStorage& kept);
/// Writes the outputs of the reader's blocks into the tables of one pass, in the order of the blocks.
void fill_features(FeatureReader& reader, std::span<Features> features, const Progress& progress = {});
/// Features of every image of a data set at each of the blocks (increasing indices), from one pass.
std::vector<Features> extract_features(Network& network, const std::vector<int>& blocks, const Dataset& dataset,
                                       const FeatureStorage& kept, const Progress& progress = {},
                                       const Choice& views = whole_images);
/// Divides blocks into passes over the images. The features of block i take bytes[i]; those of one pass fit into
/// `budget`. Neighbours are together, in as few passes as possible. A block above the budget has its own pass.
std::vector<std::vector<int>> share_passes(std::span<const std::int64_t> bytes, std::int64_t budget);
/// The raw pixels in [0,1] as features.
Features pixel_features(const Dataset& dataset, Device device, const FeatureStorage& kept);

}  // namespace biossl
