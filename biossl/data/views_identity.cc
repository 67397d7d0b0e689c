#include "biossl/data/views.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// Every view is the image itself, in [0,1].
class IdentityViews final : public Views {
 public:
  IdentityViews(const NoOptions& /*options*/, const ViewSource& source)
      : source_(source), pixels_(resident_pixels(source)) {}

  void make(std::uint32_t /*epoch*/, std::uint32_t /*view*/, const Tensor& rows, Tensor& dst) override {
    check_batch(source_, rows);
    ops::unit_range(pixels_, rows, dst);
  }

 private:
  ViewSource source_;
  Tensor pixels_;
};

const Registration<ViewsRegistry, IdentityViews, NoOptions> registration("identity",
                                                                         "the image itself, for comparison");

}  // namespace
}  // namespace biossl
