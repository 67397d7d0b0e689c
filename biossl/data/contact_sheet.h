#pragma once

#include <cstdint>
#include <filesystem>

#include "biossl/core/device.h"
#include "biossl/data/dataset.h"
#include "biossl/data/views.h"

namespace biossl {

/// How large a sheet is.
struct SheetOptions {
  std::int64_t rows = 10;     ///< at most this many classes or images
  std::int64_t columns = 16;  ///< images a class; view sheets show one pair of views for two columns
  std::int64_t scale = 3;     ///< every pixel is this many times as large
};

/// Writes a PNG with one row a class, under its name: its first images in the order of the data set.
void write_contact_sheet(const Dataset& dataset, const std::filesystem::path& path, const SheetOptions& options = {});

/// Writes a PNG with one row an image: the image, then its views 0 and 1 in epoch 0, 1, … `views` must have been made
/// for this data set, with batches of `rows` or more, on `device`.
void write_view_sheet(const Dataset& dataset, Views& views, Device device, const std::filesystem::path& path,
                      const SheetOptions& options = {});

}  // namespace biossl
