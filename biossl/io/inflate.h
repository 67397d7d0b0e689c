#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "biossl/io/byte_source.h"

namespace biossl {

enum class Deflated { gzip, raw };  ///< a gzip file; the bare stream of a ZIP member

/// Unpacks deflated bytes from front to back.
class InflateStream {
 public:
  InflateStream(std::shared_ptr<const ByteSource> from, Deflated format);
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;
  ~InflateStream();

  /// The next bytes. Throws BadInput, naming the source and the byte, if there are not so many or they are damaged.
  void read(std::span<std::byte> to);
  /// The next `size` bytes, which must be the last ones. Throws BadInput also for a size that the source cannot unpack
  /// to, before memory is taken for it; std::runtime_error, naming the source, if there is not so much memory.
  std::vector<std::byte> read_rest(std::int64_t size);

 private:
  struct State;

  std::size_t read_some(std::span<std::byte> to);
  void refill();

  std::shared_ptr<const ByteSource> from_;
  std::int64_t at_ = 0;
  std::vector<std::byte> packed_;
  std::unique_ptr<State> state_;
};

/// Whether a source begins as gzip files do.
bool is_gzip(const ByteSource& source);

}  // namespace biossl
