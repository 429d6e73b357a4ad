// SPDX-License-Identifier: Apache-2.0
//
// Parts of a regression that another machine carries out, and what it tells.
#include "tb/regress/part.h"

#include "tb/errors.h"
#include "tb/regress/local_launcher.h"
#include "tb/regress/slurm.h"
#include "tb/regress/slurm_launcher.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn::regress;
using kilburn::test::contents;
using kilburn::test::ScratchFolder;

namespace {

std::vector<Launch> launches(const ScratchFolder& folder) {
  return {{7, {"--test", "a \"b\"\n"}, folder / "runs/a/1", 2.5, 64}, {9, {}, folder / "runs/b/1", 60, 128}};
}

}  // namespace

TEST_CASE("a part is read as it was written") {
  const ScratchFolder folder;
  const auto written = launches(folder);
  const auto runs = read_part(folder.write("part-0.json", part_text(written)));
  REQUIRE(runs.size() == 2);
  for (std::size_t n = 0; n < 2; ++n) {
    CHECK(runs[n].ticket == written[n].ticket);
    CHECK(runs[n].words == written[n].words);
    CHECK(runs[n].folder == written[n].folder);
    CHECK(runs[n].time_limit == written[n].time_limit);
    CHECK(runs[n].memory_limit == written[n].memory_limit);
  }
  for (const char* bad : {"", "{", "[]", "{\"kilburn_part\":2,\"runs\":[]}", "{\"kilburn_part\":1,\"runs\":[3]}"}) {
    CHECK_THROWS_AS(read_part(folder.write("bad.json", bad)), kilburn::tb::UserError);
  }
}

TEST_CASE("a machine carries out its part and tells how each run ended") {
  const ScratchFolder folder;
  const auto part = folder.write("part-0.json", part_text(launches(folder)));
  LocalLauncher launcher(
      1, [](const std::vector<std::string>& words, const std::filesystem::path&) { return words.empty() ? 2 : 1; });
  CHECK(carry_out_part(part, read_part(part), launcher));
  std::size_t offset = 0;
  const auto lines = read_ended(ended_file(part), offset);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].finished.ticket == 7);
  CHECK(lines[0].finished.ended.status == 1);
  CHECK(lines[0].folder == folder / "runs/a/1");
  CHECK_FALSE(lines[0].finished.ended.machine.empty());
  CHECK(lines[1].finished.ended.status == 2);
  CHECK(std::filesystem::exists(folder / "runs/b/1/stdout.txt"));
}

TEST_CASE("lines are read as far as they are whole, each once") {
  const ScratchFolder folder;
  const std::string line =
      "{\"ticket\":7,\"folder\":\"f\",\"status\":0,\"signal\":9,\"timed_out\":true,\"seconds\":1.5,\"peak_memory\":10,"
      "\"machine\":\"m\"}\n";
  std::size_t offset = 0;
  const auto count = [&](const std::string& text) {
    return read_ended(folder.write("part-0.ended", text), offset).size();
  };
  CHECK(read_ended(folder / "none", offset).empty());
  CHECK(count(line + line.substr(0, 20)) == 1);
  CHECK(offset == line.size());
  CHECK(count(line + line) == 1);
  CHECK(count(line + line) == 0);
  // What a machine that went down left in the middle is passed over.
  CHECK(count(line + line + "{\"tick\n{}\n" + line) == 1);
  offset = 0;
  const auto one = read_ended(folder.write("part-0.ended", line), offset);
  CHECK(one[0].finished.ended.signal == 9);
  CHECK(one[0].finished.ended.timed_out);
  CHECK(one[0].finished.ended.seconds == 1.5);
}

TEST_CASE("states of Slurm: which are the end") {
  for (const char* going : {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED"}) CHECK_FALSE(is_end(going));
  for (const char* end : {"COMPLETED", "FAILED", "NODE_FAIL", "PREEMPTED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY",
                          "BOOT_FAIL", "DEADLINE"}) {
    CHECK(is_end(end));
  }
}

TEST_CASE("jobs are named after the results folder, however it is written") {
  const ScratchFolder folder;
  const auto name = SlurmLauncher::job_name(folder / "r");
  CHECK(name == SlurmLauncher::job_name(folder / "./x/../r"));
  CHECK(name != SlurmLauncher::job_name(folder / "s"));
  CHECK(name.size() == 24);
}
