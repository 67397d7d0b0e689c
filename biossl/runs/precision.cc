#include "biossl/runs/precision.h"

#include <fmt/format.h>

#include "biossl/core/error.h"
#include "biossl/core/processor.h"
#include "biossl/core/wording.h"

namespace biossl {
namespace {

/// Why a device cannot train with a precision, as the end of a sentence.
std::string why_not(const std::string& precision, Device device) {
  if (precision == "tf32") return fmt::format("tf32 is a GPU's, and this device is {}", name_of(device));
  return bfloat16_support(device);
}

void tell(const std::string& precision, const char* of, Device device, Reporter& reporter) {
  reporter.note(fmt::format("{}: {} ({})", of, precision, bfloat16_support(device)));
}

void settle(std::string& precision, const char* of, Device device, Reporter& reporter) {
  if (precision != "auto") return;
  precision = std::string(name_of(compute_type("auto", device)));
  tell(precision, of, device, reporter);
}

/// Whether float32 is the faster choice on this processor.
bool is_slow(const std::string& precision, Device device) {
  return precision == "bfloat16" && device == Device::cpu && can_train(precision, device) &&
         !is_fast(device, DType::bfloat16);
}

}  // namespace

bool can_train(const std::string& precision, Device device) {
  if (precision == "tf32") return device == Device::cuda;
  return can_compute(device, compute_type(precision, device));
}

void check_precision(const Recipe& recipe, Device device) {
  const std::string& precision = recipe.train.precision;
  if (can_train(precision, device)) return;
  bad_input("recipe '{}': train.precision = \"{}\" cannot be had: {}; take {}", recipe.name, precision,
            why_not(precision, device), wording::setting("train.precision", "float32"));
}

void settle_precision(Recipe& recipe, Device device, Reporter& reporter) {
  if (is_slow(recipe.train.precision, device)) tell(recipe.train.precision, "precision", device, reporter);
  settle(recipe.train.precision, "precision", device, reporter);
}

void settle_probe_precision(Recipe& recipe, Device device, Reporter& reporter) {
  settle(recipe.probe.precision, "precision of the probe's features", device, reporter);
}

void continue_precision(Recipe& recipe, const Recipe& begun, Device device, Reporter& reporter) {
  const std::string& began_with = begun.train.precision;
  std::string& precision = recipe.train.precision;
  if (precision == "auto") precision = began_with;
  if (can_train(began_with, device)) return;
  const std::string why = fmt::format("the run began in {}; {}", began_with, why_not(began_with, device));
  if (precision == began_with) {
    bad_input(
        "recipe '{}': {}. Add {} to go on in float32; the result will not be bit-equal to "
        "that of a run that stays in {}",
        recipe.name, why, wording::setting("train.precision", "float32"), began_with);
  }
  reporter.note(fmt::format("{}. It goes on in {}, and the result is not bit-equal to that of a run that stays in {}",
                            why, precision, began_with));
}

void read_as_float32_where_needed(Recipe& recipe, Device device, Reporter& reporter) {
  const std::string trained_in = recipe.train.precision;
  if (can_train(trained_in, device)) return;
  recipe.train.precision = "float32";
  reporter.note(fmt::format("the encoder was trained in {}; {}, so it is read in float32", trained_in,
                            why_not(trained_in, device)));
}

}  // namespace biossl
