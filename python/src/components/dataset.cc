#include "biossl/data/dataset.h"

#include <nanobind/stl/filesystem.h>

#include <cstring>
#include <vector>

#include "src/arrays.h"
#include "src/components/python_component.h"
#include "src/lock.h"
#include "src/module.h"

namespace biossl::python {
namespace {

nb::handle missing_split;  // the exception of Python that means MissingSplit

Shape shape_of(nb::handle said) {
  const auto extent = [&](int axis) { return nb::cast<std::int64_t>(said[axis]); };
  return {extent(0), extent(1), extent(2)};
}

class PythonDataset final : public Dataset {
 public:
  PythonDataset(const PythonClassPtr& type, const Settings& settings, const DatasetRequest& request)
      : component_(type, settings) {
    type->blaming([&] {
      try {
        open(component_.object().attr("_open")(request));
      } catch (nb::python_error& thrown) {
        if (!thrown.matches(missing_split)) throw;
        throw MissingSplit(nb::str(thrown.value()).c_str());
      }
    });
  }

  bool is_resident() const override { return !pixels_.empty(); }
  const Tensor& pixels() const override { return is_resident() ? pixels_ : Dataset::pixels(); }
  void fetch(std::span<const std::int32_t> rows, std::uint8_t* to) const override {
    if (is_resident()) return Dataset::fetch(rows, to);
    check_rows(rows);
    const Locked lock;
    nb::list numbers;
    for (const std::int32_t row : rows) numbers.append(row);
    const auto array = component_.call<Array>("_fetch", numbers);
    const Tensor images = tensor_over(array, DType::uint8, component_.type().name());
    check(images.shape() == batch_of(std::ssize(rows), image_shape_), component_.type().name(),
          "fetched images {} where {} belong", to_string(images.shape()),
          to_string(batch_of(std::ssize(rows), image_shape_)));
    std::memcpy(to, images.raw(), images.bytes());
  }
  Targets targets() const override {
    const Locked lock;
    const nb::object said = component_.object().attr("_targets")();
    return {.names = nb::cast<std::vector<std::string>>(said[0]), .values = nb::cast<std::vector<float>>(said[1])};
  }

 private:
  void open(const nb::object& said) {
    size_ = nb::cast<std::int64_t>(said[0]);
    image_shape_ = shape_of(said[1]);
    labels_ = nb::cast<std::vector<std::int32_t>>(said[2]);
    class_names_ = nb::cast<std::vector<std::string>>(said[3]);
    clips_ = nb::cast<std::vector<std::int32_t>>(said[4]);
    notes_ = nb::cast<std::vector<std::string>>(said[5]);
    const nb::object images = said[6];
    if (!images.is_none()) pixels_ = tensor_over(nb::cast<Array>(images), DType::uint8, component_.type().name());
  }

  PythonComponent component_;
  Tensor pixels_;  // empty if they are fetched
};

/// The shape of the images that the class makes under these settings.
Shape shape_under(const void* data, const Settings& settings) {
  const PythonClass& type = *static_cast<const PythonClass*>(data);
  return type.blaming([&] { return shape_of(type.make(settings).attr("_shape")()); });
}

DatasetRegistry::Entry entry_of(const PythonClassPtr& type, const nb::dict& traits) {
  DatasetRegistry::Entry entry;
  entry.make = [type](const Settings& settings, const DatasetRequest& request) {
    return std::make_unique<PythonDataset>(type, settings, request);
  };
  entry.traits.side = nb::cast<std::int64_t>(traits["side"]);
  entry.traits.channels = nb::cast<std::int64_t>(traits["channels"]);
  entry.traits.from_files = nb::cast<bool>(traits["from_files"]);
  // The registry keeps the entry, and that keeps the class.
  if (nb::cast<bool>(traits["has_shape"])) entry.traits.shape = {&shape_under, type.get()};
  return entry;
}

}  // namespace

void bind_datasets(nb::module_& module) {
  missing_split = nb::exception<MissingSplit>(module, "MissingSplit", module.attr("BadInput"));
  nb::class_<DatasetRequest>(module, "DatasetRequest", "What a recipe asks of a data set.")
      .def_prop_ro(
          "split", [](const DatasetRequest& self) { return std::string(name_of(self.split)); },
          "\"train\" or \"test\".")
      .def_ro("directory", &DatasetRequest::directory, "Folder of the data sets' files.")
      .def_ro("images", &DatasetRequest::images, "Maximum number of images, the first ones; 0: all.")
      .def_ro("image_size", &DatasetRequest::image_size, "Side of the images, for data sets that render them.")
      .def_ro("seed", &DatasetRequest::seed, "For data sets that render their images.")
      .def_ro("resize", &DatasetRequest::resize, "Side that images from files are brought to; 0: as they are.");
  bind_registration<DatasetRegistry>(module, "register_dataset", &entry_of);
}

}  // namespace biossl::python
