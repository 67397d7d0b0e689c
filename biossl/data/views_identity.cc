#include "biossl/data/views.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// Every view is the image itself, in [0,1].
class IdentityViews final : public Views {
 public:
  IdentityViews(const NoOptions& /*options*/, const ViewSource& source) : source_(source), images_(source) {}

  void make(std::uint32_t /*epoch*/, std::uint32_t /*view*/, const Tensor& rows, Tensor& dst) override {
    check_batch(source_, rows);
    const auto [pixels, places] = images_.at(rows);
    ops::unit_range(pixels, places, dst);
  }
  void expect(const Tensor& rows) override { images_.expect(rows); }

 private:
  ViewSource source_;
  SourceImages images_;
};

const Registration<ViewsRegistry, IdentityViews, NoOptions> registration("identity",
                                                                         "the image itself, for comparison");

}  // namespace
}  // namespace biossl
