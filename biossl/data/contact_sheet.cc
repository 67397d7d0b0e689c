#include "biossl/data/contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "biossl/data/canvas.h"

namespace biossl {
namespace {

constexpr std::int64_t gap = 4;  // pixels between images

/// The layout of a sheet: equal cells, with a line of text above each row.
struct Grid {
  Shape image;
  std::int64_t scale;

  std::int64_t cell_width() const { return image[1] * scale + gap; }
  std::int64_t cell_height() const { return image[0] * scale + gap + Canvas::letter_height + gap; }
  std::int64_t x(std::int64_t column) const { return gap + column * cell_width(); }
  std::int64_t text_y(std::int64_t row) const { return gap + row * cell_height(); }
  std::int64_t image_y(std::int64_t row) const { return text_y(row) + Canvas::letter_height + gap; }
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

/// A view on any device as bytes in host memory.
std::vector<std::uint8_t> to_bytes(const Tensor& view) {
  Tensor host(view.shape(), DType::float32, Device::cpu);
  copy(view, host);
  std::vector<std::uint8_t> bytes;
  bytes.reserve(static_cast<std::size_t>(host.size()));
  for (const float value : host.span<const float>()) {
    bytes.push_back(static_cast<std::uint8_t>(std::lround(255.0F * std::clamp(value, 0.0F, 1.0F))));
  }
  return bytes;
}

}  // namespace

void write_contact_sheet(const Dataset& dataset, const std::filesystem::path& path, const SheetOptions& options) {
  check_options(dataset, options);
  const bool labelled = dataset.is_labelled();
  const auto classes = static_cast<std::int64_t>(dataset.class_names().size());
  const std::int64_t rows =
      std::min(options.rows, labelled ? classes : (dataset.size() + options.columns - 1) / options.columns);
  const Grid grid{dataset.image_shape(), options.scale};
  Canvas canvas = grid.canvas(rows, options.columns);
  for (std::int64_t row = 0; labelled && row < rows; ++row) {
    canvas.text(grid.x(0), grid.text_y(row), class_name(dataset, static_cast<std::int32_t>(row)));
  }
  std::vector<std::int64_t> shown(static_cast<std::size_t>(rows), 0);
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const std::int64_t row = labelled ? dataset.labels()[static_cast<std::size_t>(i)] : i / options.columns;
    if (row >= rows) continue;
    std::int64_t& column = shown[static_cast<std::size_t>(row)];
    if (column == options.columns) continue;
    canvas.image(grid.x(column++), grid.image_y(row), grid.image, image_of(dataset, i).data(), grid.scale);
  }
  canvas.save(path);
}

void write_view_sheet(const Dataset& dataset, Views& views, Device device, const std::filesystem::path& path,
                      const SheetOptions& options) {
  check_options(dataset, options);
  const std::int64_t rows = std::min(options.rows, dataset.size());
  const std::int64_t epochs = std::max<std::int64_t>(1, options.columns / 2);
  const Shape& shape = dataset.image_shape();
  const Grid grid{shape, options.scale};
  Canvas canvas = grid.canvas(rows, 1 + 2 * epochs);
  Tensor images({rows}, DType::int32, Device::cpu);
  for (std::int64_t row = 0; row < rows; ++row) images.data<std::int32_t>()[row] = static_cast<std::int32_t>(row);
  Tensor device_images({rows}, DType::int32, device);
  copy(images, device_images);
  Tensor batch({rows, shape[0], shape[1], shape[2]}, DType::float32, device);
  for (std::int64_t row = 0; row < rows; ++row) {
    if (dataset.is_labelled()) {
      canvas.text(grid.x(0), grid.text_y(row), class_name(dataset, dataset.labels()[static_cast<std::size_t>(row)]));
    }
    canvas.image(grid.x(0), grid.image_y(row), shape, image_of(dataset, row).data(), grid.scale);
  }
  for (std::int64_t pair = 0; pair < 2 * epochs; ++pair) {
    views.make(static_cast<std::uint32_t>(pair / 2), static_cast<std::uint32_t>(pair % 2), device_images, batch);
    const std::vector<std::uint8_t> bytes = to_bytes(batch);
    for (std::int64_t row = 0; row < rows; ++row) {
      if (pair % 2 == 0) canvas.text(grid.x(1 + pair), grid.text_y(row), fmt::format("epoch {}", pair / 2));
      canvas.image(grid.x(1 + pair), grid.image_y(row), shape, bytes.data() + row * shape.size(), grid.scale);
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
