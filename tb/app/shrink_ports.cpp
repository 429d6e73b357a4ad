// SPDX-License-Identifier: Apache-2.0
//
// The run once more with its operations recorded, then ever smaller parts of them.
#include "tb/app/shrink_ports.h"

#include <unistd.h>

#include <fstream>
#include <iostream>

#include "tb/app/against.h"
#include "tb/app/interrupt.h"
#include "tb/app/run.h"
#include "tb/app/shrink_os.h"
#include "tb/errors.h"
#include "tb/failure/operation_recorder.h"
#include "tb/failure/shrinker.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
using arch::u64;

namespace {

// Cycles before the failure that are recorded. Longer than the phases of the random test.
constexpr u64 kRecorded = 32768;

// The operations up to the failure.
OperationRecorder record(RunOptions options, const FinishedRun& run) {
  OperationRecorder recorder;
  options.out = fs::temp_directory_path() / ("kilburn-shrink-" + std::to_string(getpid()));
  options.waves = Waves::never;
  // What is never answered (R5, R6) is found that long after its cause.
  const u64 kept = kRecorded + (run.check == "protocol" ? LockstepConfig{}.answer_limit : 0);
  options.watch_from = run.cycle > kept ? run.cycle - kept : 0;
  options.watch_against = run.of_b;
  options.watch_hart = run.mmu;
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

void print(const Shrunk& shrunk, const std::string& asked, const std::string& command) {
  std::cout << shrunk.test.operations.size() << " operations of " << shrunk.recorded << ", " << shrunk.test.words.size()
            << " words of page tables; " << grouped(shrunk.tries) << " tries in "
            << static_cast<u64>(shrunk.seconds * 1000) << " ms" << (shrunk.in_time ? "" : ", stopped by --seconds")
            << "\n";
  if (shrunk.signature != asked) {
    std::cout << "the run failed in: " << asked << "; "
              << (shrunk.narrow_operations == 0
                      ? "no replay of it does"
                      : "the smallest that does has " + std::to_string(shrunk.narrow_operations) + " operations")
              << "; this test fails in: " << shrunk.signature << "\n";
  }
  std::cout << "  " << shrunk.message << "\n\n";
  for (const auto& [pa, value] : shrunk.test.words) std::cout << "  word " << hex(pa) << " " << hex(value) << "\n";
  for (const auto& operation : shrunk.test.operations) std::cout << "  " << text(operation) << "\n";
  std::cout << "\n" << command << "\n";
}

}  // namespace

std::optional<int> shrink_ports(const FinishedRun& run, RunOptions repeated, const fs::path& out, double seconds,
                                Recorded& recorded) {
  // Of two DUTs the one that failed.
  const std::string& dut = run.of_b ? repeated.against : repeated.dut;
  const std::string& bug = run.of_b ? repeated.against_bug : repeated.bug;
  if (dut == "arch" || dut == "tlm") {
    throw UserError("the run in " + run.folder.string() + " was made on the model " + dut +
                    "; shrink needs a DUT of its own");
  }
  const OperationRecorder recorder = record(repeated, run);
  if (interrupted()) return 130;
  if (recorder.empty()) {
    throw EnvironmentError("the repeated run did nothing on its ports before cycle " + std::to_string(run.cycle));
  }
  recorded.cycles = recorder.cycles();

  const arch::Format format = arch::format_from_name(run.format).value_or(repeated.format);
  const DutLibrary library = DutLibrary::load(dut, format);
  // What the OS found shows at the ports, if it does, as something that no legal MMU may do.
  if (is_of_the_os(run) && !repeated.check_all) repeated.check_admissible = true;
  repeated.check_end_to_end = false;
  ShrinkConfig config;
  config.bug = bug;
  config.exact = run.of_b ? against_exact(repeated, library.api()) : repeated.check_exact && library.api().config.exact;
  config.admissible = repeated.check_admissible;
  config.relaxations = repeated.relaxations;
  config.forbidden = repeated.forbidden;
  config.seed = repeated.seed + run.mmu;  // of the first of several, and so on
  if (config.seed == 0) config.seed = 1;
  config.seconds = seconds;
  config.interrupted = [] { return interrupted(); };
  // Other checks know the source of the operations; a replay finds the same defect in its own way.
  const bool known = run.check == "protocol" || (run.check == "exact" && config.exact) ||
                     (run.check == "admissible" && config.admissible);
  const std::string asked = signature(run.check, run.signal, run.message);
  if (known) config.signature = asked;
  const auto shrunk = shrink(library, recorder, config);
  if (!shrunk) return interrupted() ? std::optional(130) : std::nullopt;

  std::string command = "kilburn run --test " + shell_quote(out.string()) + " --dut " + shell_quote(dut);
  if (!bug.empty()) command += " --bug " + shell_quote(bug);
  for (const std::string& word : check_words(repeated)) command += " " + shell_quote(word);
  write_test(out, shrunk->test, {shrunk->signature + ": " + shrunk->message, command});
  print(*shrunk, asked, command);
  return interrupted() ? 130 : 0;
}

}  // namespace kilburn::tb
