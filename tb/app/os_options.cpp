// SPDX-License-Identifier: Apache-2.0
//
// Options of the OS shim, and what does not go together, said in one sentence each.
#include "tb/app/os_options.h"

#include "sw/workload/workload.h"
#include "tb/app/command_line.h"
#include "tb/app/options.h"
#include "tb/errors.h"
#include "tb/stimulus/fields.h"

namespace kilburn::tb {
namespace po = boost::program_options;
using arch::u32;
using arch::u64;

namespace {

constexpr u64 kMostProcesses = 1000;
constexpr u64 kMostCycles = 1'000'000'000;  // of one step

void parse_costs(OsOptions& o) {
  for (const std::string& word : o.costs) {
    const auto equals = word.find('=');
    const auto cost = os::cost_from_name(word.substr(0, equals));
    if (!cost) {
      std::string names;
      for (size_t n = 0; n < os::kCosts; ++n) {
        names += (n == 0 ? "" : ", ") + std::string(os::name(static_cast<os::Cost>(n)));
      }
      throw UserError("--cost " + word + ": there is no such step; there are: " + names);
    }
    const auto cycles = equals == std::string::npos ? std::nullopt : whole_number(word.substr(equals + 1), 10);
    if (!cycles || *cycles > kMostCycles) {
      throw UserError("--cost " + word + ": NAME=CYCLES needs a whole number of cycles up to " +
                      std::to_string(kMostCycles));
    }
    o.table[static_cast<size_t>(*cost)] = static_cast<u32>(*cycles);
  }
}

constexpr std::pair<std::string_view, os::WatermarkPreset> kWatermarks[] = {
    {"off", os::WatermarkPreset::off},
    {"classic20", os::WatermarkPreset::classic20},
    {"zoned24", os::WatermarkPreset::zoned24}};

os::WatermarkPreset watermark_option(const po::variables_map& map) {
  const auto& given = map["watermarks"].as<std::string>();
  for (const auto& [name, preset] : kWatermarks) {
    if (given == name) return preset;
  }
  throw UserError("--watermarks is off, classic20 or zoned24, not \"" + given + "\"");
}

void only_with_os(const po::variables_map& map) {
  for (const char* option : {"processes", "cpus", "spread", "switch-policy", "refill", "prefault", "huge", "nodes",
                             "watermarks", "cost", "report", "scale"}) {
    if (map.count(option) && !map[option].defaulted()) {
      throw UserError("--" + std::string(option) + " is about the OS: it goes with --program, --trace or --workload");
    }
  }
}

void check_workload(const po::variables_map& map, const RunOptions& o) {
  if (o.os.workload.empty()) {
    if (!map["scale"].defaulted()) throw UserError("--scale goes with --workload");
    return;
  }
  if (os::find_workload(o.os.workload) == nullptr) {
    throw UserError("there is no workload \"" + o.os.workload + "\" (kilburn list workloads)");
  }
  if (!map["processes"].defaulted()) throw UserError("--processes goes with traces: a workload makes its own");
  if (!map["references"].defaulted()) throw UserError("--references goes with traces: a workload ends by itself");
  if (o.strict_trace) throw UserError("--strict alone goes with traces: a workload infers no regions");
}

// What several CPUs do not go with.
void check_cpus(const RunOptions& o) {
  if (!o.has_harts()) {
    if (o.os.spread) throw UserError("--spread moves processes from CPU to CPU: it needs --cpus 2 or more");
    return;
  }
  if (o.dut == "tlm")
    throw UserError("--cpus: the TLM model has its memory inside and serves one CPU; arch serves more");
  if (o.has_against()) throw UserError("--against compares two MMUs of one CPU: it does not go with --cpus");
  if (!o.simulators.empty()) throw UserError("--simulator repeats a run of one DUT: it does not go with --cpus");
}

}  // namespace

po::options_description os_option_descriptions() {
  po::options_description os("Operating system (--program, --trace and --workload)");
  os.add_options()("scale", po::value<std::string>()->default_value("1")->value_name("N"),
                   "multiplies the work of a workload")("processes",
                                                        po::value<std::string>()->default_value("1")->value_name("N"),
                                                        "run each trace in so many processes at once")(
      "cpus", po::value<std::string>()->default_value("1")->value_name("N"),
      "1 to 8 CPUs, each with an MMU of its own (a DUT of its own in lockstep), on one memory")(
      "spread", "processes go from CPU to CPU, a quantum on each")(
      "switch-policy", po::value<std::string>()->default_value("tagged")->value_name("P"),
      "context switches: tagged (address-space numbers) or flush (of everything not global)")(
      "refill", "the OS fills the TLBs, nobody walks (Alpha formats)")(
      "prefault", "mappings get all their pages at once, nothing on demand")(
      "huge", "large pages and granularity-hint blocks where areas and free memory allow them")(
      "nodes", po::value<std::string>()->default_value("1")->value_name("N"), "1 to 4 nodes of memory (NUMA)")(
      "watermarks", po::value<std::string>()->default_value("off")->value_name("W"),
      "free memory that is kept in reserve: off, classic20 or zoned24")(
      "cost", po::value<std::vector<std::string>>()->value_name("STEP=CYCLES"),
      "what a step of the OS costs, for the latencies; may be given several times")(
      "report", "write report.html into the run folder: memory, faults, TLB over time");
  return os;
}

void parse_os_options(const po::variables_map& map, RunOptions& o) {
  if (!o.has_os()) return only_with_os(map);
  OsOptions& os = o.os;
  os.scale = static_cast<u32>(number(map, "scale", 1, 1'000'000));
  os.processes = static_cast<u32>(number(map, "processes", 1, kMostProcesses));
  os.frames_given = !map["frames"].defaulted();
  o.harts = static_cast<unsigned>(number(map, "cpus", 1, os::kMaxCpus));
  if (map.count("waves-of-hart")) o.waves_of_hart = static_cast<unsigned>(number(map, "waves-of-hart", 0, o.harts - 1));
  os.spread = map.count("spread") != 0;
  os.refill = map.count("refill") != 0;
  os.prefault = map.count("prefault") != 0;
  os.report = map.count("report") != 0;
  const auto& policy = map["switch-policy"].as<std::string>();
  if (policy != "tagged" && policy != "flush") {
    throw UserError("--switch-policy is tagged or flush, not \"" + policy + "\"");
  }
  os.switch_policy = policy == "flush" ? os::SwitchPolicy::flush : os::SwitchPolicy::tagged;
  os.huge = map.count("huge") != 0;
  os.nodes = static_cast<u32>(number(map, "nodes", 1, os::PhysicalLayout::kMaxNodes));
  os.watermarks = watermark_option(map);
  if (map.count("cost")) os.costs = map["cost"].as<std::vector<std::string>>();
  parse_costs(os);
  check_workload(map, o);
  check_cpus(o);
  if (os.refill && o.format == arch::Format::x86_64) {
    throw UserError("--refill: x86-64 processors walk the tables themselves; --format alpha or alpha-x64");
  }
}

std::vector<std::string> os_option_words(const RunOptions& o) {
  const OsOptions& os = o.os;
  std::vector<std::string> words;
  auto add = [&](const char* option, const std::string& value) { words.insert(words.end(), {option, value}); };
  if (os.scale != 1) add("--scale", std::to_string(os.scale));
  if (os.processes != 1) add("--processes", std::to_string(os.processes));
  if (o.has_harts()) add("--cpus", std::to_string(o.harts));
  if (os.spread) words.emplace_back("--spread");
  if (os.switch_policy == os::SwitchPolicy::flush) add("--switch-policy", "flush");
  if (os.refill) words.emplace_back("--refill");
  if (os.prefault) words.emplace_back("--prefault");
  if (os.huge) words.emplace_back("--huge");
  if (os.nodes != 1) add("--nodes", std::to_string(os.nodes));
  for (const auto& [name, preset] : kWatermarks) {
    if (preset == os.watermarks && preset != os::WatermarkPreset::off) add("--watermarks", std::string(name));
  }
  for (const std::string& cost : os.costs) add("--cost", cost);
  return words;
}

}  // namespace kilburn::tb
