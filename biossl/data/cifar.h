#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "biossl/data/dataset.h"

namespace biossl {

/// The files of a CIFAR set. A record is its label bytes, then 32 x 32 red, green and blue bytes.
struct CifarFormat {
  std::string name;                      ///< "cifar10"
  std::string folder;                    ///< its folder below the data directory
  std::vector<std::string> train_files;  ///< read in this order
  std::vector<std::string> test_files;
  std::string names_file;                  ///< one class name a line; optional
  std::vector<std::int32_t> label_bounds;  ///< exclusive upper bound of each label byte; the last byte is the class
  std::int64_t train_images = 50'000;      ///< number published
  std::int64_t test_images = 10'000;
};

/// CIFAR-10 and CIFAR-100 (fine labels) from the official binary files: (32, 32, 3) uint8. request.directory is
/// cifar-10-batches-bin/ or cifar-100-binary/, or their parent. request.images = 0 requires the published number of
/// images, so an incomplete set is detected. Otherwise files with any positive number of records are read. Throws
/// BadInput naming the file and, if known, the byte: missing folder or file, too few images, a size that is not whole
/// records, an empty file, a label out of range.
class Cifar : public Dataset {
 public:
  static constexpr Traits traits{.side = 32, .from_files = true};

  const Tensor& pixels() const override { return pixels_; }

 protected:
  Cifar(const CifarFormat& format, const DatasetRequest& request);

 private:
  Tensor pixels_;
};

class Cifar10 final : public Cifar {
 public:
  Cifar10(const NoOptions& options, const DatasetRequest& request);
};

class Cifar100 final : public Cifar {
 public:
  Cifar100(const NoOptions& options, const DatasetRequest& request);
};

}  // namespace biossl
