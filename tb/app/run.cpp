// SPDX-License-Identifier: Apache-2.0
//
// One run: options, DUT, folder, source, verdict, waves of a failure, result.
#include "tb/app/run.h"

#include <unistd.h>

#include <algorithm>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>

#include "tb/app/against.h"
#include "tb/app/full_disk.h"
#include "tb/app/interrupt.h"
#include "tb/app/os_report.h"
#include "tb/app/record.h"
#include "tb/app/second_opinion.h"
#include "tb/app/settings.h"
#include "tb/app/shrink.h"
#include "tb/app/sources.h"
#include "tb/errors.h"
#include "tb/failure/folder.h"
#include "tb/failure/snapshots.h"
#include "tb/failure/wave_time.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
namespace bp = boost::process;

namespace {

using Traces = std::vector<fs::path>;

constexpr arch::u64 kWavesBeforeFirst = 20;  // cycles before the first event of a failure
constexpr double kSecondsToRepeat = 5;       // a failed run that took longer is not repeated for its pins alone

// The options of a run as words, with another wave mode and, for programs, their recorded traces.
std::vector<std::string> words_of(const RunOptions& o, const Traces& traces) {
  std::vector<std::string> words = {"run"};
  auto add = [&](const char* option, const std::string& value) {
    words.push_back(option);
    words.push_back(value);
  };
  if (!o.test.empty()) {
    add("--test", o.test);
    add("--count", std::to_string(o.count));
  } else if (!o.vectors.empty()) {
    add("--vectors", o.vectors.string());
  } else if (!o.dump.empty()) {
    add("--dump", o.dump.string());
    if (o.count_given) add("--count", std::to_string(o.count));
    if (o.cpu) add("--cpu", std::to_string(*o.cpu));
    if (o.root) add("--root", hex(*o.root));
    if (o.levels != 0) add("--levels", std::to_string(o.levels));
    add("--max-mappings", std::to_string(o.max_mappings));
  } else {
    if (!o.os.workload.empty()) add("--workload", o.os.workload);
    for (const fs::path& trace : traces) add("--trace", trace.string());
    if (o.os.workload.empty() || o.os.frames_given) add("--frames", std::to_string(o.frames));
    for (const std::string& word : os_option_words(o)) words.push_back(word);
    if (o.references != 0) add("--references", std::to_string(o.references));
    add("--yield", o.yield);
    if (o.strict_trace) words.push_back("--strict");
  }
  add("--format", std::string(arch::name(o.format)));
  add("--dut", o.dut);
  if (o.settings_given) {
    for (const std::string& word : setting_words(o.settings)) add("--set", word);
  }
  for (const std::string& word : check_words(o)) words.push_back(word);
  add("--seed", std::to_string(o.seed));
  if (!o.bug.empty()) add("--bug", o.bug);
  if (o.coverage) words.push_back("--coverage");
  if (o.has_against()) add("--against", o.against);
  if (o.has_harts() && !o.has_os()) add("--harts", std::to_string(o.harts));
  if (!o.against_bug.empty()) add("--against-bug", o.against_bug);
  if (!o.os_bug.empty()) add("--os-bug", o.os_bug);
  if (o.until != ~arch::u64{0}) add("--until", std::to_string(o.until));
  if (o.breakpoint) add("--break", o.break_text);
  return words;
}

std::string command_line(const std::vector<std::string>& words) {
  std::string line = "kilburn";
  for (const auto& word : words) line += " " + shell_quote(word);
  return line;
}

// program.lk, program.lk.123 of a child, program.output, program2.lk ...
bool is_recording(std::string_view name) {
  if (!name.starts_with("program")) return false;
  name.remove_prefix(std::min(name.find('.'), name.size()));
  return name.starts_with(".lk") || name.starts_with(".output");
}

// What an earlier run left, the traces of its forked children included.
void remove_run_files(const fs::path& folder) {
  std::error_code ec;
  for (const auto& file : fs::directory_iterator(folder, ec)) {
    const std::string name = file.path().filename().string();
    static constexpr std::string_view kOurs[] = {
        "result.json",  "swap",        "pins.klb",          "second_opinion",   "mismatch.json",
        "waves.gtkw",   "waves.sucl",  "transactions.sucl", "transactions.txt", "replay.sh",
        "shrunk.kt",    "shrunk.lk",   "page_tables.txt",   "report.html",      "coverage.json",
        "coverage.dat", "shrunk.calls"};
    if (std::ranges::find(kOurs, name) != std::end(kOurs) ||
        std::ranges::find(kWaveFiles, name) != std::end(kWaveFiles) || is_recording(name)) {
      std::error_code ignored;
      fs::remove_all(file.path(), ignored);
    }
  }
}

// Only a folder that is new, empty or an earlier run's is written into. True if it is new.
bool prepare_folder(const fs::path& folder) {
  std::error_code ec;
  const bool is_new = !fs::exists(folder, ec);
  if (fs::exists(folder, ec)) {
    if (!fs::is_directory(folder, ec)) throw UserError("the run folder " + folder.string() + " is a file");
    const bool empty = fs::is_empty(folder, ec);
    if (!empty && !fs::exists(folder / "result.json", ec) && !fs::exists(folder / ".kilburn-run", ec)) {
      throw UserError("the folder " + folder.string() + " exists and is not the folder of a run; --out names another");
    }
    remove_run_files(folder);
  } else {
    fs::create_directories(folder, ec);
    if (ec) throw EnvironmentError("the run folder " + folder.string() + " cannot be made: " + ec.message());
  }
  std::ofstream mark(folder / ".kilburn-run");
  if (!mark) throw EnvironmentError("the run folder " + folder.string() + " cannot be written");
  return is_new;
}

// A recorded trace can be large, and the program can be recorded again.
void remove_traces(const fs::path& folder) {
  std::error_code ec;
  for (const auto& file : fs::directory_iterator(folder, ec)) {
    std::error_code ignored;
    const std::string name = file.path().filename().string();
    if (is_recording(name) && name.find(".lk") != std::string::npos) fs::remove(file.path(), ignored);
  }
}

void discard_folder(const fs::path& folder, bool is_new) {
  std::error_code ec;
  remove_run_files(folder);
  if (!is_new) return;
  fs::remove(folder / ".kilburn-run", ec);
  fs::remove(folder, ec);
}

// What the waves of a failure are to show: from the first event of its story on, which is long before the end where
// something was never answered.
WavesOrder waves_order(const Result& result) {
  const arch::u64 cycle = result.failure ? result.failure->cycle : result.stop->cycle;
  arch::u64 first = cycle;
  if (result.failure) first = markers(*result.failure).front().cycle;
  const auto before = [](arch::u64 at, arch::u64 cycles) { return at > cycles ? at - cycles : 0; };
  return {std::min(before(cycle, kWavesBefore), before(first, kWavesBeforeFirst)), cycle + kWavesAfter,
          result.failed_hart, result.against_failed};
}

// What a disk without room left of them.
void remove_waves(const RunOptions& options, Result& result) {
  std::error_code ec;
  for (const char* name : kWaveFiles) fs::remove(options.out / name, ec);
  if (result.failure) result.failure->waves.clear();
  if (result.stop) result.stop->waves.clear();
}

// Runs the test once more in a child that records the waves around its failure, and the pins up to it, or of the
// whole run if it passed.
void run_again(const RunOptions& options, const Traces& traces, bool waves, bool pins, Result& result) {
  auto words = words_of(options, traces);
  const arch::u64 cycle = result.failure ? result.failure->cycle : 0;
  words.insert(words.end(),
               {"--out", options.out.string(), "--rerun-for-waves", "--waves", waves ? "always" : "never"});
  if (waves) {
    const WavesOrder order = waves_order(result);
    words.insert(words.end(), {"--waves-window", std::to_string(order.from) + ":" + std::to_string(order.to)});
  }
  if (waves && result.against_failed) words.push_back("--waves-of-against");
  if (waves && options.has_harts()) {
    words.insert(words.end(), {"--waves-of-hart", std::to_string(result.failed_hart)});
  }
  if (pins) words.insert(words.end(), {"--record-pins", std::to_string(cycle != 0 ? cycle : ~arch::u64{0})});
  std::error_code ec;
  const auto self = fs::read_symlink("/proc/self/exe", ec);
  bp::child child(self.string(), bp::args(words), bp::std_in<bp::null, bp::std_out> bp::null, bp::std_err > bp::null,
                  ec);
  if (ec) return;
  child.wait(ec);
  if (child.exit_code() == 3) {  // its environment failed
    if (waves) remove_waves(options, result);
    if (pins) fs::remove(pins_file(options), ec);
    throw EnvironmentError("the waves and pins cannot be written into " + options.out.string());
  }
  if (waves && fs::exists(waves_file(options), ec)) {
    (result.failure ? result.failure->waves : result.stop->waves) = waves_file(options).string();
  }
  if (pins && fs::exists(pins_file(options), ec)) take_pins(options, result);
}

// By a copy of the run, or by the run made again; and its pins, which only the whole run has.
void record_failure(const RunOptions& options, const Traces& traces, Snapshots& snapshots, bool waves, bool opinions,
                    Result& result) {
  std::error_code ec;
  const auto copied = waves ? snapshots.record(waves_order(result)) : std::nullopt;
  if (copied && fs::exists(waves_file(options), ec)) {
    (result.failure ? result.failure->waves : result.stop->waves) = waves_file(options).string();
    result.notes.push_back("the waves are those of a copy of the run, woken at cycle " + grouped(*copied));
    waves = false;
  }
  bool pins = (result.failure || opinions) && !options.dut_is_model() && !result.against_failed && !options.has_harts();
  if (pins && !opinions && !waves && result.seconds > kSecondsToRepeat) {
    pins = false;
    result.notes.push_back("the run is long, so its pins were not recorded; --simulator does it");
  }
  if (waves || pins) run_again(options, traces, waves, pins, result);
}

void run_source(const RunOptions& options, const std::optional<DutLibrary>& library, const Traces& traces,
                Result& result) {
  if (is_directed_test(options.test))
    run_directed(options, *library, result);
  else if (options.has_harts() && !options.has_os())
    run_harts(options, *library, result);
  else if (options.test == "decisions")
    run_decisions(options, *library, result);
  else if (options.test == "scenes")
    run_scenes(options, *library, result);
  else if (!options.test.empty())
    run_random(options, *library, result);
  else if (!options.vectors.empty())
    run_vectors(options, *library, result);
  else if (!options.dump.empty())
    run_dump(options, *library, result);
  else
    run_os(options, library ? &*library : nullptr, traces, result);
}

// A DUT without configuration pins has the settings that it was built with.
void take_settings(RunOptions& options, const kilburn_dut_api& api) {
  if (api.config.cfg_pins != 0) return;
  const arch::Settings built = arch::settings_of(options.format, api.config.cfg);
  if (options.settings_given && !(options.settings == built)) {
    throw UserError("DUT " + options.dut + " has no configuration pins: --set cannot change what it was built with");
  }
  if (is_directed_test(options.test) && !(options.settings == built)) {
    throw UserError(options.test + " is for other settings than those that DUT " + options.dut + " is built with");
  }
  options.settings = built;
}

// "gzip -9c a, sort b", "workload thrash".
std::string described_source(const RunOptions& o) {
  if (!o.test.empty()) return "test " + o.test;
  if (!o.vectors.empty()) return "vectors " + o.vectors.string();
  if (!o.dump.empty()) return "dump " + o.dump.string();
  if (!o.os.workload.empty()) {
    return "workload " + o.os.workload + (o.os.scale == 1 ? "" : " at scale " + std::to_string(o.os.scale));
  }
  std::string text;
  for (const std::string& program : o.programs) text += (text.empty() ? "" : ", ") + program;
  for (const fs::path& trace : o.traces) text += (text.empty() ? "trace " : ", ") + trace.string();
  if (o.os.processes > 1) text += " in " + std::to_string(o.os.processes) + " processes each";
  return text;
}

// Each program's trace, beside its output.
void record_programs(const RunOptions& options, Traces& traces) {
  for (const std::string& program : options.programs) {
    const std::string stem = traces.empty() ? "program" : "program" + std::to_string(traces.size() + 1);
    const fs::path trace = options.out / (stem + ".lk");
    const int status = record_program(program, trace, options.out / (stem + ".output"));
    if (status != 0 && !options.json) {
      std::cerr << "kilburn: note: the recorded program " << program << " ended with status " << status << "\n";
    }
    traces.push_back(trace);
  }
}

// A copy needs the DUT's waves, and files that can be read again from where they stood; what is written down it would
// write twice.
bool keeps_snapshots(const RunOptions& options, const std::optional<DutLibrary>& library) {
  if (options.waves != Waves::on_fail || !library || library->api().waves_open == nullptr) return false;
  if (!options.os.save_calls.empty()) return false;
  return std::all_of(options.traces.begin(), options.traces.end(),
                     [](const fs::path& trace) { return fs::is_regular_file(trace); });
}

int exit_status(Verdict verdict) {
  return verdict == Verdict::passed || verdict == Verdict::stopped ? 0 : verdict == Verdict::failed ? 1 : 130;
}

void print(const RunOptions& options, const Result& result) {
  if (options.json)
    std::cout << json_text(result);
  else
    print_summary(result, options.out);
}

// A failure is worth more than its folder: it is written down first, and told even if nothing can be written. The steps
// add what they can.
void tell_failure(const RunOptions& options, std::initializer_list<std::function<void()>> steps, Result& result) {
  try {
    write_result(result, options.out);
  } catch (const EnvironmentError&) {
    remove_waves(options, result);
    print(options, result);
    throw;
  }
  const auto note = [&](const char* what) {
    result.notes.push_back("the folder of the failure is not complete: " + std::string(what));
    if (!options.json) std::cerr << "kilburn: note: " << result.notes.back() << "\n";
  };
  for (const auto& step : steps) {
    try {
      step();
    } catch (const EnvironmentError& e) {
      note(e.what());
    } catch (const UserError& e) {  // waves that end in the middle
      note(e.what());
      remove_waves(options, result);
    }
  }
}

// Everything that the user may have got wrong is looked at before anything is written.
std::optional<DutLibrary> check_input(RunOptions& options) {
  std::optional<DutLibrary> library;
  if (!options.vectors.empty()) options.format = vectors_format(options);
  if (!options.dump.empty()) check_dump(options);
  if (is_directed_test(options.test)) check_directed(options);
  // For a program or trace the models have ports of their own, without pins.
  if (!(options.dut_is_model() && options.has_os())) library = DutLibrary::load(options.dut, options.format);
  if (library) {
    if (!options.bug.empty()) Dut(*library, options.seed).select_bug(options.bug);
    if (!library->api().config.exact && options.check_all) options.check_exact = false;
    take_settings(options, library->api());
    if (options.check_exact) ExactCheck::for_dut(library->api(), options.settings);
    if (options.waves == Waves::always && !library->api().waves_open) {
      throw UserError("DUT " + options.dut + " cannot write waves");
    }
  }
  if (library && options.has_against()) check_against(options, library->api());
  if (library && !options.simulators.empty()) check_second_opinion(options, *library);
  for (const fs::path& trace : options.traces) {
    if (!std::ifstream(trace)) throw UserError("the trace " + trace.string() + " cannot be read");
  }
  for (const std::string& program : options.programs) check_program(program);
  if (options.has_os()) check_os_options(options, library ? &*library : nullptr);
  return library;
}

}  // namespace

