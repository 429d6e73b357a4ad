// SPDX-License-Identifier: Apache-2.0
//
// `kilburn shrink RUN`: the run once more with its operations recorded, then ever smaller parts of them.
#include "tb/app/shrink.h"

#include <unistd.h>

#include <fstream>
#include <iostream>

#include "tb/app/against.h"
#include "tb/app/command_line.h"
#include "tb/app/interrupt.h"
#include "tb/app/run.h"
#include "tb/app/shrink_trace.h"
#include "tb/errors.h"
#include "tb/failure/directed_replay.h"
#include "tb/failure/finished_run.h"
#include "tb/failure/shrinker.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
namespace po = boost::program_options;
using arch::u64;

namespace {

// Cycles before the failure that are recorded. Longer than the phases of the random test.
constexpr u64 kRecorded = 32768;

constexpr double kShareForPorts = 0.3;  // of the time, where the trace is the other way

struct ShrinkOptions {
  fs::path run, out;
  double seconds = 60;
};

std::optional<ShrinkOptions> parse(const std::vector<std::string>& arguments) {
  po::options_description visible("Options");
  visible.add_options()("out", po::value<std::string>()->value_name("FILE"), "default RUN/shrunk.kt or .lk")(
      "seconds", po::value<double>()->default_value(60)->value_name("S"),
      "stop with the smallest test so far after so long")("help", "this text");
  po::options_description all;
  all.add(visible).add_options()("run", po::value<std::string>());
  po::positional_options_description positional;
  positional.add("run", 1);
  const po::variables_map map = parse_command_line("shrink", arguments, all, positional);
  if (map.count("help")) {
    std::cout
        << "Usage: kilburn shrink RUN [options]\n\n"
           "Repeats the failing run of the folder RUN with its operations recorded, and finds by delta debugging\n"
           "the smallest list of them that fails in the same check at the same pin. Writes a directed test,\n"
           "which `kilburn run --test FILE.kt` runs. A run that failed in the operating system's books keeps the\n"
           "events of its trace that it takes: RUN/shrunk.lk. Exit status: 0 written, 2 the input is wrong, 3 no\n"
           "part of the record fails so by itself, 130 interrupted.\n"
        << visible;
    return std::nullopt;
  }
  if (!map.count("run")) throw UserError("shrink needs the folder of a failing run; see kilburn shrink --help");
  ShrinkOptions o;
  o.run = map["run"].as<std::string>();
  if (map.count("out")) o.out = map["out"].as<std::string>();
  o.seconds = map["seconds"].as<double>();
  if (!(o.seconds > 0)) throw UserError("--seconds needs a number above 0");
  return o;
}

// The operations up to the failure.
OperationRecorder record(RunOptions options, const FinishedRun& run) {
  OperationRecorder recorder;
  options.out = fs::temp_directory_path() / ("kilburn-shrink-" + std::to_string(getpid()));
  options.waves = Waves::never;
  // What is never answered (R5, R6) is found that long after its cause.
  const u64 kept = kRecorded + (run.check == "protocol" ? LockstepConfig{}.answer_limit : 0);
  options.watch_from = run.cycle > kept ? run.cycle - kept : 0;
  options.watch_against = run.of_b;
  options.watch = [&](Lockstep& lockstep) { recorder.look(lockstep); };
  const struct Removed {
    const fs::path& folder;
    ~Removed() {
      std::error_code ec;
      fs::remove_all(folder, ec);
    }
  } removed{options.out};
  fs::create_directories(options.out);
  repeat(options);
  return recorder;
}

void write_test(const fs::path& file, const DirectedTest& test, const std::vector<std::string>& comments) {
  std::ofstream out(file, std::ios::trunc);
  write(out, test, comments);
  out.close();
  if (!out) throw EnvironmentError("the test " + file.string() + " cannot be written");
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
  const auto shrink_events = [&] {
    return shrink_traces(run, options->out.empty() ? options->run / "shrunk.lk" : options->out, options->seconds);
  };
  if (is_of_the_os(run) && (repeated->dut_is_model() || repeated->has_harts())) return shrink_events();
  const fs::path out = options->out.empty() ? options->run / "shrunk.kt" : options->out;
  // Of two DUTs the one that failed.
  const std::string& dut = run.of_b ? repeated->against : repeated->dut;
  const std::string& bug = run.of_b ? repeated->against_bug : repeated->bug;
  if (dut == "arch" || dut == "tlm") {
    throw UserError("the run in " + run.folder.string() + " was made on the model " + dut +
                    "; shrink needs a DUT of its own");
  }
  if (repeated->has_harts()) {
    throw UserError("the run in " + run.folder.string() + " was made on several MMUs; shrink needs a run of one");
  }
  const OperationRecorder recorder = record(*repeated, run);
  if (interrupted()) return 130;
  if (recorder.empty()) {
    throw EnvironmentError("the repeated run did nothing on its ports before cycle " + std::to_string(run.cycle));
  }

  const arch::Format format = arch::format_from_name(run.format).value_or(repeated->format);
  const DutLibrary library = DutLibrary::load(dut, format);
  ShrinkConfig config;
  config.bug = bug;
  config.exact =
      run.of_b ? against_exact(*repeated, library.api()) : repeated->check_exact && library.api().config.exact;
  config.admissible = repeated->check_admissible;
  config.relaxations = repeated->relaxations;
  config.forbidden = repeated->forbidden;
  config.seed = repeated->seed;
  config.seconds = options->seconds;
  config.interrupted = [] { return interrupted(); };
  // Other checks know the source of the operations; a replay finds the same defect in its own way.
  const bool known = run.check == "protocol" || (run.check == "exact" && config.exact) ||
                     (run.check == "admissible" && config.admissible);
  if (known) config.signature = signature(run.check, run.signal, run.message);
  // What the operating system found may be the MMU's fault all the same; then the ports show it soon.
  if (is_of_the_os(run)) config.seconds *= kShareForPorts;
  const auto shrunk = shrink(library, recorder, config);
  if (!shrunk) {
    if (interrupted()) return 130;
    if (is_of_the_os(run)) return shrink_events();
    throw EnvironmentError("no part of the last " + grouped(recorder.cycles()) +
                           " cycles fails by itself as the run did (" + signature(run.check, run.signal, run.message) +
                           ")");
  }

  std::string command = "kilburn run --test " + shell_quote(out.string()) + " --dut " + shell_quote(dut);
  if (!bug.empty()) command += " --bug " + shell_quote(bug);
  const std::string counts = std::to_string(shrunk->test.operations.size()) + " operations of " +
                             std::to_string(shrunk->recorded) + ", " + std::to_string(shrunk->test.words.size()) +
                             " words";
  write_test(out, shrunk->test, {shrunk->signature + ": " + shrunk->message, command});
  std::cout << counts << " of page tables; " << grouped(shrunk->tries) << " tries in "
            << static_cast<u64>(shrunk->seconds * 1000) << " ms" << (shrunk->in_time ? "" : ", stopped by --seconds")
            << "\n";
  const std::string asked = signature(run.check, run.signal, run.message);
  if (shrunk->signature != asked) {
    std::cout << "the run failed in: " << asked << "; "
              << (shrunk->narrow_operations == 0
                      ? "no replay of it does"
                      : "the smallest that does has " + std::to_string(shrunk->narrow_operations) + " operations")
              << "; this test fails in: " << shrunk->signature << "\n";
  }
  std::cout << "  " << shrunk->message << "\n\n";
  for (const auto& [pa, value] : shrunk->test.words) std::cout << "  word " << hex(pa) << " " << hex(value) << "\n";
  for (const auto& operation : shrunk->test.operations) std::cout << "  " << text(operation) << "\n";
  std::cout << "\n" << command << "\n";
  return interrupted() ? 130 : 0;
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
