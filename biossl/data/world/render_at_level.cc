#include "biossl/core/instruction_level.h"
#include "biossl/data/world/render.h"

namespace biossl::world {

using Render = void(const Instance&, const Moment&, const WorldStyle&, std::int64_t, std::uint8_t*);

#define LEVEL(code, name) \
  namespace code {        \
  Render render;          \
  }
BIOSSL_LEVELS
#undef LEVEL

void render(const Instance& instance, const Moment& moment, const WorldStyle& style, std::int64_t size,
            std::uint8_t* to) {
  static Render* const of_levels[] = {
#define LEVEL(code, name) code::render,
      BIOSSL_LEVELS
#undef LEVEL
  };
  at_level(of_levels)(instance, moment, style, size, to);
}

}  // namespace biossl::world
