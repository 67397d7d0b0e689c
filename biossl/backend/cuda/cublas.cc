#include <cublas_v2.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <stdexcept>
#include <string_view>

#include "biossl/backend/cuda/matrix_product.h"
#include "biossl/backend/cuda/recorder.h"
#include "biossl/backend/cuda/runtime.h"
#include "biossl/core/accelerator.h"

namespace biossl::cuda {
namespace {

void check(cublasStatus_t status, std::string_view call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  const bool full = status == CUBLAS_STATUS_ALLOC_FAILED;
  throw std::runtime_error(fmt::format("[{}] {}{}", call, cublasGetStatusString(status), full ? less_memory : ""));
}

constexpr std::size_t workspace_bytes = std::size_t{32} << 20;  // what cuBLAS recommends for Hopper

struct Library {
  cublasHandle_t handle = nullptr;
  std::shared_ptr<std::byte[]> workspace = accelerator::allocate_zeros(workspace_bytes);

  Library() {
    check(cublasCreate(&handle), "cublasCreate");
    // An own workspace makes split sums deterministic and avoids allocation while a step is recorded. Setting the
    // stream resets the workspace, so the stream is set first.
    check(cublasSetStream(handle, stream()), "cublasSetStream");
    check(cublasSetWorkspace(handle, workspace.get(), workspace_bytes), "cublasSetWorkspace");
    // The parts of a split sum are added in float32 too.
    check(cublasSetMathMode(handle, CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION), "cublasSetMathMode");
  }
};

/// Made on first use and never destroyed: at the end of the process the driver may be gone before static objects.
const Library& library() {
  static const Library* const the_library = new Library;  // NOLINT(cppcoreguidelines-owning-memory)
  return *the_library;
}

cudaDataType data_type(DType dtype) { return dtype == DType::bfloat16 ? CUDA_R_16BF : CUDA_R_32F; }

/// True on the first call with a product of such shapes, types and alignment, which cuBLAS chooses its kernel by.
bool is_new(const Matrix& a, const Matrix& b, DType dst_type, const std::byte* dst, cublasComputeType_t compute) {
  static std::set<std::array<std::int64_t, 9>> seen;
  const auto address = [](const std::byte* values) { return reinterpret_cast<std::uintptr_t>(values); };
  const std::uintptr_t together = address(a.values) | address(b.values) | address(dst);
  return seen
      .insert({a.height(), a.width(), b.width(), a.transposed ? 1 : 0, b.transposed ? 1 : 0,
               static_cast<std::int64_t>(a.dtype), static_cast<std::int64_t>(dst_type),
               static_cast<std::int64_t>(compute), static_cast<std::int64_t>(together % 16)})
      .second;
}

/// Pedantic: no TF32 unless it was asked for, and environment variables of cuBLAS cannot lower the precision.
cublasComputeType_t compute_type(DType dtype) {
  if (dtype == DType::bfloat16) return CUBLAS_COMPUTE_32F;
  return tf32_allowed() ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F_PEDANTIC;
}

/// cuBLAS is column-major and sees the transposes: it computes dst^T = b^T a^T, with the row extents as leading
/// dimensions.
void multiply(cublasHandle_t handle, cublasComputeType_t compute, const Matrix& a, const Matrix& b, DType dst_type,
              std::byte* dst) {
  constexpr float one = 1.0F;
  constexpr float zero = 0.0F;
  const auto operation = [](const Matrix& matrix) { return matrix.transposed ? CUBLAS_OP_T : CUBLAS_OP_N; };
  const auto leading = [](std::int64_t columns) { return std::max<std::int64_t>(columns, 1); };
  check(cublasGemmEx_64(handle, operation(b), operation(a), b.width(), a.height(), a.width(), &one, b.values,
                        data_type(b.dtype), leading(b.columns), a.values, data_type(a.dtype), leading(a.columns), &zero,
                        dst, data_type(dst_type), leading(b.width()), compute, CUBLAS_GEMM_DEFAULT),
        "cublasGemmEx");
}

}  // namespace

void matrix_product(const Matrix& a, const Matrix& b, DType dst_type, std::byte* dst) {
  if (a.height() == 0 || b.width() == 0) return;
  const cublasHandle_t handle = library().handle;
  const cublasComputeType_t compute = compute_type(a.dtype);
  // The first call with a shape, which may load a kernel, runs outside of a recording.
  if (is_new(a, b, dst_type, dst, compute)) recorder().interrupt();
  const auto extent = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  recorder().give(
      {key_of(handle), key_of(a.values), key_of(b.values), key_of(dst), extent(a.rows), extent(a.columns),
       extent(b.rows), extent(b.columns), std::uint64_t{a.transposed}, std::uint64_t{b.transposed},
       static_cast<std::uint64_t>(a.dtype), static_cast<std::uint64_t>(dst_type), static_cast<std::uint64_t>(compute)},
      [=] { multiply(handle, compute, a, b, dst_type, dst); });
}

std::string matrix_library() {
  int version[3] = {};
  check(cublasGetProperty(MAJOR_VERSION, &version[0]), "cublasGetProperty");
  check(cublasGetProperty(MINOR_VERSION, &version[1]), "cublasGetProperty");
  check(cublasGetProperty(PATCH_LEVEL, &version[2]), "cublasGetProperty");
  return fmt::format("cuBLAS {}.{}.{}", version[0], version[1], version[2]);
}

}  // namespace biossl::cuda
