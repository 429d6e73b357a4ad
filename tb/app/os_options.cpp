// SPDX-License-Identifier: Apache-2.0
//
// Options of the OS shim, and what does not go together, said in one sentence each.
#include "tb/app/os_options.h"

#include <algorithm>
#include <boost/algorithm/string.hpp>

#include "sw/check/properties.h"
#include "sw/mm/swap_space.h"
#include "sw/pt/format.h"
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
                             "watermarks", "cost", "report", "scale", "calls", "save-calls", "os-audit-at",
                             "os-checks-off", "dma-frames", "highmem-frames", "swap-file"}) {
    if (map.count(option) && !map[option].defaulted()) {
      throw UserError("--" + std::string(option) + " is about the OS: it goes with --program, --trace or --workload");
    }
  }
}

// --swap-file PATH:SLOTS:PRIORITY; a path may have colons.
void parse_swap_files(const po::variables_map& map, RunOptions& o) {
  if (!map.count("swap-file")) return;
  constexpr u64 kHighestPriority = 32767;  // swapon(2)
  const u32 most = os::PteFormat::of(o.format).max_slot();
  u64 slots = 0;
  for (const auto& word : map["swap-file"].as<std::vector<std::string>>()) {
    const std::string start = "--swap-file " + word + ": ";
    std::vector<std::string> parts;
    boost::split(parts, word, boost::is_any_of(":"));
    if (parts.size() < 3) throw UserError(start + "PATH:SLOTS:PRIORITY is needed");
    const auto priority = whole_number(parts.back(), 10), pages = whole_number(parts[parts.size() - 2], 10);
    parts.resize(parts.size() - 2);
    const std::string path = boost::join(parts, ":");
    if (path.empty()) throw UserError(start + "the path is empty");
    if (!pages || *pages == 0 || *pages > most) {
      throw UserError(start + "SLOTS is a number of pages from 1 to " + std::to_string(most));
    }
    if (!priority || *priority > kHighestPriority) {
      throw UserError(start + "PRIORITY is a whole number from 0 to " + std::to_string(kHighestPriority));
    }
    slots += *pages + 1;
    for (const os::SwapFile& other : o.os.swap_files) {
      if (other.path == path) throw UserError(start + "this file is given twice");
    }
    o.os.swap_files.push_back({path, static_cast<u32>(*pages), static_cast<int>(*priority)});
  }
  if (o.os.swap_files.size() > os::SwapSpace::kAreas) {
    throw UserError("--swap-file: there can be " + std::to_string(os::SwapSpace::kAreas) + " swap areas, not " +
                    std::to_string(o.os.swap_files.size()));
  }
  if (slots > most) {
    throw UserError("--swap-file: entries of " + std::string(arch::name(o.format)) + " can name " +
                    std::to_string(most) + " slots of all areas together");
  }
}

// --os-audit-at fault, end, or a number of references.
void parse_audits(const po::variables_map& map, OsOptions& o) {
  if (map.count("os-audit-at")) {
    const auto& when = map["os-audit-at"].as<std::string>();
    const auto every = whole_number(when, 10);
    if (when == "fault") {
      o.audit_at = os::AuditAt::fault;
    } else if (when == "end") {
      o.audit_at = os::AuditAt::end;
    } else if (every && *every != 0) {
      o.audit_every = *every;
    } else {
      throw UserError("--os-audit-at is fault, end or a number of references from 1 on, not " + in_quotes(when));
    }
  }
  if (!map.count("os-checks-off")) return;
  std::vector<std::string> ids;
  const auto& given = map["os-checks-off"].as<std::string>();
  boost::split(ids, given, boost::is_any_of(","));
  for (const std::string& id : ids) {
    if (id.empty()) throw UserError("--os-checks-off" + (given.empty() ? "" : " " + given) + ": an id is missing");
    const os::Property* property = os::property(id);
    const std::string start = "--os-checks-off " + id + ": ";
    if (property == nullptr) throw UserError(start + "there is no such property (kilburn list audits)");
    if (property->when == os::When::test) throw UserError(start + "no run asks it, tests of several runs do");
    if (!property->can_be_off()) throw UserError(start + "the OS cannot go on where it does not hold");
    if (std::find(o.checks_off.begin(), o.checks_off.end(), id) == o.checks_off.end()) o.checks_off.push_back(id);
  }
}

