#include "biossl/io/download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/stopwatch.h"

namespace biossl {
namespace {

namespace fs = std::filesystem;

// Statuses of HTTP.
constexpr long whole_file = 200;
constexpr long partial_content = 206;
constexpr long request_timeout = 408;
constexpr long range_not_satisfiable = 416;
constexpr long too_many_requests = 429;
constexpr long least_server_fault = 500;

/// The file that grows. One that stays empty is removed.
class Part {
 public:
  explicit Part(fs::path path)
      : path_(std::move(path)),
        descriptor_(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) give_up("cannot be created");
    struct stat status {};
    const bool is_file = fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
    size_ = status.st_size;
    if (is_file) return;
    close(descriptor_);
    throw WriteError(fmt::format("{}: is no regular file; remove it", path_.string()));
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part() {
    if (size_ == 0) unlink(path_.c_str());
    close(descriptor_);
  }

  std::int64_t size() const { return size_; }

  void append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) give_up("cannot be written");
      bytes.remove_prefix(static_cast<std::size_t>(written));
      size_ += written;
    }
  }

  void empty() {
    if (size_ > 0 && ftruncate(descriptor_, 0) != 0) give_up("cannot be emptied");
    size_ = 0;
  }

 private:
  [[noreturn]] void give_up(const char* doing) const {
    throw WriteError(fmt::format("{}: {} ({})", path_.string(), doing, std::strerror(errno)));
  }

  fs::path path_;
  int descriptor_;
  std::int64_t size_ = 0;
};

/// The first byte and the whole length that "bytes 100-199/200" says; -1 for a length that it leaves open ("*").
std::optional<std::pair<std::int64_t, std::int64_t>> parse_range(std::string_view text) {
  constexpr std::string_view unit = "bytes ";
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (!text.starts_with(unit) || dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) {
    return std::nullopt;
  }
  const auto number = [](std::string_view digits, std::int64_t& value) {
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return fault == std::errc{} && end == digits.data() + digits.size() && value >= 0;
  };
  std::int64_t first = 0;
  std::int64_t length = -1;
  if (!number(text.substr(unit.size(), dash - unit.size()), first)) return std::nullopt;
  const std::string_view total = text.substr(slash + 1);
  if (total != "*" && !number(total, length)) return std::nullopt;
  return std::pair{first, length};
}

/// What one attempt ended with.
struct Outcome {
  CURLcode code = CURLE_OK;
  long status = 0;  // of HTTP; 0: no answer
  std::string reason;
};

/// One request and its answer. libcurl is C: exceptions of callbacks are kept and thrown on when it has returned.
class Transfer {
 public:
  Transfer(const std::string& address, Part& part, std::int64_t bytes, const Progress& progress)
      : address_(address), part_(part), bytes_(bytes), progress_(progress), curl_(curl_easy_init(), curl_easy_cleanup) {
    if (curl_ == nullptr) throw std::runtime_error("libcurl cannot be started");
  }

  Outcome perform(bool wants_range, const DownloadOptions& options) {
    asks_from_ = wants_range ? part_.size() : 0;
    configure(options);
    Outcome outcome{.code = curl_easy_perform(curl_.get()), .status = status(), .reason = {}};
    if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
    if (outcome.code == CURLE_OK && !is_begun_) check_answer();  // there was no body
    outcome.reason = error_[0] != '\0' ? error_.data() : curl_easy_strerror(outcome.code);
    return outcome;
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    if (const CURLcode code = curl_easy_setopt(curl_.get(), option, value); code != CURLE_OK) {
      throw std::runtime_error(fmt::format("libcurl refuses an option ({})", curl_easy_strerror(code)));
    }
  }

