#include <algorithm>
#include <cstdio>

#include "biossl/core/error.h"
#include "biossl/runs/checkpoint.h"
#include "biossl/runs/run_directory.h"

namespace biossl {
namespace {

constexpr std::string_view ending = ".safetensors";

/// Epoch and batch in a checkpoint's name; std::nullopt for another file.
std::optional<std::pair<std::int64_t, std::int64_t>> place_in_run(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  RunProgress progress;
  if (std::sscanf(name.c_str(), "epoch_%ld_batch_%ld", &progress.epoch, &progress.batch) < 1) return std::nullopt;
  if (name != checkpoint_name(progress)) return std::nullopt;
  return std::pair(progress.epoch, progress.batch);
}

}  // namespace

std::string checkpoint_name(const RunProgress& progress) {
  if (progress.batch == 0) return fmt::format("epoch_{:04}{}", progress.epoch, ending);
  return fmt::format("epoch_{:04}_batch_{:06}{}", progress.epoch, progress.batch, ending);
}

std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  if (!std::filesystem::is_directory(folder)) return paths;
  std::error_code unknown;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (place_in_run(file.path()) && file.is_regular_file(unknown)) paths.push_back(file.path());
  }
  std::ranges::sort(paths, std::greater<>{}, place_in_run);
  return paths;
}

std::optional<Checkpoint> latest_checkpoint(const std::filesystem::path& folder,
                                            const std::function<void(std::string_view)>& note) {
  std::string first_fault;
  for (const std::filesystem::path& path : list_checkpoints(folder)) {
    try {
      Checkpoint checkpoint(path);
      if (!first_fault.empty()) note(fmt::format("{}; using {} instead", first_fault, path.filename().string()));
      return checkpoint;
    } catch (const BadInput& damaged) {
      if (first_fault.empty()) first_fault = damaged.what();
    }
  }
  if (!first_fault.empty()) bad_input("{}; no other checkpoint can be read", first_fault);
  return std::nullopt;
}

Checkpoint open_checkpoint(const std::filesystem::path& run_or_file,
                           const std::function<void(std::string_view)>& note) {
  if (!std::filesystem::is_directory(run_or_file)) return Checkpoint(run_or_file);
  auto checkpoint = latest_checkpoint(RunDirectory::open(run_or_file).checkpoints(), note);
  if (!checkpoint) bad_input("{}: holds no checkpoint yet", run_or_file.string());
  return std::move(*checkpoint);
}

Recipe read_recipe_of_run(const std::filesystem::path& run, const std::vector<Override>& overrides) {
  const RunDirectory directory = RunDirectory::open(run);
  try {
    return read_recipe(run, overrides);
  } catch (const BadInput&) {  // as where a component is absent
    const auto checkpoint = latest_checkpoint(directory.checkpoints(), [](std::string_view) {});
    return read_recipe(run, overrides, checkpoint ? checkpoint->reading() : ReadingTraits());
  }
}

void prune_checkpoints(const std::filesystem::path& written, std::size_t kept) {
  std::vector<std::filesystem::path> older = list_checkpoints(written.parent_path());
  std::erase_if(older, [&](const std::filesystem::path& path) { return place_in_run(path) >= place_in_run(written); });
  std::error_code unimportant;  // one that stays takes room alone
  for (std::size_t i = std::max<std::size_t>(kept, 1) - 1; i < older.size(); ++i) {
    std::filesystem::remove(older[i], unimportant);
  }
}

void set_damaged_aside(const std::filesystem::path& folder, const std::function<void(std::string_view)>& note) {
  for (const std::filesystem::path& path : list_checkpoints(folder)) {
    try {
      const SafetensorsFile whole(path);  // if not of this version's format, it is for another program to read
      return;
    } catch (const BadInput&) {
      std::filesystem::path aside = path;
      aside += ".damaged";
      std::error_code fault;
      std::filesystem::rename(path, aside, fault);
      if (!fault) note(fmt::format("{} is called {} from now on", path.string(), aside.filename().string()));
    }
  }
}

}  // namespace biossl
