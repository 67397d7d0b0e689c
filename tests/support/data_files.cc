#include "tests/support/data_files.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <numeric>

#include "biossl/core/atomic_file.h"
#include "biossl/core/random.h"

namespace biossl::testing {
namespace {

std::string little(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i) & 0xff);
  return text;
}

/// Deflated; window: zlib's, which chooses the wrapping.
std::string deflated(const std::string& bytes, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace

std::string npy_bytes(const std::string& type, const std::string& shape, const std::string& elements) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + little(header.size(), 2) + header + elements;
}

std::string zip_bytes(const std::vector<ZipMember>& members) {
  std::string file;
  std::string directory;
  for (const ZipMember& member : members) {
    const std::string packed = member.deflated ? deflated(member.bytes, -15) : member.bytes;
    const auto checksum =
        crc32(0, reinterpret_cast<const Bytef*>(member.bytes.data()), static_cast<uInt>(member.bytes.size()));
    const std::uint64_t at = file.size();
    const auto narrow = [&](std::uint64_t size) { return little(member.wide ? 0xffffffff : size, 4); };
    const std::string sizes = narrow(packed.size()) + narrow(member.bytes.size());
    const std::string common = little(20, 2) + little(0, 2) + little(member.deflated ? 8 : 0, 2) + little(0, 4) +
                               little(checksum, 4) + sizes + little(member.name.size(), 2);
    const std::string extra =
        member.wide ? little(1, 2) + little(16, 2) + little(member.bytes.size(), 8) + little(packed.size(), 8) : "";
    file += "PK\x03\x04" + common + little(extra.size(), 2) + member.name + extra + packed;
    directory += "PK\x01\x02" + little(20, 2) + common + little(extra.size(), 2) + little(0, 10) + little(at, 4) +
                 member.name + extra;
  }
  return file + directory + "PK\x05\x06" + little(0, 4) + little(members.size(), 2) + little(members.size(), 2) +
         little(directory.size(), 4) + little(file.size(), 4) + little(0, 2);
}

std::string gzipped(const std::string& bytes) { return deflated(bytes, 15 + 16); }

std::string noise(std::size_t count, std::uint64_t seed) {
  std::string bytes;
  for (std::uint32_t block = 0; bytes.size() < count; ++block) {
    for (const std::uint32_t word : philox({block, 0, 0, 0}, {static_cast<std::uint32_t>(seed), 7})) {
      bytes += little(word, 4);
    }
  }
  bytes.resize(count);
  return bytes;
}

std::vector<std::uint8_t> all_bytes(const Dataset& dataset) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(dataset.size()));
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<std::uint8_t> bytes(rows.size() * static_cast<std::size_t>(dataset.image_shape().size()));
  dataset.fetch(rows, bytes.data());
  return bytes;
}

int mutate(const std::filesystem::path& path, const std::string& bytes, int versions,
           const std::function<void()>& open) {
  int refused = 0;
  for (int version = 0; version < versions; ++version) {
    const auto [a, b, c, d] = philox({static_cast<std::uint32_t>(version), 1, 2, 3}, {4, 5});
    std::string changed = bytes;
    // Half of the places lie in the header, where most decisions fall.
    const std::size_t place = (b % 2 == 0 ? c % std::min<std::size_t>(bytes.size(), 160) : c % bytes.size());
    switch (a % 5) {
      case 0:
        changed.resize(place);
        break;
      case 1:
        changed += noise(d % 300 + 1, c);
        break;
      case 2:
        for (std::size_t i = 0; i <= d % 4; ++i)
          changed[(place + i * 5) % bytes.size()] = static_cast<char>(d >> (8 * i));
        break;
      case 3:
        changed.insert(place, noise(d % 9 + 1, c));
        break;
      default:
        changed = noise(d % 4000, c);
    }
    write_file(path, changed);
    try {
      open();
    } catch (const BadInput& fault) {
      ++refused;
      EXPECT_EQ(std::string(fault.what()).find('\n'), std::string::npos) << fault.what();
    }
  }
  write_file(path, bytes);
  return refused;
}

}  // namespace biossl::testing
