#include "biossl/data/fetch.h"

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "biossl/core/atomic_file.h"
#include "biossl/core/error.h"
#include "biossl/core/folder_lock.h"
#include "biossl/core/staging_folder.h"
#include "biossl/core/text.h"
#include "biossl/core/wording.h"
#include "biossl/io/archive.h"
#include "biossl/io/checksum.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t most_entries = 1000;  // of an archive; the largest known has fewer than ten

/// Bytes of a regular file; -1 if there is none.
std::int64_t size_of(const fs::path& path) {
  std::error_code missing;
  if (!fs::is_regular_file(path, missing)) return -1;
  const auto size = fs::file_size(path, missing);
  return missing ? -1 : static_cast<std::int64_t>(size);
}

bool has_length(const UnpackedFile& file, const fs::path& folder) {
  const std::int64_t size = size_of(folder / file.name);
  return file.bytes > 0 ? size == file.bytes : size > 0;
}

bool is_sound(const SourceFile& file, const fs::path& path) {
  return size_of(path) == file.bytes && sha256_of(path) == file.sha256;
}

bool is_complete(const DataSource& source, const fs::path& folder) {
  if (source.is_archive()) {
    return std::ranges::all_of(source.unpacked, [&](const UnpackedFile& file) { return has_length(file, folder); });
  }
  return std::ranges::all_of(source.files, [&](const SourceFile& file) { return is_sound(file, folder / file.name); });
}

/// The folder of a complete set: in the data folder, or that folder itself.
std::optional<fs::path> find_complete(const DataSource& source, const fs::path& data) {
  for (const fs::path& folder : {data / source.folder, data}) {
    if (is_complete(source, folder)) return folder;
  }
  return std::nullopt;
}

[[noreturn]] void cannot_write(const fs::path& path, const std::error_code& fault) {
  throw WriteError(fmt::format("{}: cannot be written ({})", path.string(), fault.message()));
}

class Fetcher {
 public:
  Fetcher(const DataSource& source, const FetchRequest& request)
      : source_(source), request_(request), folder_(request.data / source.folder) {}

  void fetch() {
    if (source_.is_archive()) return fetch_archive();
    make_folder(folder_);
    for (const SourceFile& file : source_.files) fetch_file(file);
  }

  void check_request() const {
    check(!request_.data.empty(), "data fetch", "{} names the folder to put {} into", wording::option("data", "DIR"),
          source_.name);
    const std::string& from = request_.from;
    if (is_address(from) && !from.starts_with("http://") && !from.starts_with("https://")) {
      fail("data fetch", "{}: only http and https are loaded from; a local folder is named by its path",
           wording::option("from", from));
    }
  }

 private:
  /// Short, so that speed and time fit on a line beside it: "loading cifar10", "loading 1 of 4".
  Progress progress(std::string_view doing, const SourceFile& file) const {
    if (!request_.progress) return {};
    if (source_.is_archive()) return request_.progress(fmt::format("{} {}", doing, source_.name));
    return request_.progress(fmt::format("{} {} of {}", doing, &file - source_.files.data() + 1, source_.files.size()));
  }

  // ---- archives

  void fetch_archive() {
    const SourceFile& file = source_.files.front();
    if (const auto local = find_local(file)) {
      require_room(0);
      require_sound(file, *local);
      return unpack(*local);
    }
    const fs::path part = request_.data / (file.name + ".part");
    require_room(file.bytes - std::clamp<std::int64_t>(size_of(part), 0, file.bytes));
    load(file, part);
    unpack(part);
    std::error_code ignored;
    fs::remove(part, ignored);
  }

  void unpack(const fs::path& archive) const {
    const StagingFolder staging(request_.data / (source_.name + ".unpacking"));
    unpack_archive(archive, staging.path(), {.bytes = source_.unpacked_bytes, .entries = most_entries},
                   progress("unpacking", source_.files.front()));
    const fs::path unpacked = staging.path() / source_.folder;
    for (const UnpackedFile& file : source_.unpacked) {
      if (has_length(file, unpacked)) continue;
      bad_input("{}: holds no {}/{}{}; it is not the archive of {}", archive.string(), source_.folder, file.name,
                file.bytes > 0 ? fmt::format(" of {} bytes", file.bytes) : "", source_.name);
    }
    flush_to_disk(staging.path());
    take_in(unpacked);
  }

