#include "biossl/data/contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "biossl/data/canvas.h"
#include "biossl/data/capability.h"
#include "biossl/data/moments.h"

namespace biossl {
namespace {

constexpr std::int64_t gap = 4;        // pixels between images
constexpr std::int64_t patch_gap = 2;  // between the patches of a view, before magnification

/// The layout of a sheet: equal cells, with a line of text above each row.
struct Grid {
  Shape image;
  std::int64_t scale;

  std::int64_t cell_width() const { return image[1] * scale + gap; }
  std::int64_t cell_height() const { return image[0] * scale + gap + Canvas::letter_height + gap; }
  std::int64_t x(std::int64_t column) const { return gap + column * cell_width(); }
  std::int64_t text_y(std::int64_t row) const { return gap + row * cell_height(); }
  std::int64_t image_y(std::int64_t row) const { return text_y(row) + Canvas::letter_height + gap; }
  /// As much of a text as stands above one image.
  std::string cut_to_cell(const std::string& text) const {
    return text.substr(0, static_cast<std::size_t>(image[1] * scale / Canvas::letter_width));
  }
  Canvas canvas(std::int64_t rows, std::int64_t columns) const { return {x(columns), text_y(rows)}; }
};

void check_options(const Dataset& dataset, const SheetOptions& options) {
  check(dataset.size() > 0, "contact_sheet", "the data set has no images");
  check(options.rows > 0 && options.columns > 0 && options.scale > 0, "contact_sheet",
        "{} rows, {} columns, scale {}; all must be at least 1", options.rows, options.columns, options.scale);
}

std::string class_name(const Dataset& dataset, std::int32_t label) {
  const auto index = static_cast<std::size_t>(label);
  const auto& names = dataset.class_names();
  return index < names.size() ? fmt::format("{} {}", label, names[index]) : std::to_string(label);
}

std::vector<std::uint8_t> image_of(const Dataset& dataset, std::int64_t image) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(dataset.image_shape().size()));
  const auto row = static_cast<std::int32_t>(image);
  dataset.fetch(std::span(&row, 1), bytes.data());
  return bytes;
}

/// Which row of a sheet an image is in: its clip's, its class's, or the next of the images one after another.
class SheetRows {
 public:
  SheetRows(const Dataset& dataset, std::int64_t columns) : dataset_(dataset), columns_(columns) {}

  std::int64_t rows() const {
    if (dataset_.has_clips()) return dataset_.clips().back() + 1;
    if (dataset_.is_labelled()) return static_cast<std::int64_t>(dataset_.class_names().size());
    return (dataset_.size() + columns_ - 1) / columns_;
  }
  std::int64_t row_of(std::int64_t image) const {
    const auto index = static_cast<std::size_t>(image);
    if (dataset_.has_clips()) return dataset_.clips()[index];
    return dataset_.is_labelled() ? dataset_.labels()[index] : image / columns_;
  }
  /// "clip 3, 0 walking"
  std::string title_of(std::int64_t image) const {
    const auto index = static_cast<std::size_t>(image);
    const std::string name = dataset_.is_labelled() ? class_name(dataset_, dataset_.labels()[index]) : "";
    if (!dataset_.has_clips()) return name;
    return fmt::format("clip {}{}{}", dataset_.clips()[index], name.empty() ? "" : ", ", name);
  }

 private:
  const Dataset& dataset_;
  std::int64_t columns_;
};

/// The first images, or of those that views can be made of some that lie evenly between the first and the last.
std::vector<std::int32_t> images_to_show(const Views& views, std::int64_t rows) {
  std::vector<std::int32_t> shown;
  const std::span<const std::int32_t> suitable = views.images();
  const auto all = std::ssize(suitable);
  for (std::int64_t row = 0; row < rows; ++row) {
    shown.push_back(all == 0 ? static_cast<std::int32_t>(row) : suitable[static_cast<std::size_t>(row * all / rows)]);
  }
  return shown;
}

