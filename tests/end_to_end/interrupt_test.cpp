// SPDX-License-Identifier: Apache-2.0
//
// Ctrl-C: readable waves, a result marked interrupted.
#include <csignal>
#include <thread>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;

TEST_CASE("an interrupted run leaves waves and a result") {
  namespace bp = boost::process;
  const int signal = GENERATE(SIGINT, SIGTERM);
  const Folder folder;
  bp::child child(KILBURN_PROGRAM,
                  bp::args({"run", "--test", "random", "--count", "1000000000", "--waves", "always", "--out", "r"}),
                  bp::start_dir(folder.path().string()), bp::std_in<bp::null, bp::std_out>(folder / "out.txt").string(),
                  bp::std_err > (folder / "err.txt").string());
  // Waves grow once the run is under way.
  for (int n = 0; n < 600; ++n) {
    std::error_code ec;
    if (std::filesystem::file_size(folder / "r/waves.fst", ec) > 0 && !ec) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  kill(child.id(), signal);
  child.wait();
  INFO(contents(folder / "out.txt") << contents(folder / "err.txt"));
  CHECK(child.exit_code() == 130);
  CHECK(folder.result("r").at("verdict") == "interrupted");
  // A closed FST file begins with its header block (type 0, length 329); an unclosed one is not complete.
  const std::string waves = contents(folder / "r/waves.fst");
  REQUIRE(waves.size() > 1000);
  CHECK(waves[0] == 0);
}
