// SPDX-License-Identifier: Apache-2.0
//
// Recording and replaying the pins of a run.
#include "tb/app/second_opinion.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "tb/app/interrupt.h"
#include "tb/errors.h"
#include "tb/lockstep/lockstep.h"
#include "tb/second_opinion/pin_recorder.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace fs = std::filesystem;

namespace {

PinLogHeader header_of(const RunOptions& options, const DutLibrary& library) {
  PinLogHeader header;
  header.dut = options.dut;
  header.bug = options.bug;
  header.seed = options.seed;
  name_rtl(library.api(), header);
  return header;
}

// One line on a terminal; Ctrl-C ends the replay.
ReplayProgress progress_of(Simulator simulator, arch::u64 cycles) {
  using Clock = std::chrono::steady_clock;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  return [=, start = std::optional<Clock::time_point>()](arch::u64 done) mutable {
    if (interrupted()) throw Interrupted();
    if (!terminal) return;
    std::cerr << "\r\033[K  " << name(simulator) << ": ";
    if (done == 0) {
      std::cerr << "building" << std::flush;
      return;
    }
    if (!start) start = Clock::now();
    const double seconds = std::chrono::duration<double>(Clock::now() - *start).count();
    std::cerr << grouped(done) << " of " << grouped(cycles) << " cycles, " << static_cast<int>(seconds) << " s"
              << std::flush;
  };
}

// What the tools were given and made is kept for a look where a simulator disagrees.
std::vector<Opinion> opinions_on(const PinLog& log, const RunOptions& options, const fs::path& folder) {
  std::vector<Opinion> opinions;
  for (Simulator simulator : options.simulators) {
    const fs::path place = folder / name(simulator);
    std::error_code ec;
    fs::create_directories(place, ec);
    if (ec) throw EnvironmentError("the folder " + place.string() + " cannot be made: " + ec.message());
    const Rtl rtl = find_rtl(log.header, options.simulator_rtl, place);
    opinions.push_back(replay(simulator, log, rtl, place, progress_of(simulator, log.cycles())));
    if (isatty(STDERR_FILENO) != 0) std::cerr << "\r\033[K" << std::flush;
    if (!opinions.back().difference) fs::remove_all(place, ec);
  }
  std::error_code ec;
  if (fs::is_empty(folder, ec)) fs::remove(folder, ec);
  return opinions;
}

const Opinion* contradiction(const std::vector<Opinion>& opinions) {
  for (const Opinion& opinion : opinions) {
    if (opinion.difference) return &opinion;
  }
  return nullptr;
}

}  // namespace

fs::path pins_file(const RunOptions& options) { return options.out / "pins.klb"; }

void check_second_opinion(const RunOptions& options, const DutLibrary& library) {
  check_rtl(header_of(options, library), options.simulator_rtl);
  for (Simulator simulator : options.simulators) check_simulator(simulator);
}

void record_pins(const RunOptions& options, const DutLibrary& library,
                 const std::function<void(const DutLibrary&)>& run) {
  PinRecorder recorder(library, header_of(options, library), *options.record_pins);
  run(recorder.library());
  // A repetition that is to end at a cycle is that of a failure.
  recorder.log().header.failed = *options.record_pins != ~arch::u64{0};
  if (recorder.log().cycles() != 0) recorder.log().write(pins_file(options));
}

void take_pins(const RunOptions& options, Result& result) {
  result.pins = pins_file(options).string();
  if (PinLog::read(result.pins).header.truncated) {
    result.notes.push_back("the pin log ends after " + grouped(PinLog::kMaxCycles) +
                           " cycles; the run has more since its last reset");
  }
}

void add_second_opinions(const RunOptions& options, Result& result) {
  if (result.pins.empty()) throw EnvironmentError("the run could not be repeated to record its pins");
  const PinLog log = PinLog::read(result.pins);
  try {
    result.opinions = opinions_on(log, options, options.out / "second_opinion");
  } catch (const Interrupted&) {
    if (result.verdict == Verdict::passed) result.verdict = Verdict::interrupted;
    return;
  }
  const Opinion* other = contradiction(result.opinions);
  if (other && result.verdict == Verdict::passed) {
    result.verdict = Verdict::failed;
    result.failure.emplace();
    result.failure->check = "second opinion";
    result.failure->message = verdict(*other);
    result.failure->cycle = other->difference->cycle;
  }
  if (result.verdict == Verdict::passed) {
    std::error_code ec;
    fs::remove(result.pins, ec);
    result.pins.clear();
  }
}

int replay_pins(const RunOptions& options) {
  const PinLog log = PinLog::read(options.pins);
  check_rtl(log.header, options.simulator_rtl);
  for (Simulator simulator : options.simulators) check_simulator(simulator);
  std::string folder = (fs::temp_directory_path() / "kilburn-opinion-XXXXXX").string();
  if (!mkdtemp(folder.data())) throw EnvironmentError("a folder for the replay cannot be made: " + folder);
  struct Removed {
    const std::string& folder;
    ~Removed() {
      std::error_code ec;
      fs::remove_all(folder, ec);
    }
  } const removed{folder};
  std::vector<Opinion> opinions;
  try {
    opinions = opinions_on(log, options, fs::path(folder) / "second_opinion");
  } catch (const Interrupted&) {
    return 130;
  }
  std::cout << "kilburn  " << options.pins.string() << ": " << log.header.dut << " ("
            << arch::name(static_cast<arch::Format>(log.header.format)) << ")"
            << (log.header.bug.empty() ? "" : ", seeded bug " + log.header.bug) << "\n";
  print_opinions(opinions);
  return contradiction(opinions) ? 1 : 0;
}

}  // namespace kilburn::tb