/// A view on any device as bytes in host memory.
std::vector<std::uint8_t> to_bytes(const Tensor& view, const ViewPlan& plan) {
  Tensor host(view.shape(), DType::float32, Device::cpu);
  copy(view, host);
  std::vector<std::uint8_t> bytes;
  bytes.reserve(static_cast<std::size_t>(host.size()));
  for (const float number : host.span<const float>()) {
    const float value = number * static_cast<float>(plan.deviation) + static_cast<float>(plan.mean);
    bytes.push_back(static_cast<std::uint8_t>(std::lround(255.0F * std::clamp(value, 0.0F, 1.0F))));
  }
  return bytes;
}

void draw_view(Canvas& canvas, std::int64_t x, std::int64_t y, const ViewPlan& plan, const std::uint8_t* bytes,
               std::int64_t scale) {
  for (std::int64_t patch = 0; patch < plan.grid.size(); ++patch) {
    const std::int64_t down = patch / plan.grid.columns * (plan.image[0] + patch_gap);
    const std::int64_t across = patch % plan.grid.columns * (plan.image[1] + patch_gap);
    canvas.image(x + across * scale, y + down * scale, plan.image, bytes + patch * plan.image.size(), scale);
  }
}

}  // namespace

std::int64_t sheet_scale(std::int64_t width, std::int64_t text_width, std::int64_t usual) {
  return std::max({std::min(usual, 192 / width), text_width / width, std::int64_t{1}});
}

void write_contact_sheet(const Dataset& dataset, const std::filesystem::path& path, const SheetOptions& options) {
  check_options(dataset, options);
  const SheetRows layout(dataset, options.columns);
  const std::int64_t rows = std::min(options.rows, layout.rows());
  const Grid grid{dataset.image_shape(), options.scale};
  Canvas canvas = grid.canvas(rows, options.columns);
  std::vector<std::int64_t> shown(static_cast<std::size_t>(rows), 0);
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const std::int64_t row = layout.row_of(i);
    if (row >= rows) continue;
    std::int64_t& column = shown[static_cast<std::size_t>(row)];
    if (column == options.columns) continue;
    if (column == 0) canvas.text(grid.x(0), grid.text_y(row), layout.title_of(i));
    canvas.image(grid.x(column++), grid.image_y(row), grid.image, image_of(dataset, i).data(), grid.scale);
  }
  canvas.save(path);
}

void write_sequence_sheet(const Dataset& dataset, std::uint64_t seed, const std::filesystem::path& path,
                          const SheetOptions& options) {
  check_options(dataset, options);
  const Capability<SequenceSource> sequences(dataset);
  check(sequences.exists(), "contact_sheet", "this data set has no sequences of moments; \"world\" has");
  const std::int64_t length = sequences->sequence_length();
  const std::int64_t rows = std::min(options.rows, dataset.size());
  const std::int64_t columns = std::min(options.columns, length);
  const Grid grid{dataset.image_shape(), options.scale};
  Canvas canvas = grid.canvas(rows, 1 + columns);
  const SheetRows layout(dataset, columns);
  std::vector<std::uint8_t> seen(static_cast<std::size_t>(grid.image.size()));
  for (std::int64_t row = 0; row < rows; ++row) {
    canvas.text(grid.x(0), grid.text_y(row), grid.cut_to_cell(layout.title_of(row)));
    canvas.image(grid.x(0), grid.image_y(row), grid.image, image_of(dataset, row).data(), grid.scale);
    for (std::int64_t column = 0; column < columns; ++column) {
      const std::int64_t moment = column * (length - 1) / std::max<std::int64_t>(columns - 1, 1);
      const Random random(seed, Purpose::world, 0, static_cast<std::uint32_t>(row), SequenceSource::view);
      sequences->render_in_sequence(sequences.row(row), random, moment, seen.data());
      canvas.text(grid.x(1 + column), grid.text_y(row), fmt::format("moment {}", moment));
      canvas.image(grid.x(1 + column), grid.image_y(row), grid.image, seen.data(), grid.scale);
    }
  }
  canvas.save(path);
}