void repeat(RunOptions& options) {
  const auto library = check_input(options);
  Result result;
  run_source(options, library, options.traces, result);
}

int run_command(const std::vector<std::string>& arguments) {
  auto parsed = parse_run_options(arguments);
  if (!parsed) return 0;
  RunOptions& options = *parsed;
  watch_for_interrupts();

  if (!options.pins.empty()) return replay_pins(options);
  if (options.list_mappings) return list_mappings(options);
  const std::optional<DutLibrary> library = check_input(options);
  Traces traces = options.traces;
  if (options.out.empty()) {
    options.out = fs::path("runs") / (options.source_name() + "-" + std::string(arch::name(options.format)) + "-" +
                                      std::to_string(options.seed));
  }

  watch_for_full_disk(options.out);
  Result result;
  unsetenv("KILBURN_RUN_FOLDER");
  if (options.rerun_for_waves) {
    if (options.record_pins && library)
      record_pins(options, *library,
                  [&](const DutLibrary& recorded) { run_source(options, recorded, traces, result); });
    else
      run_source(options, library, traces, result);
    return exit_status(result.verdict);
  }

  const bool new_folder = prepare_folder(options.out);
  setenv("KILBURN_RUN_FOLDER", fs::absolute(options.out).c_str(), 1);  // where a DUT may leave files
  result.source = described_source(options);
  result.format = arch::name(options.format);
  result.dut = options.dut;
  if (options.has_against()) {
    result.against = options.against;
    const char* description = DutLibrary::load(options.against, options.format).api().description;
    if (description != nullptr) result.against_description = description;
    result.checks.push_back("against");
  }
  if (library && library->api().description) result.dut_description = library->api().description;
  result.command = options.command;
  result.seed = options.seed;
  result.settings = setting_words(options.settings);
  if (library) result.checks.push_back("protocol");
  if (options.check_exact) result.checks.push_back("exact");
  if (options.check_admissible) result.checks.push_back("admissible");
  if (options.check_end_to_end) result.checks.push_back("end-to-end");
  result.checks_off = options.os.checks_off;
  Snapshots snapshots(keeps_snapshots(options, library) ? options.snapshot_seconds : 0);
  options.snapshots = &snapshots;
  try {
    record_programs(options, traces);
    result.reproduce = command_line(words_of(options, traces));
    run_source(options, library, traces, result);
    if (snapshots.woken()) _exit(0);
  } catch (const Interrupted&) {
    if (snapshots.woken()) _exit(0);
    result.verdict = Verdict::interrupted;
  } catch (...) {
    if (snapshots.woken()) _exit(1);
    discard_folder(options.out, new_folder);  // an input that turned out wrong leaves nothing half-written
    throw;
  }
  if (result.verdict == Verdict::passed && result.compared() == 0) {
    result.verdict = Verdict::failed;
    result.failure.emplace();
    result.failure->check = "honesty";
    result.failure->message = "the run compared nothing, so it proves nothing";
  }
  const bool opinions = !options.simulators.empty() && result.verdict != Verdict::interrupted;
  const bool waves =
      (result.failure || (result.stop && !result.stop->what.empty())) && options.waves == Waves::on_fail && library;
  if (options.waves == Waves::always && result.failure) result.failure->waves = waves_file(options).string();
  if (options.waves == Waves::always && result.stop) result.stop->waves = waves_file(options).string();
  if (result.stop) result.stop->waves_end = result.cycles + (options.waves_to != ~arch::u64{0} ? 0 : kWavesAfter);
  const auto record = [&] {
    if (waves || opinions) record_failure(options, traces, snapshots, waves, opinions, result);
    snapshots.end();
  };
  const auto describe = [&] {
    if (options.dut_is_model()) return;
    write_failure_folder(options.out, *result.failure,
                         {result.command, result.reproduce, result.format,
                          result.against_failed ? result.against : result.dut, result.seed, result.cycles});
  };
  if (result.failure)
    tell_failure(options, {record, describe}, result);
  else
    record();
  if (opinions) {
    write_result(result, options.out);  // kept if the second opinion fails
    add_second_opinions(options, result);
  }
  if (!options.programs.empty() && result.verdict == Verdict::passed && !options.keep_trace) {
    remove_traces(options.out);
  }
  if (options.os.report) write_os_report(options, result);
  write_result(result, options.out);
  print(options, result);
  return exit_status(result.verdict);
}

}  // namespace kilburn::tb
