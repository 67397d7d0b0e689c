#include "biossl/data/sources.h"

#include <algorithm>
#include <stdexcept>

#include "biossl/core/error.h"
#include "biossl/core/text.h"

namespace biossl {
namespace {

// Lengths and SHA-256 sums are those that TensorFlow Datasets publishes of the files at these addresses. The authors
// publish MD5 sums alone, which do not withstand an attack.

DataSource cifar10() {
  constexpr std::int64_t batch = std::int64_t{10'000} * 3073;
  return {.name = "cifar10",
          .folder = "cifar-10-batches-bin",
          .addresses = {"https://www.cs.toronto.edu/~kriz/"},
          .files = {{"cifar-10-binary.tar.gz", 170'052'171,
                     "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"}},
          .unpacked = {{"data_batch_1.bin", batch},
                       {"data_batch_2.bin", batch},
                       {"data_batch_3.bin", batch},
                       {"data_batch_4.bin", batch},
                       {"data_batch_5.bin", batch},
                       {"test_batch.bin", batch},
                       {"batches.meta.txt", 0}},
          .unpacked_bytes = 200'000'000};
}

DataSource cifar100() {
  return {.name = "cifar100",
          .folder = "cifar-100-binary",
          .addresses = {"https://www.cs.toronto.edu/~kriz/"},
          .files = {{"cifar-100-binary.tar.gz", 168'513'733,
                     "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"}},
          .unpacked = {{"train.bin", std::int64_t{50'000} * 3074},
                       {"test.bin", std::int64_t{10'000} * 3074},
                       {"fine_label_names.txt", 0},
                       {"coarse_label_names.txt", 0}},
          .unpacked_bytes = 200'000'000};
}

DataSource stl10() {
  constexpr std::int64_t image = std::int64_t{3} * 96 * 96;
  return {.name = "stl10",
          .folder = "stl10_binary",
          .addresses = {"https://cs.stanford.edu/~acoates/stl10/", "http://ai.stanford.edu/~acoates/stl10/"},
          .files = {{"stl10_binary.tar.gz", 2'640'397'119,
                     "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866"}},
          .unpacked = {{"train_X.bin", 5'000 * image},
                       {"train_y.bin", 5'000},
                       {"test_X.bin", 8'000 * image},
                       {"test_y.bin", 8'000},
                       {"unlabeled_X.bin", 100'000 * image},
                       {"class_names.txt", 0},
                       {"fold_indices.txt", 0}},
          .unpacked_bytes = 3'200'000'000};
}

DataSource mnist() {
  return {
      .name = "mnist",
      .folder = "mnist",
      .addresses = {"https://ossci-datasets.s3.amazonaws.com/mnist/",
                    "https://storage.googleapis.com/cvdf-datasets/mnist/"},
      .files =
          {{"train-images-idx3-ubyte.gz", 9'912'422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
           {"train-labels-idx1-ubyte.gz", 28'881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
           {"t10k-images-idx3-ubyte.gz", 1'648'877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
           {"t10k-labels-idx1-ubyte.gz", 4'542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"}},
      .unpacked = {}};
}

DataSource fashion_mnist() {
  return {
      .name = "fashion-mnist",
      .folder = "fashion-mnist",
      .addresses = {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"},
      .files =
          {{"train-images-idx3-ubyte.gz", 26'421'880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
           {"train-labels-idx1-ubyte.gz", 29'515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
           {"t10k-images-idx3-ubyte.gz", 4'422'102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
           {"t10k-labels-idx1-ubyte.gz", 5'148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"}},
      .unpacked = {}};
}

}  // namespace

const std::vector<DataSource>& data_sources() {
  static const std::vector<DataSource> sources{cifar10(), cifar100(), stl10(), mnist(), fashion_mnist()};
  return sources;
}

const DataSource& find_source(const std::vector<DataSource>& sources, std::string_view name) {
  const auto found = std::ranges::find(sources, name, &DataSource::name);
  if (found != sources.end()) return *found;
  std::vector<std::string> names;
  for (const DataSource& source : sources) names.push_back(source.name);
  throw std::invalid_argument(fmt::format("'{}' is no data set that can be fetched{}", name, suggestion(name, names)));
}

}  // namespace biossl
