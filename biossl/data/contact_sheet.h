#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "biossl/core/device.h"
#include "biossl/data/dataset.h"
#include "biossl/data/views.h"

namespace biossl {

/// The size of a sheet.
struct SheetOptions {
  std::int64_t rows = 10;     ///< at most this many classes or images
  std::int64_t columns = 16;  ///< images per class or clip; in view sheets every view of an image takes one
  std::int64_t scale = 3;     ///< magnification
};

/// The magnification of images of this width: the usual one; a smaller one where that would make them large, a larger
/// one where texts of so many pixels would not fit above them.
std::int64_t sheet_scale(std::int64_t width, std::int64_t text_width = 64, std::int64_t usual = SheetOptions{}.scale);

/// Writes a PNG with one row per class, with its name and its first images; of frames one row per clip; of a data set
/// without labels the first images, row by row.
void write_contact_sheet(const Dataset& dataset, const std::filesystem::path& path, const SheetOptions& options = {});

/// Writes a PNG with one row per image: the image, then its views in epoch 0, 1, …, those that are cut into patches as
/// the grid of these with gaps between them. `views` must belong to this data set, to `device`, and to batches of at
/// least `rows`; `plan` is theirs.
void write_view_sheet(const Dataset& dataset, Views& views, const ViewPlan& plan, Device device,
                      const std::filesystem::path& path, const SheetOptions& options = {});
/// Writes a PNG with one row per image: the image, then moments of a sequence in which its object moves
/// (SequenceSource), evenly from the first to the last. Throws std::invalid_argument if there are none.
void write_sequence_sheet(const Dataset& dataset, std::uint64_t seed, const std::filesystem::path& path,
                          const SheetOptions& options = {});

/// The side that a view takes on such a sheet, pixels before magnification: (height, width).
std::array<std::int64_t, 2> sides_on_sheet(const ViewPlan& plan);

/// An image and what is shown beside it.
struct SheetRow {
  std::int64_t image = 0;                 ///< of the queries
  std::vector<std::int64_t> beside = {};  ///< of the other data set
};

/// Writes a PNG with a row for each of `rows`: an image of `queries`, a gap, then the images of `others` beside it.
/// Above each stands the name of its class, as much of it as fits, where it has one. Both sets have images of one
/// shape. options.rows and options.columns are not read.
void write_neighbour_sheet(const Dataset& queries, const Dataset& others, std::span<const SheetRow> rows,
                           const std::filesystem::path& path, const SheetOptions& options = {});

}  // namespace biossl