void check_workload(const po::variables_map& map, const RunOptions& o) {
  if (o.os.workload.empty()) {
    if (!map["scale"].defaulted()) throw UserError("--scale goes with --workload");
    for (const char* option : {"calls", "save-calls"}) {
      if (map.count(option)) throw UserError("--" + std::string(option) + " goes with --workload");
    }
    return;
  }
  if (os::find_workload(o.os.workload) == nullptr) {
    throw UserError("there is no workload \"" + o.os.workload + "\" (kilburn list workloads)");
  }
  if (!o.os.calls.empty() && !o.os.save_calls.empty()) {
    throw UserError("--save-calls writes down what a workload's own program calls, which --calls replaces");
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
                   "multiplies the work of a workload")(
      "calls", po::value<std::string>()->value_name("FILE.calls"),
      "make these calls of a workload in place of all, as kilburn shrink writes them")(
      "save-calls", po::value<std::string>()->value_name("FILE.calls"), "write down the calls that a workload makes")(
      "processes", po::value<std::string>()->default_value("1")->value_name("N"),
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
      "dma-frames", po::value<std::string>()->value_name("N"), "the lowest N frames are zone DMA")(
      "highmem-frames", po::value<std::string>()->value_name("N"),
      "the highest N frames are zone HIGHMEM: for pages of processes, not for tables")(
      "swap-file", po::value<std::vector<std::string>>()->value_name("PATH:SLOTS:PRIORITY"),
      "a file of the host as swap area: empty, new, or a swap area already; it stays, and others hold it off; higher "
      "priorities (0 to 32767) are filled first; may be given several times. Without it: one in the run folder, which "
      "goes with the run")(
      "os-audit-at", po::value<std::string>()->value_name("fault|N|end"),
      "when all books are audited: after every fault, every N references (default 100000), or only at the end, where "
      "they always are")("os-checks-off", po::value<std::string>()->value_name("P12,..."),
                         "pass over these properties (kilburn list audits), to see what else is wrong; the verdict "
                         "says so")("report", "write report.html into the run folder: memory, faults, TLB over time");
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
  if (map.count("calls")) os.calls = map["calls"].as<std::string>();
  if (map.count("save-calls")) os.save_calls = map["save-calls"].as<std::string>();
  constexpr u64 kMostFrames = u64{1} << 24;
  if (map.count("dma-frames")) os.dma_frames = static_cast<u32>(number(map, "dma-frames", 1, kMostFrames));
  if (map.count("highmem-frames")) os.highmem_frames = static_cast<u32>(number(map, "highmem-frames", 1, kMostFrames));
  parse_audits(map, os);
  parse_swap_files(map, o);
  check_workload(map, o);
  check_cpus(o);
  if (os.refill && o.format == arch::Format::x86_64) {
    throw UserError("--refill: x86-64 processors walk the tables themselves; --format alpha or alpha-x64");
  }
  if (o.settings.vms) {
    throw UserError(
        "--set vms=1: the OS writes entries in the layout of OSF/1; --test and .kt files go with that of VMS");
  }
}

std::vector<std::string> os_option_words(const RunOptions& o) {
  const OsOptions& os = o.os;
  std::vector<std::string> words;
  auto add = [&](const char* option, const std::string& value) { words.insert(words.end(), {option, value}); };
  if (os.scale != 1) add("--scale", std::to_string(os.scale));
  if (!os.calls.empty()) add("--calls", os.calls);
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
  if (os.dma_frames != 0) add("--dma-frames", std::to_string(os.dma_frames));
  if (os.highmem_frames != 0) add("--highmem-frames", std::to_string(os.highmem_frames));
  for (const os::SwapFile& file : os.swap_files) {
    add("--swap-file", file.path + ":" + std::to_string(file.slots) + ":" + std::to_string(file.priority));
  }
  if (os.audit_at != os::AuditAt::interval) {
    add("--os-audit-at", os.audit_at == os::AuditAt::fault ? "fault" : "end");
  } else if (os.audit_every != OsOptions::kAuditEvery) {
    add("--os-audit-at", std::to_string(os.audit_every));
  }
  if (!os.checks_off.empty()) add("--os-checks-off", boost::join(os.checks_off, ","));
  return words;
}

}  // namespace kilburn::tb
