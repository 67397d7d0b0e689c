#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "biossl/data/contact_sheet.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/recipe.h"
#include "biossl/runs/reporter.h"

namespace biossl {

/// The images among which neighbours are looked for, and those whose neighbours are shown.
struct NeighbourImages {
  std::unique_ptr<Dataset> among;    ///< training images
  std::unique_ptr<Dataset> queries;  ///< test images; null where the data set has none: images of `among` are shown
  std::string name;                  ///< of the data set
  Choice views;                      ///< as which the encoder is shown them

  const Dataset& shown() const { return queries ? *queries : *among; }
};

/// The images of a data set, as the recipe describes it, however many of them its probe may use; of the training images
/// the first `among`, or all (0). Throws BadInput if they are missing or not of shape `image`.
NeighbourImages open_neighbour_images(Recipe recipe, const ExecutionContext& context, const Shape& image,
                                      const std::string& name, std::int64_t among = 0);

/// Draws `queries` of the images that are shown, by the recipe's seed, or takes all if there are fewer, and finds the k
/// images that are nearest to each in a block's output, by cosine similarity. Where images of one set are shown beside
/// others of it, none is its own neighbour. Throws std::invalid_argument for an unknown block, std::runtime_error if
/// the outputs are not finite.
std::vector<SheetRow> find_neighbours(Network& network, std::optional<int> block, const NeighbourImages& images,
                                      std::int64_t queries, std::int64_t k, std::uint64_t seed, Reporter& reporter);

}  // namespace biossl
