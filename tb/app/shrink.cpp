// SPDX-License-Identifier: Apache-2.0
//
// `kilburn shrink RUN`: by the ports of the MMU, or by what the operating system was asked to do. Directed tests.
#include "tb/app/shrink.h"

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <iostream>

#include "tb/app/command_line.h"
#include "tb/app/interrupt.h"
#include "tb/app/shrink_os.h"
#include "tb/app/shrink_ports.h"
#include "tb/errors.h"
#include "tb/failure/directed_replay.h"
#include "tb/failure/finished_run.h"
#include "tb/failure/shrinker.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
namespace bp = boost::process;
namespace po = boost::program_options;

namespace {

constexpr double kShareForPorts = 0.3;  // of the time, where the trace is the other way

struct ShrinkOptions {
  fs::path run, out;
  double seconds = 60;
  bool ports = false;  // them alone
};

std::optional<ShrinkOptions> parse(const std::vector<std::string>& arguments) {
  po::options_description visible("Options");
  visible.add_options()("out", po::value<std::string>()->value_name("FILE"), "default RUN/shrunk.kt, .lk or .calls")(
      "seconds", po::value<double>()->default_value(60)->value_name("S"),
      "stop with the smallest test so far after so long")("help", "this text");
  po::options_description all;
  all.add(visible).add_options()("run", po::value<std::string>())("ports", "");
  po::positional_options_description positional;
  positional.add("run", 1);
  const po::variables_map map = parse_command_line("shrink", arguments, all, positional);
  if (map.count("help")) {
    std::cout
        << "Usage: kilburn shrink RUN [options]\n\n"
           "Repeats the failing run of the folder RUN with its operations recorded, and finds by delta debugging\n"
           "the smallest list of them that fails in the same check at the same pin. Writes a directed test,\n"
           "which `kilburn run --test FILE.kt` runs. A run that failed in the operating system's books keeps the\n"
           "events of its trace that it takes, RUN/shrunk.lk, or the calls of its workload, RUN/shrunk.calls. Exit\n"
           "status: 0 written, 2 the input is wrong, 3 no part of the record fails so by itself, 130 interrupted.\n"
        << visible;
    return std::nullopt;
  }
  if (!map.count("run")) throw UserError("shrink needs the folder of a failing run; see kilburn shrink --help");
  ShrinkOptions o;
  o.run = map["run"].as<std::string>();
  if (map.count("out")) o.out = map["out"].as<std::string>();
  o.seconds = map["seconds"].as<double>();
  if (!(o.seconds > 0)) throw UserError("--seconds needs a number above 0");
  o.ports = map.count("ports") != 0;
  return o;
}

// What the OS found: the MMU's fault, if the ports show it, and then soon; else only the OS's doings can. Fewer of
// these make a run that a record of the ports holds whole, so that the ports are asked once more.
int shrink_of_the_os(const FinishedRun& run, const RunOptions& repeated, const ShrinkOptions& options) {
  const bool has_ports = !repeated.dut_is_model() && !repeated.has_harts();
  const fs::path test = options.out.empty() ? options.run / "shrunk.kt" : options.out;
  const double share = options.seconds * kShareForPorts;
  Recorded recorded;
  if (has_ports) {
    if (const auto status = shrink_ports(run, repeated, test, share, recorded)) return *status;
  }
  return shrink_os(run, options.out, options.seconds, [&](const FinishedRun& left) {
    if (!has_ports || recorded.cycles >= run.cycle) return;
    std::cout << std::endl;
    const fs::path beside = options.out.empty() ? test : fs::path(options.out).replace_extension(".kt");
    // A process simulates once.
    bp::child child(fs::read_symlink("/proc/self/exe").string(),
                    bp::args({"shrink", left.folder.string(), "--ports", "--out", beside.string(), "--seconds",
                              std::to_string(share)}),
                    bp::std_in<bp::null, bp::std_err> bp::null);
    child.wait();
  });
}

}  // namespace

int shrink_command(const std::vector<std::string>& arguments) {
  const auto options = parse(arguments);
  if (!options) return 0;
  watch_for_interrupts();
  const FinishedRun run = read_finished_run(options->run);
  if (run.verdict != "failed")
    throw UserError("the run in " + run.folder.string() + " has not failed: it " + run.verdict);
  auto repeated = parse_run_options(run.command);
  if (!repeated) throw UserError(run.folder.string() + " names no command that could be repeated");
  if (is_of_the_os(run) && !options->ports) return shrink_of_the_os(run, *repeated, *options);
  const fs::path out = options->out.empty() ? options->run / "shrunk.kt" : options->out;
  Recorded recorded;
  if (const auto status = shrink_ports(run, *repeated, out, options->seconds, recorded)) return *status;
  const char* missing = repeated->has_harts()         ? "; what the other MMUs do is not in it"
                        : run.check == "architecture" ? "; what the source of the run holds to be right is not in it"
                                                      : "";
  throw EnvironmentError("no part of the last " + grouped(recorded.cycles) +
                         " cycles fails by itself as the run did (" + signature(run.check, run.signal, run.message) +
                         ")" + missing);
}

bool is_directed_test(const std::string& test) { return test.find('/') != std::string::npos || test.ends_with(".kt"); }

void check_directed(RunOptions& options) {
  const DirectedTest test = read_directed_test(fs::path(options.test));
  if (options.format_given && options.format != test.format) {
    throw UserError(options.test + " is for " + std::string(arch::name(test.format)) + "; --format " +
                    std::string(arch::name(options.format)) + " does not go with it");
  }
  options.format = test.format;
  if (options.settings_given && !(options.settings == test.settings)) {
    throw UserError(options.test + " has settings of its own; --set does not go with it");
  }
  options.settings = test.settings;
  if (!options.seed_given) options.seed = test.seed;
}

void run_directed(const RunOptions& options, const DutLibrary& library, Result& result) {
  const DirectedTest test = read_directed_test(fs::path(options.test));
  run_with_dut(options, [&](const Advance& advance) {
    SparseMemory memory(test);
    Session session(options, library, memory, advance);
    DirectedReplay replay(session.lockstep(), test, LockstepConfig{}.answer_limit);
    session.show([&] { return grouped(replay.begun()) + " operations"; });
    session.run([&] { replay.run(); }, result);
    result.translation.insert(result.translation.begin(),
                              {{"operations", replay.begun()}, {"responses", replay.answered()}});
    collect_faults(replay.faults(), result);
  });
}

}  // namespace kilburn::tb
