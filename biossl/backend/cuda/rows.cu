#include "biossl/backend/backend.h"
#include "biossl/backend/cuda/kernels.cuh"

namespace biossl::cuda {

/// dst row to[k] (k if `to` is null) = src row from[k], in units of Word.
template <class Word>
void copy_rows(const std::byte* src, const std::int32_t* from, const std::int32_t* to, std::byte* dst,
               std::int64_t count, std::int64_t row_bytes) {
  const auto* words = reinterpret_cast<const Word*>(src);
  auto* copies = reinterpret_cast<Word*>(dst);
  const std::int64_t size = row_bytes / static_cast<std::int64_t>(sizeof(Word));
  for_each(count * size, [=] __device__(std::int64_t i) {
    const std::int64_t k = i / size;
    const std::int64_t place = to == nullptr ? k : to[k];
    copies[place * size + i % size] = words[from[k] * size + i % size];
  });
}

/// 16 bytes at a time if rows and memory are aligned.
void copy_rows_of(const Tensor& src, const std::int32_t* from, const std::int32_t* to, Tensor& dst,
                  std::int64_t count) {
  const auto row_bytes = src.shape().row_size() * static_cast<std::int64_t>(size_of(src.dtype()));
  const auto alignment = reinterpret_cast<std::uintptr_t>(src.raw()) | reinterpret_cast<std::uintptr_t>(dst.raw()) |
                         static_cast<std::uintptr_t>(row_bytes);
  const auto copied = alignment % 16 == 0  ? copy_rows<Pack<std::uint32_t, 4>>
                      : alignment % 4 == 0 ? copy_rows<std::uint32_t>
                                           : copy_rows<std::uint8_t>;
  copied(src.raw(), from, to, dst.raw(), count, row_bytes);
}

void gather_rows(const Tensor& src, const Tensor& rows, Tensor& dst) {
  copy_rows_of(src, rows.data<std::int32_t>(), nullptr, dst, rows.size());
}

void scatter_rows(const Tensor& from, const Tensor& to, Tensor& tensor) {
  copy_rows_of(tensor, from.data<std::int32_t>(), to.data<std::int32_t>(), tensor, from.size());
}

}  // namespace biossl::cuda
