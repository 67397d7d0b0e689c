#include "biossl/data/rhm.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "biossl/core/parallel.h"

namespace biossl::rhm {
namespace {

constexpr std::int64_t most_images = std::int64_t{1} << 30;
constexpr std::int64_t most_tuples = std::int64_t{1} << 20;
constexpr std::int64_t most_numbers = std::int64_t{1} << 20;  // of an image
constexpr std::int64_t grain = 64;                            // images

/// base^exponent, or `most` + 1 where it is larger.
std::int64_t power(std::int64_t base, std::int64_t exponent, std::int64_t most) {
  std::int64_t result = 1;
  for (std::int64_t i = 0; i < exponent && result <= most; ++i) result *= base;
  return std::min(result, most + 1);
}

/// The side of the square that s symbols fill; 1 where they fill none and make strings.
std::int64_t side_of_tuple(std::int64_t s) {
  const auto root = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(s))));
  return root * root == s ? root : 1;
}

/// The place of each symbol of the string in the image, row by row.
std::vector<std::int64_t> places(const RhmOptions& options) {
  const std::int64_t length = options.length();
  const std::int64_t side = side_of_tuple(options.tuple);
  std::vector<std::int64_t> place(static_cast<std::size_t>(length));
  std::iota(place.begin(), place.end(), 0);
  if (side == 1) return place;
  const std::int64_t width = Rhm::shape_of(options)[1];
  for (std::int64_t leaf = 0; leaf < length; ++leaf) {
    std::int64_t row = 0;
    std::int64_t column = 0;
    std::int64_t scale = 1;
    for (std::int64_t left = leaf; scale < width; left /= options.tuple, scale *= side) {
      row += left % options.tuple / side * scale;
      column += left % options.tuple % side * scale;
    }
    place[static_cast<std::size_t>(leaf)] = row * width + column;
  }
  return place;
}

const Registration<DatasetRegistry, Rhm, RhmOptions> registration(
    "rhm", "built in: strings of the Random Hierarchy Model, whose classes lie in hidden trees; needs no files");

}  // namespace

std::int64_t RhmOptions::length() const { return power(tuple, levels, most_numbers); }

void check_options(const RhmOptions& options) {
  const auto& [v, m, s, levels, classes] = options;
  const auto between = [](std::int64_t value, std::int64_t least, std::int64_t most, const char* key) {
    check(value >= least && value <= most, "rhm", "{} = {}; must be between {} and {}", key, value, least, most);
  };
  between(v, 2, 256, "symbols");
  between(s, 2, 16, "tuple");
  between(levels, 1, 20, "levels");
  between(classes, 2, 1000, "classes");
  const std::int64_t tuples = power(v, s, most_tuples);
  check(tuples <= most_tuples, "rhm", "symbols = {}, tuple = {}: more than {} tuples; make one of both smaller", v, s,
        most_tuples);
  check(m >= 1 && m <= tuples / v, "rhm",
        "synonyms = {}; must be between 1 and symbols^(tuple - 1) = {}, so that no tuple belongs to two symbols", m,
        tuples / v);
  check(m <= tuples / classes, "rhm", "classes = {} with {} synonyms each need {} tuples of {}; have fewer of either",
        classes, m, classes * m, tuples);
  check(options.length() * v <= most_numbers, "rhm", "tuple = {}, levels = {}: an image of more than {} numbers", s,
        levels, most_numbers);
}

Rules::Rules(const RhmOptions& options, std::uint64_t seed) : options_(options) {
  check_options(options);
  const std::int64_t tuples = power(options.symbols, options.tuple, most_tuples);
  for (std::int64_t level = 0; level < options.levels; ++level) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(tuples));
    std::iota(order.begin(), order.end(), 0);
    Random random(seed, "rhm.rules", static_cast<std::uint32_t>(level));
    const auto used = static_cast<std::size_t>(symbols(level) * options.synonyms);
    std::vector<std::int32_t> rules;
    for (std::size_t i = 0; i < used; ++i) {
      std::swap(order[i], order[i + random.below(static_cast<std::uint32_t>(order.size() - i))]);
      std::int64_t digits = order[i];
      for (std::int64_t k = 0; k < options.tuple; ++k, digits /= options.symbols) {
        rules.push_back(static_cast<std::int32_t>(digits % options.symbols));
      }
    }
    tuples_.push_back(std::move(rules));
  }
}

