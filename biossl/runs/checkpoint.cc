#include "biossl/runs/checkpoint.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "biossl/core/channel_order.h"
#include "biossl/core/error.h"
#include "biossl/io/json_text.h"
#include "biossl/recipe/components.h"
#include "biossl/runs/environment.h"
#include "biossl/runs/path_records.h"

namespace biossl {
namespace {

using Json = nlohmann::json;

constexpr const char* format = "biossl checkpoint";
constexpr const char* format_version = "2";

/// The values in the file's layout: channels first.
Tensor to_file_layout(const StateTensor& state) {
  const Tensor values = on_device(state.tensor, Device::reference);
  if (state.channels_last.rank() == 0) return values.reshaped(state.file_shape);
  return channels_first(values.reshaped(state.channels_last)).reshaped(state.file_shape);
}

/// The inverse of to_file_layout; writes into the live tensor.
void from_file_layout(const Tensor& stored, const StateTensor& state) {
  Tensor values = stored;
  if (const Shape& last = state.channels_last; last.rank() > 0) {
    values = channels_last(stored.reshaped({last[0], last[3], last[1], last[2]}));
  }
  Tensor target = state.tensor;
  copy(values.reshaped(target.shape()), target);
}

std::string progress_text(const RunProgress& progress) {
  Json json{{"epoch", progress.epoch}, {"batch", progress.batch}};
  if (progress.batch > 0) {
    json["totals"] = progress.totals;
    json["seconds"] = progress.seconds;
  }
  return json_text(json);
}

void add_state(std::vector<NamedTensor>& tensors, const State& state, const std::string& prefix) {
  for (const StateTensor& tensor : state) tensors.push_back({prefix + tensor.name, to_file_layout(tensor)});
}

Shape parse_image(const std::string& text) {
  std::array<std::int64_t, 3> extents{};
  char behind = 0;
  const int read = std::sscanf(text.c_str(), "%ld,%ld,%ld%c", &extents[0], &extents[1], &extents[2], &behind);
  for (const std::int64_t extent : extents) {
    if (read != 3 || extent < 1 || extent > 65536) fail("image", "'{}' is no height,width,channels", text);
  }
  return {extents[0], extents[1], extents[2]};
}

std::string reading_text(const Recipe& recipe, const Network& network) {
  const ReadingTraits traits = reading_traits(recipe, network.spec());
  Json json{{"head", traits.head},
            {"predictions", traits.predictions},
            {"whole_images", traits.whole_images},
            {"uses_labels", traits.uses_labels},
            {"heads", Json::array()}};
  for (int block = 0; block < network.depth(); ++block) {
    if (network.has_head(block)) json["heads"].push_back(block);
  }
  return json_text(json);
}

const std::string& metadata_of(const SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) {
    bad_input("{}: is no checkpoint of biossl; its metadata has no '{}'", file.path().string(), key);
  }
  return found->second;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Recipe& recipe, const RunProgress& progress,
                     Network& network, LearningRule& rule) {
  std::vector<NamedTensor> tensors;
  add_state(tensors, network.state(true), "");
  add_state(tensors, rule.state(), rule_state_prefix);
  const Shape& image = network.image();
  write_safetensors(path, tensors,
                    {{"format", format},
                     {"format_version", format_version},
                     {"biossl_version", biossl_version()},
                     {"recipe", to_toml(recipe)},
                     {"image", fmt::format("{},{},{}", image[0], image[1], image[2])},
                     {"progress", progress_text(progress)},
                     {"layers", json_text(to_json(network.path_records()))},
                     {"reading", reading_text(recipe, network)}});
}

Checkpoint::Checkpoint(const std::filesystem::path& path) : file_(path) {
  if (metadata_of(file_, "format") != format || metadata_of(file_, "format_version") != format_version) {
    bad_input("{}: is of format '{}' version {}; this program reads '{}' version {}", path.string(),
              metadata_of(file_, "format"), metadata_of(file_, "format_version"), format, format_version);
  }
  metadata_of(file_, "recipe");
  try {
    image_ = parse_image(metadata_of(file_, "image"));
    read_progress(metadata_of(file_, "progress"));
    if (file_.metadata().contains("layers")) {
      layers_ = path_records(parse_ordered_json(metadata_of(file_, "layers")));
    }
    if (file_.metadata().contains("reading")) read_reading(metadata_of(file_, "reading"));
  } catch (const BadInput&) {
    throw;
  } catch (const std::exception& wrong) {
    bad_input("{}: its metadata is damaged ({})", path.string(), wrong.what());
  }
}

void Checkpoint::read_progress(const std::string& text) {
  const Json json = parse_json(text);
  progress_.epoch = json.at("epoch").get<std::int64_t>();
  progress_.batch = json.at("batch").get<std::int64_t>();
  check(progress_.epoch >= 0 && progress_.batch >= 0, "progress", "epoch {}, batch {}", progress_.epoch,
        progress_.batch);
  if (progress_.batch > 0) {
    progress_.totals = json.at("totals").get<std::array<double, 2>>();
    progress_.seconds = json.at("seconds").get<double>();
  }
}

void Checkpoint::read_reading(const std::string& text) {
  const Json json = parse_json(text);
  reading_ = {.head = json.at("head").get<std::string>(),
              .predictions = json.at("predictions").get<std::int64_t>(),
              .whole_images = json.at("whole_images").get<bool>(),
              .uses_labels = json.at("uses_labels").get<bool>()};
  heads_ = json.at("heads").get<std::vector<int>>();
}

Recipe Checkpoint::recipe(const std::vector<Override>& overrides) const {
  return parse_recipe(metadata_of(file_, "recipe"), path().string() + " (recipe)", overrides);
}

Recipe Checkpoint::recipe_for_reading(const std::vector<Override>& overrides) const {
  return parse_recipe(metadata_of(file_, "recipe"), path().string() + " (recipe)", overrides, reading_);
}

void Checkpoint::fill(const State& state, std::string_view prefix) const {
  for (const StateTensor& wanted : state) {
    const std::string name = std::string(prefix) + wanted.name;
    const auto found = file_.tensors().find(name);
    if (found == file_.tensors().end()) bad_input("{}: holds no tensor '{}'", path().string(), name);
    const auto& [dtype, shape, bytes] = found->second;
    if (shape != wanted.file_shape || dtype != wanted.tensor.dtype()) {
      bad_input("{}: tensor '{}' is {} {}, the network expects {} {}", path().string(), name, name_of(dtype),
                to_string(shape), name_of(wanted.tensor.dtype()), to_string(wanted.file_shape));
    }
    from_file_layout(file_.read(name), wanted);
  }
}

bool Checkpoint::has_head(int block) const {
  if (heads_) return std::ranges::count(*heads_, block) > 0;
  const std::string prefix = fmt::format("heads.{}.", block);
  return std::ranges::any_of(file_.tensors(), [&](const auto& tensor) { return tensor.first.starts_with(prefix); });
}

void Checkpoint::require_finite(Network& network) const {
  for (const StateTensor& weights : network.state(false)) {
    if (is_finite(weights.tensor)) continue;
    bad_input("{}: tensor '{}' holds NaN or infinite numbers; the run had diverged, or the file is damaged",
              path().string(), weights.name);
  }
}

void Checkpoint::restore_weights(Network& network) const {
  for (int index = 0; index < network.depth(); ++index) {
    if (has_head(index)) network.add_head(index);
  }
  fill(network.state(false), "");
  require_finite(network);
  network.restored();
}

void Checkpoint::restore(Network& network, LearningRule& rule) const {
  const State state = network.state(true);
  const State rule_state = rule.state();
  if (file_.tensors().size() != state.size() + rule_state.size()) {
    bad_input("{}: holds {} tensors, this recipe's network and rule have {}", path().string(), file_.tensors().size(),
              state.size() + rule_state.size());
  }
  fill(state, "");
  require_finite(network);
  fill(rule_state, rule_state_prefix);
  network.restored();
  network.continue_counting(layers_);
  rule.restored();
  network.continue_counting(layers_);
}

}  // namespace biossl
