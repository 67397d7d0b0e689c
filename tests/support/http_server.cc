#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>

namespace biossl::testing {
namespace {

/// A socket that is bound to a free port of this machine.
int bound_socket(int& port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (descriptor < 0 || bind(descriptor, generic, length) != 0 || getsockname(descriptor, generic, &length) != 0) {
    throw std::runtime_error("there is no free port");
  }
  port = ntohs(address.sin_port);
  return descriptor;
}

bool send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

HttpRequest parse_request(const std::string& text) {
  HttpRequest request;
  const std::size_t start = text.find(' ') + 1;
  request.path = text.substr(start, text.find(' ', start) - start);
  const std::string range = "Range: bytes=";
  if (const std::size_t at = text.find(range); at != std::string::npos) {
    request.from = std::strtoll(text.c_str() + at + range.size(), nullptr, 10);
  }
  return request;
}

}  // namespace

HttpAnswer whole(const std::string& body) {
  return {.head = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}", body.size()), .body = body};
}

HttpAnswer ranged(const std::string& body, const HttpRequest& request) {
  if (!request.from) return whole(body);
  const auto from = static_cast<std::size_t>(*request.from);
  if (from >= body.size()) return only_status(416);
  return {.head = fmt::format("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {}-{}/{}\r\nContent-Length: {}",
                              from, body.size() - 1, body.size(), body.size() - from),
          .body = body.substr(from)};
}

HttpAnswer only_status(int status) {
  return {.head = fmt::format("HTTP/1.1 {} Status\r\nContent-Length: 0", status), .body = ""};
}

HttpAnswer redirect(const std::string& to) {
  return {.head = fmt::format("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0", to), .body = ""};
}

HttpAnswer broken_after(std::size_t bytes, HttpAnswer answer) {
  answer.body.resize(std::min(bytes, answer.body.size()));
  return answer;
}

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)), listener_(bound_socket(port_)) {
  setenv("no_proxy", "*", 1);  // a user's proxy does not lead to this machine
  if (listen(listener_, 16) != 0) throw std::runtime_error("nobody can be listened to");
  thread_ = std::thread([this] { serve(); });
}

HttpServer::~HttpServer() {
  stops_ = true;
  thread_.join();
  close(listener_);
}

std::string HttpServer::address() const { return fmt::format("http://127.0.0.1:{}/", port_); }

std::vector<HttpRequest> HttpServer::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

bool HttpServer::wait_for(int descriptor) const {
  pollfd watched{.fd = descriptor, .events = POLLIN, .revents = 0};
  while (!stops_) {
    if (poll(&watched, 1, 20) > 0) return true;
  }
  return false;
}

void HttpServer::serve() {
  while (wait_for(listener_)) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    answer(connection);
    shutdown(connection, SHUT_RDWR);
    close(connection);
  }
}

void HttpServer::answer(int connection) {
  std::string text;
  std::array<char, 4096> piece{};
  while (text.find("\r\n\r\n") == std::string::npos) {
    if (!wait_for(connection)) return;
    const ssize_t got = recv(connection, piece.data(), piece.size(), 0);
    if (got <= 0) return;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  const HttpRequest request = parse_request(text);
  {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(request);
  }
  const HttpAnswer answer = handler_(request);
  if (!send_all(connection, answer.head + "\r\nConnection: close\r\n\r\n")) return;
  for (std::size_t at = 0; at < answer.body.size() && !stops_;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(answer.pause_ms));
    const std::string next = answer.body.substr(at, answer.piece);
    if (!send_all(connection, next)) return;
    at += next.size();
  }
}

std::string closed_address() {
  setenv("no_proxy", "*", 1);
  int port = 0;
  const int descriptor = bound_socket(port);
  close(descriptor);
  return fmt::format("http://127.0.0.1:{}/", port);
}

}  // namespace biossl::testing