  /// A folder that is there keeps files that the set does not need.
  void take_in(const fs::path& unpacked) const {
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(folder_, ignored))) return put_in_place(unpacked, folder_);
    for (const auto& entry : fs::directory_iterator(unpacked)) {
      const std::string name = entry.path().filename().string();
      const bool is_needed = std::ranges::count(source_.unpacked, name, &UnpackedFile::name) > 0;
      if (is_needed || !fs::exists(fs::symlink_status(folder_ / name, ignored)))
        put_in_place(entry.path(), folder_ / name);
    }
  }

  // ---- files that are used as they are

  void fetch_file(const SourceFile& file) {
    const fs::path target = folder_ / file.name;
    if (is_sound(file, target)) return;
    const fs::path part = folder_ / (file.name + ".part");
    if (const auto local = find_local(file)) {
      require_sound(file, *local);
      copy(file, *local, part);
    } else {
      load(file, part);
    }
    flush_to_disk(part);
    put_in_place(part, target);
  }

  static void copy(const SourceFile& file, const fs::path& from, const fs::path& part) {
    std::error_code fault;
    fs::remove(part, fault);
    fs::copy_file(from, part, fault);
    if (!fault && is_sound(file, part)) return;
    std::error_code ignored;
    fs::remove(part, ignored);
    if (fault) cannot_write(part, fault);
    bad_input("{}: has changed while it was copied; run this again", from.string());
  }

  // ---- where files come from

  /// A local file to take: in --from DIR; without --from an archive that the user has put into the data folder.
  std::optional<fs::path> find_local(const SourceFile& file) const {
    const fs::path from = request_.from;
    if (is_address(request_.from)) return std::nullopt;
    if (from.empty()) {
      const fs::path by_hand = request_.data / file.name;
      return source_.is_archive() && size_of(by_hand) >= 0 ? std::optional(by_hand) : std::nullopt;
    }
    if (source_.is_archive() && size_of(from) >= 0) return from;
    if (size_of(from / file.name) >= 0) return from / file.name;
    bad_input("{}: holds no {}; it comes from {}", from.string(), file.name, source_.addresses.front() + file.name);
  }

  /// All addresses of a file, the first to be tried first.
  std::vector<std::string> addresses_of(const SourceFile& file) const {
    std::vector<std::string> addresses;
    for (const std::string& folder : request_.from.empty() ? source_.addresses : std::vector{request_.from}) {
      const bool is_file = folder.ends_with("/" + file.name);
      addresses.push_back(is_file ? folder : folder + (folder.ends_with('/') ? "" : "/") + file.name);
    }
    return addresses;
  }

  /// On return `part` is the published file.
  void load(const SourceFile& file, const fs::path& part) const {
    std::vector<std::string> reasons;
    bool is_wrong = false;
    for (const std::string& address : addresses_of(file)) {
      try {
        download(address, part, file.bytes, progress("loading", file), request_.download);
        return require_loaded(file, part, address);
      } catch (const DownloadFault& fault) {
        reasons.emplace_back(fault.what());
      } catch (const BadInput& fault) {
        reasons.emplace_back(fault.what());
        is_wrong = true;
      }
    }
    const std::string text =
        fmt::format("{}; by hand: load {} elsewhere, put it into {}, and run this again", joined(reasons, "; "),
                    source_.addresses.front() + file.name, (source_.is_archive() ? request_.data : folder_).string());
    if (is_wrong) throw BadInput(text);
    throw DownloadFault(text);
  }

  void require_loaded(const SourceFile& file, const fs::path& part, const std::string& address) const {
    const std::string found = sha256_of(part, progress("checking", file));
    if (found == file.sha256) return;
    std::error_code ignored;
    fs::remove(part, ignored);
    bad_input("{}: has the SHA-256 {} where {} is published; what has come is removed", address, found, file.sha256);
  }

  void require_sound(const SourceFile& file, const fs::path& path) const {
    const std::string again = fmt::format("get it again from {}", source_.addresses.front() + file.name);
    const std::int64_t size = size_of(path);
    if (size != file.bytes) {
      bad_input("{}: has {} bytes, the published file has {}; {}", path.string(), size, file.bytes, again);
    }
    const std::string found = sha256_of(path, progress("checking", file));
    if (found == file.sha256) return;
    bad_input("{}: has the SHA-256 {} where {} is published; {}", path.string(), found, file.sha256, again);
  }

  /// Asked first, since a load that fills the disk at its end has taken long.
  void require_room(std::int64_t to_load) const {
    std::int64_t bytes = to_load;
    for (const UnpackedFile& file : source_.unpacked) bytes += file.bytes;
    std::error_code unknown;
    const auto room = fs::space(request_.data, unknown);
    if (unknown || room.available >= static_cast<std::uintmax_t>(bytes)) return;
    throw WriteError(fmt::format("{}: {} takes {:.2f} GB there, {:.2f} GB are free; make room first",
                                 request_.data.string(), source_.name, static_cast<double>(bytes) / 1e9,
                                 static_cast<double>(room.available) / 1e9));
  }

  const DataSource& source_;
  const FetchRequest& request_;
  fs::path folder_;
};

}  // namespace

FetchOutcome fetch(const DataSource& source, const FetchRequest& request) {
  Fetcher fetcher(source, request);
  fetcher.check_request();
  if (const auto folder = find_complete(source, request.data)) return {.folder = *folder, .was_complete = true};
  require_writable_folder(request.data);
  make_folder(request.data);
  const FolderLock lock(request.data);
  fetcher.fetch();
  return {.folder = request.data / source.folder, .was_complete = false};
}

}  // namespace biossl