  void configure(const DownloadOptions& options) {
    set(CURLOPT_URL, address_.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, static_cast<long>(options.redirects));
    set(CURLOPT_FAILONERROR, 1L);
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_seconds));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_seconds));
    set(CURLOPT_USERAGENT, "biossl");
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_WRITEFUNCTION, &Transfer::write_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Transfer::show_progress);
    set(CURLOPT_XFERINFODATA, static_cast<void*>(this));
    range_ = fmt::format("{}-", asks_from_);
    if (asks_from_ > 0) set(CURLOPT_RANGE, range_.c_str());
  }

  static std::size_t write_body(char* bytes, std::size_t one, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    return transfer.guarded([&] { transfer.receive({bytes, one * count}); }) ? one * count : 0;
  }

  static int show_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto& transfer = *static_cast<Transfer*>(self);
    return transfer.guarded([&] {
      if (transfer.progress_) transfer.progress_(transfer.part_.size(), transfer.bytes_, "");
    })
               ? 0
               : 1;
  }

  /// Whether the action has thrown nothing.
  template <class Action>
  bool guarded(const Action& action) {
    try {
      action();
      return true;
    } catch (...) {
      fault_ = std::current_exception();
      return false;
    }
  }

  void receive(std::string_view bytes) {
    if (!std::exchange(is_begun_, true)) {
      check_answer();
      if (status() == whole_file) part_.empty();
    }
    if (static_cast<std::int64_t>(bytes.size()) > bytes_ - part_.size()) {
      part_.empty();
      bad_input("{}: is longer than the {} bytes of the file that is wanted", address_, bytes_);
    }
    part_.append(bytes);
  }

  /// Looks at an answer before its first byte is taken, so that a wrong one costs nothing of what has come.
  void check_answer() const {
    if (const long code = status(); code != whole_file && code != partial_content) {
      throw DownloadFault(fmt::format("{}: the server answers with status {}", address_, code));
    }
    const char* type = nullptr;
    curl_easy_getinfo(curl_.get(), CURLINFO_CONTENT_TYPE, &type);
    if (type != nullptr && std::string_view(type).starts_with("text/html")) {
      bad_input("{}: is a web page and not the file; does the network ask for a login?", address_);
    }
    if (status() == partial_content) return check_range();
    curl_off_t length = -1;
    curl_easy_getinfo(curl_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0) require_length(length);
  }

  void check_range() const {
    curl_header* header = nullptr;
    const bool is_there = curl_easy_header(curl_.get(), "Content-Range", 0, CURLH_HEADER, -1, &header) == CURLHE_OK;
    const auto range = is_there ? parse_range(header->value) : std::nullopt;
    if (!range || asks_from_ == 0 || range->first != asks_from_) {
      bad_input("{}: the server answers with another range ({}) than the one from byte {}", address_,
                is_there ? header->value : "none", asks_from_);
    }
    if (range->second >= 0) require_length(range->second);
  }

  void require_length(std::int64_t length) const {
    if (length == bytes_) return;
    bad_input("{}: has {} bytes, the file that is wanted has {}", address_, length, bytes_);
  }

  long status() const {
    long code = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &code);
    return code;
  }

  const std::string& address_;
  Part& part_;
  std::int64_t bytes_;
  const Progress& progress_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_;
  std::int64_t asks_from_ = 0;
  std::string range_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  bool is_begun_ = false;
  std::exception_ptr fault_;
};

/// Whether another attempt may succeed. A server that cannot be reached at all is not waited for.
bool is_passing(const Outcome& outcome) {
  switch (outcome.code) {
    case CURLE_OK:  // the answer has ended early
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    case CURLE_HTTP_RETURNED_ERROR:
      return outcome.status >= least_server_fault || outcome.status == request_timeout ||
             outcome.status == too_many_requests;
    default:
      return false;
  }
}

[[noreturn]] void give_up(const std::string& address, const Outcome& outcome) {
  if (outcome.code == CURLE_UNSUPPORTED_PROTOCOL) {
    bad_input("{}: leads to an address that is not http or https", address);
  }
  if (outcome.code == CURLE_TOO_MANY_REDIRECTS) bad_input("{}: leads on and on to other addresses", address);
  if (outcome.code == CURLE_HTTP_RETURNED_ERROR) {
    throw DownloadFault(fmt::format("{}: the server answers with status {}", address, outcome.status));
  }
  if (outcome.code == CURLE_OK) throw DownloadFault(fmt::format("{}: the server ends the file early", address));
  throw DownloadFault(fmt::format("{}: {}", address, outcome.reason));
}

/// Sleeps, and asks meanwhile whether it is to stop.
void pause(double seconds, std::int64_t done, std::int64_t bytes, const Progress& progress) {
  const Stopwatch watch;
  while (watch.seconds() < seconds) {
    if (progress) progress(done, bytes, "waiting for the server");
    std::this_thread::sleep_for(std::chrono::duration<double>(std::min(0.1, seconds)));
  }
}

void start_libcurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error("libcurl cannot be started");
}

}  // namespace

bool is_address(std::string_view text) { return text.find("://") != std::string_view::npos; }

void download(const std::string& address, const fs::path& path, std::int64_t bytes, const Progress& progress,
              const DownloadOptions& options) {
  start_libcurl();
  Part part(path);
  if (part.size() > bytes) part.empty();
  bool wants_range = true;
  double wait = options.pause_seconds;
  std::int64_t most = part.size();  // a server without ranges may begin anew and break off earlier or later
  for (int fruitless = 0; part.size() < bytes;) {
    const Outcome outcome = Transfer(address, part, bytes, progress).perform(wants_range, options);
    if (part.size() == bytes) break;
    if (wants_range && outcome.status == range_not_satisfiable) {
      wants_range = false;  // the answer to a request for all of it shows whether this is the file
      continue;
    }
    const bool brought = part.size() > most;
    most = std::max(most, part.size());
    fruitless = brought ? 0 : fruitless + 1;
    if (brought) wait = options.pause_seconds;
    if (!is_passing(outcome) || fruitless >= options.attempts) give_up(address, outcome);
    pause(wait, part.size(), bytes, progress);
    wait *= 2;
  }
  if (progress) progress(bytes, bytes, "");
}

}  // namespace biossl
