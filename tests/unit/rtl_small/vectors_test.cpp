// SPDX-License-Identifier: Apache-2.0
//
// Every recorded vector on the small MMU, page-table words included; and a bug that only those words show.
#include <filesystem>

#include "tb/stimulus/vector_test.h"
#include "tests/catch.h"
#include "tests/duts.h"

namespace fs = std::filesystem;
using namespace kilburn;

namespace {

struct VectorRun {
  tb::VectorTestResult result;
  std::string message;
};

VectorRun run(const std::string& path, const std::string& name, const std::string& bug = {}) {
  auto reader = tb::VectorReader::open(path);
  const auto library = tb::dut_library(name, reader.format());
  tb::Dut dut(library, 1);
  dut.select_bug(bug);
  tb::VectorMemory memory;
  tb::LockstepConfig config;
  config.exact = false;
  tb::Lockstep lockstep(dut, memory, config);
  tb::VectorTest test(lockstep, memory, reader);
  VectorRun r;
  try {
    test.run();
    lockstep.finish();
  } catch (const tb::DutWrong& wrong) {
    r.message = wrong.what();
  }
  r.result = test.result();
  return r;
}

const std::string kVectors = KILBURN_TEST_DATA "/vectors/";

}  // namespace

TEST_CASE("every recorded vector passes on the small MMU") {
  unsigned files = 0;
  arch::u64 accesses = 0;
  for (const auto& file : fs::directory_iterator(kVectors)) {
    if (file.path().extension() != ".txt") continue;
    const VectorRun r = run(file.path().string(), "small");
    INFO(file.path());
    CHECK(r.message == "");
    CHECK(r.result.mismatches == 0);
    CHECK(r.result.words > r.result.vectors);
    accesses += r.result.accesses;
    ++files;
  }
  CHECK(files == 10);
  CHECK(accesses >= 6500);
}

TEST_CASE("the vectors find a dirty bit that is not set, and rights that are not accumulated") {
  for (const char* bug : {"DIRTY-HIT", "KEEP-RIGHTS"}) {
    const VectorRun r = run(kVectors + "x86_4level_sequence.txt", "small-bugs", bug);
    INFO(bug << ": " << r.message);
    CHECK(r.result.mismatches > 0);
  }
}
