#include "biossl/io/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/io/named_memory.h"

namespace biossl {
namespace {

constexpr std::int64_t piece = 1 << 18;
constexpr std::int64_t unpacked_piece = 1 << 20;
constexpr std::int64_t best_ratio = 1100;  // deflate reaches 1032

}  // namespace

struct InflateStream::State {
  z_stream stream{};
  bool ended = false;
};

InflateStream::InflateStream(std::shared_ptr<const ByteSource> from, Deflated format)
    : from_(std::move(from)),
      packed_(static_cast<std::size_t>(std::min(piece, from_->size()))),
      state_(std::make_unique<State>()) {
  const int window = format == Deflated::gzip ? 15 + 16 : -15;
  if (inflateInit2(&state_->stream, window) != Z_OK) throw std::runtime_error("zlib has no memory");
}

InflateStream::~InflateStream() { inflateEnd(&state_->stream); }

void InflateStream::refill() {
  const std::int64_t count = std::min<std::int64_t>(std::ssize(packed_), from_->size() - at_);
  if (count == 0) bad_input("{}: is cut short: its packed bytes end too early", from_->name());
  const auto bytes = std::span(packed_).first(static_cast<std::size_t>(count));
  from_->read(at_, bytes);
  at_ += count;
  state_->stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  state_->stream.avail_in = static_cast<uInt>(count);
}

std::size_t InflateStream::read_some(std::span<std::byte> to) {
  z_stream& stream = state_->stream;
  const std::size_t most = std::min<std::size_t>(to.size(), std::numeric_limits<uInt>::max());
  stream.next_out = reinterpret_cast<Bytef*>(to.data());
  stream.avail_out = static_cast<uInt>(most);
  while (stream.avail_out > 0 && !state_->ended) {
    if (stream.avail_in == 0) refill();
    const int result = inflate(&stream, Z_NO_FLUSH);
    state_->ended = result == Z_STREAM_END;
    if (state_->ended || result == Z_OK || result == Z_BUF_ERROR) continue;
    bad_input("{}: near byte {}: the packed bytes are damaged ({})", from_->name(), at_ - stream.avail_in,
              stream.msg == nullptr ? "no deflated data" : stream.msg);
  }
  return most - stream.avail_out;
}

void InflateStream::read(std::span<std::byte> to) {
  while (!to.empty()) {
    const std::size_t got = read_some(to);
    if (got == 0) bad_input("{}: is cut short: unpacks to fewer bytes than expected", from_->name());
    to = to.subspan(got);
  }
}

std::vector<std::byte> InflateStream::read_rest(std::int64_t size) {
  if (size < 0 || size / best_ratio > from_->size()) {
    bad_input("{}: {} packed bytes cannot hold the {} that are announced", from_->name(), from_->size(), size);
  }
  require_memory_for(from_->name(), size);
  std::vector<std::byte> bytes;
  bytes.reserve(static_cast<std::size_t>(size));  // touches nothing: what never comes costs no memory
  while (std::ssize(bytes) < size) {
    const std::size_t had = bytes.size();
    bytes.resize(had + static_cast<std::size_t>(std::min<std::int64_t>(unpacked_piece, size - std::ssize(bytes))));
    read(std::span(bytes).subspan(had));
  }
  std::array<std::byte, 1> more{};
  if (read_some(more) != 0) bad_input("{}: unpacks to more than the {} bytes that it announces", from_->name(), size);
  return bytes;
}

bool is_gzip(const ByteSource& source) {
  if (source.size() < 2) return false;
  std::array<std::byte, 2> magic{};
  source.read(0, magic);
  return magic == std::array{std::byte{0x1f}, std::byte{0x8b}};
}

}  // namespace biossl
