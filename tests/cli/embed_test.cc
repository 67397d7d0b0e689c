#include <gtest/gtest.h>

#include <filesystem>

#include "biossl/core/atomic_file.h"
#include "biossl/core/file.h"
#include "tests/cli/program.h"

// `embed` where the files that it writes are one. It looks at their names first, so no run is needed.

namespace biossl {
namespace {

namespace fs = std::filesystem;
using testing::expect_one_line;
using testing::Outcome;
using testing::Program;

class EmbedNames : public Program {
 protected:
  Outcome embed(const std::string& labels) const {
    return run({"embed", in("run"), "--out", in("f.npy"), "--labels", labels});
  }
};

TEST_F(EmbedNames, LabelsAreNeverWrittenOverTheFeatures) {
  fs::create_directories(in("deep"));
  fs::create_symlink("../f.npy", in("deep/link.npy"));
  fs::create_symlink("deep/link.npy", in("link.npy"));
  for (const bool is_there : {false, true}) {
    if (is_there) write_file(in("f.npy"), "old");
    for (const char* labels : {"f.npy", "./f.npy", "deep/../f.npy", "link.npy", "deep/link.npy"}) {
      SCOPED_TRACE(labels);
      expect_one_line(embed(in(labels)), 2, "the labels would be written over the features");
    }
    const Outcome relative = shell("cd \"$1\"; \"$0\" embed run --out f.npy --labels ./f.npy");
    expect_one_line(relative, 2, "./f.npy leads to f.npy; name another file with --labels");
  }
  EXPECT_EQ(read_file(in("f.npy")), "old");
  expect_one_line(embed(in("other.npy")), 3, in("run"));  // as far as the run that is not there
}

TEST_F(EmbedNames, NorAreThoseBesideTheFeaturesThatAreALink) {
  fs::create_symlink("f.npy", in("f_labels.npy"));
  const Outcome linked = run({"embed", in("run"), "--out", in("f.npy")});
  expect_one_line(linked, 2, in("f_labels.npy") + " leads to " + in("f.npy"));
}

}  // namespace
}  // namespace biossl
