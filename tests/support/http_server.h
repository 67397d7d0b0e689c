#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace biossl::testing {

struct HttpRequest {
  std::string path;                  ///< "/folder/file"
  std::optional<std::int64_t> from;  ///< the first byte that a Range asks for
};

struct HttpAnswer {
  std::string head;                       ///< status line and headers, without the empty line at the end
  std::string body;                       ///< what is sent before the connection closes
  std::size_t piece = std::string::npos;  ///< bytes that are sent at once
  int pause_ms = 0;                       ///< before each piece
};

/// The whole body, with its length.
HttpAnswer whole(const std::string& body);
/// What the request asks for: a server that knows ranges.
HttpAnswer ranged(const std::string& body, const HttpRequest& request);
/// No body.
HttpAnswer only_status(int status);
HttpAnswer redirect(const std::string& to);
/// The answer, but only its first bytes come before the connection breaks.
HttpAnswer broken_after(std::size_t bytes, HttpAnswer answer);

/// A server on this machine, in a thread of its own. It answers one connection after the other.
class HttpServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  explicit HttpServer(Handler handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  /// "http://127.0.0.1:1234/"
  std::string address() const;
  std::vector<HttpRequest> requests() const;

 private:
  void serve();
  void answer(int connection);
  bool wait_for(int descriptor) const;

  Handler handler_;
  int port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stops_{false};
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::thread thread_;
};

/// An address of this machine at which nobody answers.
std::string closed_address();

}  // namespace biossl::testing
