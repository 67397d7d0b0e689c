#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "biossl/core/tensor.h"
#include "biossl/data/batch_fetcher.h"
#include "biossl/data/dataset.h"
#include "biossl/evaluation/shown_images.h"

namespace biossl {

/// The images of a data set as they are. Images that are not in memory are read a batch ahead.
class WholeImages final : public ShownImages {
 public:
  /// The data set must outlive this object.
  WholeImages(const Dataset& dataset, std::int64_t batch, DType dtype, Device device);

  std::int64_t batch() const { return images_.extent(0); }
  /// Number of images of the data set.
  std::int64_t total() const { return dataset_.size(); }
  Tensor operator()(std::int64_t first) override;

 private:
  Tensor bytes_from(std::int64_t first, std::int64_t count);

  const Dataset& dataset_;
  Tensor images_;                          // (batch, H, W, C)
  Tensor pixels_;                          // the same as bytes; empty if they are read in place
  Tensor each_;                            // 0 .. batch-1
  std::unique_ptr<BatchFetcher> fetcher_;  // null for images in memory
  std::vector<std::int32_t> numbers_;      // 0, 1, … of all images, for the fetcher
};

}  // namespace biossl
