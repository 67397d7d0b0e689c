#include "biossl/data/views.h"

#include "biossl/ops/ops.h"
#include "src/arrays.h"
#include "src/components/python_component.h"
#include "src/lock.h"
#include "src/module.h"

namespace biossl::python {
namespace {

class PythonViews final : public Views {
 public:
  PythonViews(const PythonClassPtr& type, const Settings& settings, const ViewSource& source)
      : component_(type, settings), source_(source), images_(source) {
    require_host(*type, source.device);
    const Shape& image = source.dataset.image_shape();
    pixels_ = Tensor(batch_of(source.batch, image), DType::uint8, source.device);
    type->blaming([&] {
      component_.call("_begin", nb::make_tuple(image[0], image[1], image[2]), source.dataset.size(), source.seed);
    });
  }

  void make(std::uint32_t epoch, std::uint32_t view, const Tensor& rows, Tensor& dst) override {
    const Tensor pixels = pixels_of(rows);
    const Locked lock;
    take(component_.call<nb::object>("_make", plain_array_of(pixels), plain_array_of(rows), view, epoch), dst);
  }
  void show(const Tensor& rows, Tensor& dst) override {
    const Tensor pixels = pixels_of(rows);
    const Locked lock;
    take(component_.call<nb::object>("_show", plain_array_of(pixels)), dst);
  }
  void expect(const Tensor& rows) override { images_.expect(rows); }

 private:
  /// The images of these rows, one behind the other.
  Tensor pixels_of(const Tensor& rows) {
    check_batch(source_, rows);
    const auto [from, places] = images_.at(rows);
    Tensor pixels = pixels_.rows(0, rows.extent(0));
    ops::gather_rows(from, places, pixels);
    return pixels;
  }
  /// Views (N, H, W, C), uint8 or float32 in [0,1], contiguous, into the compute type.
  void take(const nb::object& made, Tensor& dst) const {
    const auto array = nb::cast<Array>(made);
    const bool bytes = array.dtype() == nb::dtype<std::uint8_t>();
    const Tensor views = tensor_over(array, bytes ? DType::uint8 : DType::float32, component_.type().name());
    check(views.shape() == dst.shape(), component_.type().name(), "made views {} where {} belong",
          to_string(views.shape()), to_string(dst.shape()));
    if (!bytes) return ops::convert(on_device(views, dst.device()), dst);
    ops::unit_range(on_device(views, dst.device()), iota(views.extent(0), dst.device()), dst);
  }

  PythonComponent component_;
  ViewSource source_;
  SourceImages images_;
  Tensor pixels_;
};

/// What the class says of images of this shape under these settings.
ViewPlan plan_of(const void* data, const Settings& settings, const Shape& image) {
  const PythonClass& type = *static_cast<const PythonClass*>(data);
  return type.blaming([&] {
    const nb::object views = type.make(settings);
    const nb::object plan = views.attr("_plan")(nb::make_tuple(image[0], image[1], image[2]));
    const auto number = [](nb::handle of) { return nb::cast<std::int64_t>(of); };
    const nb::object shape = plan[0];
    const nb::object grid = plan[1];
    return ViewPlan{.image = {number(shape[0]), number(shape[1]), number(shape[2])},
                    .grid = {.rows = number(grid[0]), .columns = number(grid[1])},
                    .views = nb::cast<int>(plan[2]),
                    .mean = nb::cast<double>(plan[3]),
                    .deviation = nb::cast<double>(plan[4]),
                    .square = number(plan[5])};
  });
}

bool suits(const void* data, const Dataset& dataset) {
  const PythonClass& type = *static_cast<const PythonClass*>(data);
  const Shape& image = dataset.image_shape();
  return type.blaming(
      [&] { return nb::cast<bool>(type.make({}).attr("_suits")(nb::make_tuple(image[0], image[1], image[2]))); });
}

ViewsRegistry::Entry entry_of(const PythonClassPtr& type, const nb::dict& traits) {
  ViewsRegistry::Entry entry;
  entry.make = [type](const Settings& settings, const ViewSource& source) {
    return std::make_unique<PythonViews>(type, settings, source);
  };
  const PythonClass* const data = type.get();  // the registry keeps the entry, and that keeps the class
  entry.traits.suit = {&suits, data};
  if (nb::cast<bool>(traits["has_plan"])) entry.traits.plan = {&plan_of, data};
  entry.traits.host_only = true;
  return entry;
}

}  // namespace

void bind_views(nb::module_& module) { bind_registration<ViewsRegistry>(module, "register_views", &entry_of); }

}  // namespace biossl::python
