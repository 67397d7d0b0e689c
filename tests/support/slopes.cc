#include "tests/support/slopes.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "biossl/core/error.h"
#include "biossl/core/random.h"
#include "tests/support/tensors.h"

namespace biossl::testing {
namespace {

constexpr std::uint32_t directions = 8;

std::vector<double> direction(std::uint32_t number, std::size_t size) {
  Random random(number, Purpose::sample);
  std::vector<double> values(size);
  double squares = 0;
  for (double& value : values) {
    value = random.normal();
    squares += value * value;
  }
  for (double& value : values) value /= std::sqrt(squares);
  return values;
}

}  // namespace

std::vector<double> numeric_slopes(Tensor& at, const std::function<double()>& function, double step) {
  const std::vector<double> kept = values_of(at);
  std::vector<double> result;
  for (std::uint32_t number = 0; number < directions; ++number) {
    const std::vector<double> along = direction(number, kept.size());
    const auto moved = [&](double by) {
      for (std::size_t i = 0; i < kept.size(); ++i) at.data<double>()[i] = kept[i] + by * along[i];
      return function();
    };
    const double above = moved(step);
    result.push_back((above - moved(-step)) / (2 * step));
  }
  std::ranges::copy(kept, at.data<double>());
  return result;
}

std::vector<double> slopes(const std::vector<double>& derivative) {
  std::vector<double> result;
  for (std::uint32_t number = 0; number < directions; ++number) {
    const std::vector<double> along = direction(number, derivative.size());
    result.push_back(std::inner_product(along.begin(), along.end(), derivative.begin(), 0.0));
  }
  return result;
}

ComparedSlopes compare_slopes(const std::vector<double>& derivative, std::vector<Tensor> by,
                              const std::function<double()>& function, double step) {
  ComparedSlopes compared;
  std::ptrdiff_t at = 0;
  for (Tensor& tensor : by) {
    const auto begin = derivative.begin() + at;
    at += tensor.size();
    check(at <= static_cast<std::ptrdiff_t>(derivative.size()), "compare_slopes", "the derivative is too short");
    std::ranges::copy(slopes({begin, derivative.begin() + at}), std::back_inserter(compared.ours));
    std::ranges::copy(numeric_slopes(tensor, function, step), std::back_inserter(compared.numeric));
  }
  check(at == static_cast<std::ptrdiff_t>(derivative.size()), "compare_slopes", "the derivative is too long");
  return compared;
}

}  // namespace biossl::testing
