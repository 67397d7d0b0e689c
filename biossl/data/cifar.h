#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "biossl/data/dataset.h"

namespace biossl {

/// How one of the two CIFAR sets lies on disk. A record is its label bytes, then 32 x 32 red, green and blue bytes.
struct CifarFormat {
  std::string name;                      ///< "cifar10"
  std::string folder;                    ///< of its files, below the data directory
  std::vector<std::string> train_files;  ///< in this order
  std::vector<std::string> test_files;
  std::string names_file;                  ///< one class name a line; may be missing
  std::vector<std::int32_t> label_bounds;  ///< what each label byte stays below; the last one is the class
  std::int64_t train_images = 50'000;      ///< as published
  std::int64_t test_images = 10'000;
};

/// CIFAR-10 and CIFAR-100 (fine labels) from the official binary files: (32, 32, 3) uint8. request.directory is the
/// folder that holds cifar-10-batches-bin/ or cifar-100-binary/, or that folder itself. "All images" are as many as
/// were published, so that a set cut short cannot pass for the whole one; files with any other number of records from 1
/// on are read where their number is asked for. Throws BadInput naming the file, and the byte where there is one, for a
/// missing folder or file, too few images, a size that is not whole records, an empty file or a label out of range.
class Cifar : public Dataset {
 public:
  static constexpr Traits traits{.side = 32};

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
