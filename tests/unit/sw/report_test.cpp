// SPDX-License-Identifier: Apache-2.0
//
// The samples of a run and the charts drawn from them.
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <numeric>
#include <sstream>

#include "sw/report/chart.h"
#include "sw/report/history.h"
#include "sw/report/sampler.h"
#include "sw/workload/workload.h"
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os::test {
namespace {

struct Watched {
  explicit Watched(const char* workload, size_t capacity = Sampler::kCapacity, arch::Format format = kFormats[0])
      : machine(workload_config(*find_workload(workload), format)), sampler(machine.kernel, {}, capacity) {
    machine.kernel.observe(sampler.due(), [this](u64 references) {
      sampler.look(references);
      return sampler.due();
    });
    run_workload(workload, machine.kernel, 1);
    sampler.finish();
  }
  Machine<> machine;
  Sampler sampler;
};

size_t count(const std::string& text, const std::string& what) {
  size_t n = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

boost::property_tree::ptree parsed(const std::string& html) {
  std::istringstream text("<div>" + html + "</div>");
  boost::property_tree::ptree tree;
  boost::property_tree::read_xml(text, tree);
  return tree;
}

}  // namespace

TEST_CASE("report: samples ascend, never exceed their number, and end with the run") {
  for (const size_t capacity : {4u, 9u, 64u}) {
    Watched run("page-shuffle", capacity);
    const auto& samples = run.sampler.samples();
    INFO(capacity);
    REQUIRE(samples.size() >= capacity / 2);
    CHECK(samples.size() <= capacity + 1);
    CHECK(samples.front().references == 0);
    const Statistics& end = run.machine.kernel.statistics();
    CHECK(samples.back().references == end.references);
    CHECK(samples.back().faults == end.memory.faults);
    CHECK(samples.back().swapped_in == end.memory.swapped_in);
    CHECK(samples.back().invalidations == end.invalidations);
    for (size_t n = 1; n < samples.size(); ++n) CHECK(samples[n].references > samples[n - 1].references);
    // All but the last distance are equal: neither end nor start is favoured.
    for (size_t n = 1; n + 1 < samples.size(); ++n) {
      CHECK(samples[n].references - samples[n - 1].references <= run.sampler.interval());
    }
  }
}

TEST_CASE("report: every frame is in one use, every free one in one block") {
  for (const arch::Format format : kFormats) {
    Watched run("page-merge-par", 64, format);
    u64 tables = 0, most_resident = 0;
    for (const Sample& s : run.sampler.samples()) {
      const u64 frames = std::accumulate(s.frames.begin(), s.frames.end(), u64{0});
      CHECK(frames == run.machine.kernel.config().frames);
      CHECK(std::accumulate(s.free_frames.begin(), s.free_frames.end(), u64{0}) == s.frames[0]);
      tables = std::max(tables, s.frames[static_cast<size_t>(MemoryUse::tables)]);
      most_resident = std::max(most_resident, s.residents[0].pages);
      for (size_t n = 1; n < Sample::kResidents; ++n) CHECK(s.residents[n].pages <= s.residents[n - 1].pages);
    }
    CHECK(tables >= 5u * arch::info(format).levels - 4u);  // five processes; the last tables may be gone by then
    CHECK(most_resident >= 8);
    // All are free again but the kernel's own three.
    CHECK(run.sampler.samples().back().frames[0] == run.machine.kernel.config().frames - Memory::kFirstFrame);
  }
}

TEST_CASE("report: observing changes nothing") {
  Machine<> alone(workload_config(*find_workload("straddle"), kFormats[0]));
  run_workload("straddle", alone.kernel, 1);
  Watched run("straddle", 8);
  CHECK(run.machine.kernel.digest() == alone.kernel.digest());
  CHECK(run.machine.kernel.statistics().memory.faults == alone.kernel.statistics().memory.faults);
  CHECK(run.machine.kernel.statistics().invalidations == alone.kernel.statistics().invalidations);
}

TEST_CASE("report: a line goes where its values say") {
  const Chart line{"T", "u", {0, 50, 100}, {{"a", {0, 10, 5}, ""}}, false, 0};
  const std::string html = figure(line);
  // The plot is 312 wide from 40 and 158 high from 8; the axis ends at 10.
  CHECK(count(html, "d=\"M40.0 166.0L196.0 8.0L352.0 87.0\"") == 1);
  CHECK(count(html, "<li>") == 1);
  const Chart stack{"T", "u", {0, 100}, {{"a", {10, 0}, ""}, {"b<c", {10, 20}, "free"}}, true, 20};
  const std::string stacked = figure(stack);
  CHECK(count(stacked, "class=\"s0\" d=\"M40.0 87.0L352.0 166.0L352.0 166.0L40.0 166.0Z\"") == 1);
  CHECK(count(stacked, "class=\"free\" d=\"M40.0 8.0L352.0 8.0L352.0 166.0L40.0 87.0Z\"") == 1);
  CHECK(count(stacked, "b&lt;c") == 2);
  CHECK_NOTHROW(parsed(html + stacked));
}

TEST_CASE("report: short numbers") {
  CHECK(short_number(0) == "0");
  CHECK(short_number(2.5) == "2.5");
  CHECK(short_number(5000) == "5000");
  CHECK(short_number(20000) == "20k");
  CHECK(short_number(1.5e6) == "1.5M");
  CHECK(short_number(4e9) == "4G");
}

TEST_CASE("report: the charts of a run are well-formed and say what happened") {
  Watched run("page-merge-par");
  const std::string html = history_charts(run.sampler.samples());
  CHECK_NOTHROW(parsed(html));
  CHECK(count(html, "nan") + count(html, "inf\"") == 0);
  for (const char* title :
       {"Memory", "Faults", "Swapping", "Free memory by block", "Resident pages", "Working sets", "Invalidations"}) {
    CHECK(count(html, "<b>" + std::string(title) + "</b>") == 1);
  }
  CHECK(count(html, "<b>TLB</b>") == 0);  // nobody counts
  CHECK(count(html, "process 5") >= 1);
  CHECK(history_charts({}).empty());
}

}  // namespace kilburn::os::test
