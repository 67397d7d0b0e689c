#include "biossl/ops/row_pairs.h"

#include <cmath>
#include <limits>

#include "biossl/backend/backend.h"
#include "biossl/ops/checks.h"
#include "biossl/ops/dispatch.h"

namespace biossl::ops {

void product_hinge(const Tensor& rows, std::span<const RowPair> pairs, Tensor& errors, Tensor& totals) {
  constexpr std::string_view operation = "product_hinge";
  require_host(rows.device(), operation);
  const Checks checks(operation);
  checks.same_device({{"rows", rows}, {"errors", errors}, {"totals", totals}});
  checks.rank({"rows", rows}, 2);
  checks.real_type({"rows", rows});
  checks.like({"errors", errors}, rows);
  checks.totals({"totals", totals});
  const std::int64_t count = rows.extent(0);
  check(count <= std::numeric_limits<std::int32_t>::max(), operation, "{} rows, too many for int32", count);
  for (const RowPair& pair : pairs) {
    check(pair.one >= 0 && pair.one < count && pair.other >= 0 && pair.other < count, operation,
          "a pair is of rows {} and {}, outside 0 to {}", pair.one, pair.other, count - 1);
    check(std::isfinite(pair.weight), operation, "a pair has weight {}; it must be finite", pair.weight);
  }
  if (rows.size() == 0) return;
  const auto run = host_dispatch(operation, rows.device(), reference::product_hinge, cpu::operations().product_hinge);
  run(rows, pairs, errors, totals);
}

}  // namespace biossl::ops
