#pragma once

#include <cstdint>

#include "biossl/data/dataset.h"

namespace biossl {

/// What only some data sets know of their images. Such a data set implements an interface, `Source`, beside Dataset;
/// views that need it ask for it by its type, so that neither Dataset nor a selection of images names any of them.
///   const Capability<MomentSource> moments(dataset);
///   if (moments.exists()) moments->render_moment(moments.row(image), random, to);
/// The data set must outlive this object.
template <class Source>
class Capability {
 public:
  explicit Capability(const Dataset& dataset)
      : dataset_(dataset), source_(dynamic_cast<const Source*>(&dataset.origin())) {}

  bool exists() const { return source_ != nullptr; }
  /// Only where it exists.
  const Source* operator->() const { return source_; }
  /// The number by which the source knows an image of the data set.
  std::int64_t row(std::int64_t image) const { return dataset_.row_in_origin(image); }

 private:
  const Dataset& dataset_;
  const Source* source_;
};

}  // namespace biossl
