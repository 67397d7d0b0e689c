#include "biossl/training/results.h"

#include <nlohmann/json.hpp>
#include <numeric>

#include "biossl/core/memory_use.h"
#include "biossl/io/json_text.h"
#include "biossl/recipe/components.h"
#include "biossl/runs/checkpoint.h"
#include "biossl/runs/path_records.h"

namespace biossl {
namespace {

using OrderedJson = nlohmann::ordered_json;

/// What a validation set adds to a probe's results.
void add_validation(const ProbeResult& result, OrderedJson& json) {
  if (!result.validation_accuracy) return;
  json["validation_accuracy"] = *result.validation_accuracy;
  json["chosen_epoch"] = result.chosen_epoch;
}

OrderedJson to_json(const BlockProbe& probe, const std::vector<std::string>& class_names) {
  OrderedJson per_class = OrderedJson::object();
  for (std::size_t label = 0; label < class_names.size(); ++label) {
    const auto& accuracy = probe.result.per_class[label];
    per_class[class_names[label]] = accuracy ? OrderedJson(*accuracy) : OrderedJson();
  }
  return {{"features", probe.features},
          {"test_accuracy", probe.result.test_accuracy},
          {"train_accuracy", probe.result.train_accuracy},
          {"final_loss", probe.result.final_loss},
          {"seconds", probe.result.seconds},
          {"per_class", per_class},
          {"confusion", probe.result.confusion}};
}

/// What the probes beside the linear one add to its results.
void add_others(const BlockProbe& probe, OrderedJson& json) {
  if (probe.knn) {
    json["knn"] = {{"neighbours", probe.knn->neighbours},
                   {"temperature", probe.knn->temperature},
                   {"test_accuracy", probe.knn->test_accuracy}};
  }
  for (const TargetResult& target : probe.targets) {
    json["targets"][target.name] = {{"r_squared", target.r_squared}, {"penalty", target.penalty}};
  }
}

OrderedJson to_json(const std::vector<BlockProbe>& probes, const std::vector<std::string>& class_names) {
  OrderedJson blocks = OrderedJson::array();
  for (const BlockProbe& probe : probes) {
    OrderedJson block{{"block", probe.block}};
    block.update(to_json(probe, class_names));
    add_validation(probe.result, block);
    add_others(probe, block);
    blocks.push_back(block);
  }
  return blocks;
}

OrderedJson test_accuracies(const std::vector<BlockProbe>& probes) {
  OrderedJson accuracies = OrderedJson::array();
  for (const BlockProbe& probe : probes) accuracies.push_back(probe.result.test_accuracy);
  return accuracies;
}

/// Results of the last block and of every block.
OrderedJson knn_accuracies(const std::vector<BlockProbe>& probes) {
  OrderedJson accuracies = OrderedJson::array();
  for (const BlockProbe& probe : probes) accuracies.push_back(probe.knn->test_accuracy);
  return {{"test_accuracy", probes.back().knn->test_accuracy}, {"per_block", accuracies}};
}

OrderedJson knn_summary(const ProbeReport& report) {
  const KnnResult& last = *report.trained.back().knn;
  OrderedJson json{{"neighbours", last.neighbours}, {"temperature", last.temperature}};
  json.update(knn_accuracies(report.trained));
  if (report.random) json["random_encoder"] = knn_accuracies(*report.random);
  if (report.pixels) json["pixels"] = {{"test_accuracy", report.pixels->knn->test_accuracy}};
  return json;
}

OrderedJson r_squared(const BlockProbe& probe) {
  OrderedJson json = OrderedJson::object();
  for (const TargetResult& target : probe.targets) json[target.name] = target.r_squared;
  return json;
}

/// R^2 of each target.
OrderedJson targets_summary(const ProbeReport& report) {
  OrderedJson json{{"trained_encoder", r_squared(report.trained.back())}};
  if (report.random) json["random_encoder"] = r_squared(report.random->back());
  if (report.pixels) json["pixels"] = r_squared(*report.pixels);
  return json;
}

/// Metrics of the probed encoder's epochs; the run may have gone further than its newest checkpoint.
OrderedJson pretraining(std::vector<EpochMetrics> epochs, std::int64_t trained) {
  std::erase_if(epochs, [&](const EpochMetrics& epoch) { return epoch.epoch > trained; });
  const auto sum = [&](auto EpochMetrics::*field) {
    return std::accumulate(epochs.begin(), epochs.end(), 0.0,
                           [&](double total, const EpochMetrics& epoch) { return total + double(epoch.*field); });
  };
  const double seconds = sum(&EpochMetrics::seconds);
  return {{"epochs", trained},
          {"images", epochs.empty() ? 0 : epochs.back().images},
          {"images_per_second", seconds > 0 ? sum(&EpochMetrics::images) / seconds : 0.0},
          {"seconds", seconds},
          {"final_loss", epochs.empty() ? OrderedJson() : OrderedJson(epochs.back().loss)}};
}

/// What summary.json says whether a probe follows or not.
OrderedJson training(const RunDirectory& directory, const Recipe& recipe, std::int64_t trained_epochs) {
  return {{"recipe", recipe.name},
          {"seed", recipe.seed},
          {"uses_labels", uses_labels(recipe)},
          {"pretrain", pretraining(directory.metrics(), trained_epochs)}};
}

}  // namespace

void write_probe(const std::filesystem::path& path, const ProbeReport& report) {
  OrderedJson json{{"epochs", report.epochs},
                   {"class_names", report.class_names},
                   {"chance", report.chance},
                   {"train_chance", report.train_chance},
                   {"trained", to_json(report.trained, report.class_names)}};
  if (report.augmented) json["augment"] = true;
  if (report.random) json["random"] = to_json(*report.random, report.class_names);
  if (report.pixels) {
    json["pixels"] = to_json(*report.pixels, report.class_names);
    add_others(*report.pixels, json["pixels"]);
  }
  write_json(path, json);
}

void write_results(const RunDirectory& directory, const Recipe& recipe, const ProbeReport& report) {
  write_probe(directory.probe_file(), report);
  const BlockProbe& last = report.trained.back();
  OrderedJson json = training(directory, recipe, report.trained_epochs);
  json["probe"] = {{"features", last.features},
                   {"epochs", report.epochs},
                   {"images", report.train_images},
                   {"test_accuracy", last.result.test_accuracy},
                   {"train_accuracy", last.result.train_accuracy},
                   {"per_block", test_accuracies(report.trained)}};
  if (report.augmented) json["probe"]["augment"] = true;
  add_validation(last.result, json["probe"]);
  json["layers"] = to_json(report.layers);
  if (report.random) {
    json["random_encoder"] = {{"test_accuracy", report.random->back().result.test_accuracy},
                              {"per_block", test_accuracies(*report.random)}};
  }
  if (report.pixels) json["pixels"] = {{"test_accuracy", report.pixels->result.test_accuracy}};
  if (last.knn) json["knn"] = knn_summary(report);
  if (!last.targets.empty()) json["targets"] = targets_summary(report);
  json["chance"] = report.chance;
  json["train_chance"] = report.train_chance;
  json["peak_memory_bytes"] = peak_memory_bytes();
  if (report.device == Device::cuda) json["peak_device_memory_bytes"] = peak_device_memory_bytes();
  write_json(directory.summary_file(), json);
}

std::string summary_without_probe(const RunDirectory& directory, const std::function<void(std::string_view)>& note) {
  const auto checkpoint = latest_checkpoint(directory.checkpoints(), note);
  OrderedJson json =
      training(directory, read_recipe_of_run(directory.path()), checkpoint ? checkpoint->progress().epoch : 0);
  json["layers"] = checkpoint ? to_json(checkpoint->layers()) : OrderedJson::array();
  json["checkpoint"] = checkpoint ? OrderedJson(checkpoint->path().string()) : OrderedJson();
  return json_text(json);
}

}  // namespace biossl
