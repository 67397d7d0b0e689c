#include "biossl/evaluation/encode.h"

#include "biossl/ops/ops.h"

namespace biossl {

Shape encoded_shape(Network& network, std::optional<int> block, std::int64_t images) {
  if (block) return batch_of(images, network.block(*block).plan().output);
  return {images, network.head(network.depth() - 1).features()};
}

void encode(Network& network, std::optional<int> block, FeatureReader& reader, const TakeEncoded& take,
            const Progress& progress) {
  const SynapsesSetup& setup = network.setup();
  Head* const head = block ? nullptr : &network.head(network.depth() - 1);
  Tensor embeddings;
  if (head != nullptr) {
    Workspace::fit(setup.device, [&](Workspace& workspace) { head->prepare(reader.batch(), workspace); });
    embeddings = Tensor(encoded_shape(network, block, reader.batch()), setup.master_dtype(), setup.device);
  }
  const auto encoded = [&](const Tensor& output) {
    if (head == nullptr) return output;
    Tensor rows = embeddings.rows(0, output.extent(0));
    head->forward(output, rows);
    return rows;
  };
  Tensor wide;
  if ((head == nullptr ? setup.dtype : setup.master_dtype()) != DType::float32) {
    wide = Tensor(encoded_shape(network, block, reader.batch()), DType::float32, setup.device);
  }
  reader.read(
      [&](std::int64_t first, std::span<const Tensor> outputs) {
        const Tensor values = encoded(outputs[0]);
        if (wide.empty()) return take(first, values);
        Tensor rows = wide.rows(0, values.extent(0));
        ops::convert(values, rows);
        take(first, rows);
      },
      progress);
}

}  // namespace biossl