std::array<std::int64_t, 2> sides_on_sheet(const ViewPlan& plan) {
  const auto side = [](std::int64_t patch, std::int64_t patches) { return patches * (patch + patch_gap) - patch_gap; };
  return {side(plan.image[0], plan.grid.rows), side(plan.image[1], plan.grid.columns)};
}

void write_view_sheet(const Dataset& dataset, Views& views, const ViewPlan& plan, Device device,
                      const std::filesystem::path& path, const SheetOptions& options) {
  check_options(dataset, options);
  const std::int64_t rows = std::min(options.rows, dataset.size());
  const std::int64_t epochs = std::max<std::int64_t>(1, options.columns / plan.views);
  const Shape& image = dataset.image_shape();
  const auto [height, width] = sides_on_sheet(plan);
  const Grid grid{{std::max(image[0], height), std::max(image[1], width), image[2]}, options.scale};
  Canvas canvas = grid.canvas(rows, 1 + plan.views * epochs);
  const SheetRows layout(dataset, options.columns);
  const std::vector<std::int32_t> shown = images_to_show(views, rows);
  Tensor images({rows}, DType::int32, Device::cpu);
  std::ranges::copy(shown, images.data<std::int32_t>());
  const Tensor device_images = on_device(images, device);
  Tensor batch(batch_of(plan.rows(rows), plan.image), DType::float32, device);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int32_t source = shown[static_cast<std::size_t>(row)];
    canvas.text(grid.x(0), grid.text_y(row), grid.cut_to_cell(layout.title_of(source)));
    canvas.image(grid.x(0), grid.image_y(row), image, image_of(dataset, source).data(), grid.scale);
  }
  for (std::int64_t column = 0; column < plan.views * epochs; ++column) {
    const std::int64_t epoch = column / plan.views;
    const std::int64_t view = column % plan.views;
    views.make(static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(view), device_images, batch);
    const std::vector<std::uint8_t> bytes = to_bytes(batch, plan);
    for (std::int64_t row = 0; row < rows; ++row) {
      if (view == 0) canvas.text(grid.x(1 + column), grid.text_y(row), fmt::format("epoch {}", epoch));
      draw_view(canvas, grid.x(1 + column), grid.image_y(row), plan,
                bytes.data() + row * plan.rows(1) * plan.image.size(), grid.scale);
    }
  }
  canvas.save(path);
}

void write_neighbour_sheet(const Dataset& queries, const Dataset& others, std::span<const SheetRow> rows,
                           const std::filesystem::path& path, const SheetOptions& options) {
  check_options(queries, options);
  check(queries.image_shape() == others.image_shape(), "contact_sheet", "images of {} beside images of {}",
        to_string(queries.image_shape()), to_string(others.image_shape()));
  std::size_t columns = 0;
  for (const SheetRow& row : rows) columns = std::max(columns, row.beside.size());
  const Grid grid{queries.image_shape(), options.scale};
  const std::int64_t apart = grid.cell_width() / 4;
  Canvas canvas(grid.x(static_cast<std::int64_t>(columns) + 1) + apart,
                grid.text_y(static_cast<std::int64_t>(rows.size())));
  const auto letters = static_cast<std::size_t>(grid.cell_width() / Canvas::letter_width);
  const auto show = [&](const Dataset& dataset, std::int64_t image, std::int64_t row, std::int64_t x) {
    if (dataset.is_labelled()) {
      const auto label = static_cast<std::size_t>(dataset.labels()[static_cast<std::size_t>(image)]);
      canvas.text(x, grid.text_y(row), dataset.class_names()[label].substr(0, letters));
    }
    canvas.image(x, grid.image_y(row), grid.image, image_of(dataset, image).data(), grid.scale);
  };
  for (std::size_t number = 0; number < rows.size(); ++number) {
    const auto row = static_cast<std::int64_t>(number);
    show(queries, rows[number].image, row, grid.x(0));
    for (std::size_t i = 0; i < rows[number].beside.size(); ++i) {
      show(others, rows[number].beside[i], row, grid.x(static_cast<std::int64_t>(i) + 1) + apart);
    }
  }
  canvas.save(path);
}

}  // namespace biossl
