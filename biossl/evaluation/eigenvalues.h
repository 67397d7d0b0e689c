#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace biossl {

/// The eigenvalues, ascending, of a symmetric matrix (size, size), row by row; the matrix is used up. Householder's
/// reduction to a tridiagonal matrix, then implicit QL steps (Golub & Van Loan 2013, chapter 8), in double: n^3
/// multiplications. The result does not depend on the number of threads. Throws std::invalid_argument for a matrix of
/// another size; std::runtime_error if a number is not finite.
std::vector<double> symmetric_eigenvalues(std::span<double> matrix, std::int64_t size);

}  // namespace biossl