std::span<const std::int32_t> Rules::tuple(std::int64_t level, std::int32_t symbol, std::int64_t synonym) const {
  const auto size = static_cast<std::size_t>(options_.tuple);
  const auto number = static_cast<std::size_t>(symbol * options_.synonyms + synonym);
  return std::span(tuples_[static_cast<std::size_t>(level)]).subspan(number * size, size);
}

std::vector<std::int32_t> Rules::derive(std::int32_t label, std::int64_t redrawn, Random upper, Random lower) const {
  const auto synonyms = static_cast<std::uint32_t>(options_.synonyms);
  std::vector<std::int32_t> string{label};
  for (std::int64_t level = 0; level < options_.levels; ++level) {
    Random& random = level < options_.levels - redrawn ? upper : lower;
    std::vector<std::int32_t> below;
    for (const std::int32_t symbol : string) {
      const auto chosen = tuple(level, symbol, random.below(synonyms));
      below.insert(below.end(), chosen.begin(), chosen.end());
    }
    string = std::move(below);
  }
  return string;
}

Shape Rhm::shape_of(const RhmOptions& options) {
  check_options(options);
  const std::int64_t side = side_of_tuple(options.tuple);
  if (side == 1) return {1, options.length(), options.symbols};
  const std::int64_t extent = power(side, options.levels, most_numbers);
  return {extent, extent, options.symbols};
}

Rhm::Rhm(const RhmOptions& options, const DatasetRequest& request)
    : rules_(options, request.seed), split_(request.split), seed_(request.seed), pixel_of_(places(options)) {
  const std::int64_t usual = split_ == Split::train ? default_train_images : default_test_images;
  const std::int64_t images = request.images == 0 ? usual : request.images;
  check(images > 0 && images <= most_images, "rhm", "images = {}; 1 to {}, or 0 for the default, can be had", images,
        most_images);
  image_shape_ = shape_of(options);
  for (std::int64_t label = 0; label < options.classes; ++label) class_names_.push_back(std::to_string(label));
  size_ = images;
  labels_.resize(static_cast<std::size_t>(images));
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    labels_[i] = static_cast<std::int32_t>(i % static_cast<std::size_t>(options.classes));
  }
}

Random Rhm::stream(std::int64_t image) const {
  return {seed_, "rhm.images", split_ == Split::train ? 0U : 1U, static_cast<std::uint32_t>(image)};
}

void Rhm::render(const std::vector<std::int32_t>& string, std::uint8_t* to) const {
  std::fill_n(to, image_shape_.size(), std::uint8_t{0});
  for (std::size_t i = 0; i < string.size(); ++i) to[pixel_of_[i] * image_shape_[2] + string[i]] = 255;
}

const Tensor& Rhm::pixels() const {
  std::call_once(rendered_, [this] {
    const Shape& shape = image_shape_;
    pixels_ = Tensor({size(), shape[0], shape[1], shape[2]}, DType::uint8, Device::cpu);
    auto* to = pixels_.data<std::uint8_t>();
    parallel_for(size(), grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const Random random = stream(i);
        render(rules_.derive(labels_[static_cast<std::size_t>(i)], 0, random, random), to + i * shape.size());
      }
    });
  });
  return pixels_;
}

void Rhm::render_synonym(std::int64_t image, std::int64_t redrawn, Random random, std::uint8_t* to) const {
  check(image >= 0 && image < size(), "rhm", "image {} of {}", image, size());
  check(redrawn >= 0 && redrawn <= levels(), "rhm", "{} redrawn levels of {}", redrawn, levels());
  render(rules_.derive(labels_[static_cast<std::size_t>(image)], redrawn, stream(image), random), to);
}

}  // namespace biossl::rhm
