// SPDX-License-Identifier: Apache-2.0
//
// Command line of `kilburn run`.
#include "tb/app/options.h"

#include <algorithm>
#include <boost/algorithm/string.hpp>
#include <boost/lexical_cast/try_lexical_convert.hpp>
#include <iostream>
#include <tuple>

#include "tb/app/command_line.h"
#include "tb/app/settings.h"
#include "tb/app/shrink.h"
#include "tb/errors.h"
#include "tb/failure/wave_time.h"

namespace kilburn::tb {
namespace po = boost::program_options;
using arch::u64;

std::string shell_quote(const std::string& word) {
  static const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string quoted = "'";
  for (char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string RunOptions::source_name() const {
  if (!test.empty()) return is_directed_test(test) ? std::filesystem::path(test).stem().string() : test;
  if (!os.workload.empty()) return os.workload;
  if (!traces.empty()) return traces.front().filename().string();
  if (!vectors.empty()) return vectors.filename().string();
  if (!dump.empty()) return dump.filename().string();
  const auto words = po::split_unix(programs.front());
  return words.empty() ? "program" : std::filesystem::path(words[0]).filename().string();
}

namespace {

// A built-in test that drives one DUT, an access or a scene at a time.
bool plays_alone(const std::string& test) { return test == "decisions" || test == "scenes"; }

po::options_description visible_options() {
  po::options_description source("What to run (exactly one)");
  source.add_options()("program", po::value<std::vector<std::string>>()->value_name("'CMD ARGS'"),
                       "record this program with valgrind and run its references through the MMU; several run at once")(
      "trace", po::value<std::vector<std::string>>()->value_name("FILE"),
      "run a trace: a valgrind lackey log, or another format that kilburn convert reads; several run at once")(
      "workload", po::value<std::string>()->value_name("NAME"),
      "run a program that is written for one mechanism of the OS (kilburn list workloads)")(
      "test", po::value<std::string>()->value_name("NAME"),
      "run a built-in test, random, decisions or scenes, or a directed test, FILE.kt, as kilburn shrink writes them")(
      "vectors", po::value<std::string>()->value_name("FILE"),
      "run recorded accesses and compare every outcome, page-table words included")(
      "dump", po::value<std::string>()->value_name("GUEST.elf"),
      "translate every mapping of an x86-64 guest, from a memory dump of QEMU's dump-guest-memory");
  po::options_description how("How");
  how.add_options()("format", po::value<std::string>()->default_value("x86-64")->value_name("F"),
                    "page-table format: x86-64, alpha or alpha-x64; vectors and dumps say it themselves")(
      "set", po::value<std::vector<std::string>>()->value_name("NAME=N"),
      "a choice of the implementation, see below; may be given several times")(
      "dut", po::value<std::string>()->default_value("mmu")->value_name("NAME|PATH.so"),
      "device under test; arch and tlm are the models themselves, wild a random legal MMU (kilburn list duts)")(
      "check", po::value<std::string>()->default_value("all")->value_name("C,..."),
      "exact (every pin, every cycle), admissible (every response and walker access is what a legal MMU may do), "
      "end-to-end (every load), or all that apply; the protocol is always checked")(
      "count", po::value<std::string>()->default_value("100000")->value_name("N"),
      "responses that the random test waits for; mappings of a dump, all by default")(
      "frames", po::value<std::string>()->default_value("48")->value_name("N"),
      "page frames of simulated memory for programs and traces; a workload has its own number")(
      "references", po::value<std::string>()->default_value("0")->value_name("N"),
      "stop a program or trace after N references; 0: at its end")(
      "seed", po::value<std::string>()->default_value("1")->value_name("S"), "seed of every random choice, not 0")(
      "yield", po::value<std::string>()->default_value("random")->value_name("P"),
      "let the hardware run inside the OS's critical sequences: none, every or random")(
      "strict", po::value<std::string>()->implicit_value("")->value_name("CLASS,..."),
      "alone: an access outside every mapping of the trace is a fault; else the region is inferred and counted. With "
      "classes of legal behaviour (stale, mixed, spurious, early-a, ...): the admissible check rejects them")(
      "relax", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "what the manuals leave open, for the admissible check, see below; may be given several times")(
      "bug", po::value<std::string>()->value_name("ID"), "plant a seeded bug of the DUT (kilburn list bugs)")(
      "against", po::value<std::string>()->value_name("NAME|PATH.so"),
      "a second DUT (B) beside the first (A): gets what A accepted, each is judged, and their answers are compared")(
      "against-bug", po::value<std::string>()->value_name("ID"), "plant a seeded bug of that second DUT")(
      "harts", po::value<std::string>()->default_value("1")->value_name("N"),
      "1 to 4 instances of the DUT on one memory, with streams of their own and edits aimed at each other's walks "
      "(random "
      "test)")("os-bug", po::value<std::string>()->value_name("ID"),
               "plant a seeded bug of the OS shim (kilburn list bugs)");
  po::options_description dump("Guest memory dump");
  dump.add_options()("list-mappings", "print every mapping, `va pa size rights`, and run nothing")(
      "cpu", po::value<std::string>()->value_name("N"),
      "whose CR3 and CR4 of the dump's notes; default the first with paging on")(
      "root", po::value<std::string>()->value_name("HEX"), "physical address of the top table, instead of CR3")(
      "levels", po::value<std::string>()->value_name("4|5"), "depth of the tables, instead of CR4.LA57")(
      "max-mappings", po::value<std::string>()->default_value("67108864")->value_name("N"),
      "refuse a dump with more mappings");
  po::options_description opinion("Second opinion");
  opinion.add_options()("simulator", po::value<std::vector<std::string>>()->value_name("S"),
                        "replay the pins since the last reset on the same RTL in icarus, or in verilator-O0, Verilator "
                        "without its optimisations; may be given for both")(
      "simulator-sources", po::value<std::string>()->value_name("FILES.f"),
      "the RTL of a DUT from elsewhere: a list of source files, relative to its folder")(
      "simulator-top", po::value<std::string>()->value_name("NAME"), "its top module, with the ports of rtl/README.md")(
      "simulator-parameter", po::value<std::vector<std::string>>()->value_name("NAME=N"),
      "a parameter of that module; may be given several times")(
      "pins", po::value<std::string>()->value_name("FILE.klb"),
      "replay this pin log of an earlier run and run nothing");
  po::options_description output("Output");
  output.add_options()("waves", po::value<std::string>()->default_value("on-fail")->value_name("W"),
                       "never, on-fail (a window around the failure) or always")(
      "waves-window", po::value<std::string>()->value_name("A:B"), "record cycles A to B only (with --waves always)")(
      "until", po::value<std::string>()->value_name("CYCLE"), "stop in this cycle")(
      "goto", po::value<std::string>()->value_name("CYCLE"),
      "stop 200 cycles after this one, with the waves of 2 000 before it")(
      "break", po::value<std::string>()->value_name("CONDITION"),
      "stop after the first transfer on the DUT's ports with, for instance, 'response && fault && va == 0x1000' (or "
      "'op == PAGE', 'edit && pa < 0x2000'), with the waves around it")(
      "snapshots", po::value<std::string>()->default_value("2")->value_name("SECONDS"),
      "a copy of the run sleeps this long behind it at least, and records the waves of a failure; 0: a failed run "
      "begins anew for them")("out", po::value<std::string>()->value_name("DIR"),
                              "run folder; default runs/SOURCE-FORMAT-SEED")(
      "keep-trace", "keep the recorded trace of a program also when the run passes")(
      "coverage", "leave coverage.json in the run folder (kilburn coverage); an illegal bin fails the run")(
      "json", "print result.json instead of the summary")("help", "this text");
  po::options_description all;
  all.add(source).add(how).add(os_option_descriptions()).add(dump).add(opinion).add(output);
  return all;
}

// Seconds up to an hour, with a fraction.
double parse_seconds(const std::string& option, const std::string& text) {
  double seconds = 0;
  if (!boost::conversion::try_lexical_convert(text, seconds) || !(seconds >= 0 && seconds <= 3600)) {
    throw UserError(option + " needs seconds from 0 to 3600, not \"" + text + "\"");
  }
  return seconds;
}

// --until, --goto, --break.
void parse_stops(const po::variables_map& map, RunOptions& o) {
  const bool going = map.count("goto") != 0;
  if (map.count("until") + map.count("goto") + map.count("break") == 0) return;
  if (o.dut_is_model() || o.has_against()) {
    throw UserError(
        "--until, --goto and --break are about the cycles of one DUT: not with --dut arch or tlm, or --against");
  }
  if (map.count("until") + map.count("goto") > 1) throw UserError("--until and --goto both say where to stop");
  if (map.count("until")) o.until = number(map, "until", 1, ~u64{0});
  if (going) {
    if (!map["waves"].defaulted()) throw UserError("--goto records waves: --waves does not go with it");
    const u64 cycle = number(map, "goto", 1, ~u64{0} - kWavesAfter);
    o.waves = Waves::always;
    o.waves_from = cycle > kWavesBefore ? cycle - kWavesBefore : 0;
    o.waves_to = o.until = cycle + kWavesAfter;
  }
  if (map.count("break")) {
    o.break_text = map["break"].as<std::string>();
    o.breakpoint.emplace(o.break_text);
  }
}

// --check: "all", or a list without it.
void parse_checks(const std::string& text, RunOptions& o) {
  std::vector<std::string> words;
  boost::split(words, text, boost::is_any_of(","));
  bool exact = false, admissible = false, end_to_end = false;
  for (const std::string& word : words) {
    if (word == "exact") {
      exact = true;
    } else if (word == "admissible") {
      admissible = true;
    } else if (word == "end-to-end") {
      end_to_end = true;
    } else if (word == "all" && words.size() == 1) {
      o.check_all = true;
    } else {
      throw UserError("there is no check \"" + word + "\"; there are: exact, admissible, end-to-end, all");
    }
  }
  const bool model = o.dut_is_model();
  if (exact && model) {
    throw UserError("--check exact compares pins in every cycle, which no twin predicts for --dut " + o.dut);
  }
  if (admissible && model && o.has_os()) {
    throw UserError("--check admissible looks at pins, which --dut " + o.dut + " has not for a program or trace");
  }
  if (end_to_end && !o.has_os()) {
    throw UserError("--check end-to-end compares what a program loads: it needs --program, --trace or --workload");
  }
  o.check_exact = (exact || o.check_all) && !model;
  o.check_admissible = admissible || (o.check_all && !(model && o.has_os()));
  o.check_end_to_end = (end_to_end || o.check_all) && o.has_os();
}

// --strict and --relax.
void parse_legality(const po::variables_map& map, RunOptions& o) {
  try {
    if (map.count("strict")) {
      o.strict_classes = map["strict"].as<std::string>();
      if (!o.strict_classes.empty()) admissible::forbid(o.forbidden, o.strict_classes);
    }
    if (map.count("relax")) o.relax_words = map["relax"].as<std::vector<std::string>>();
    for (const std::string& word : o.relax_words) admissible::relax(o.relaxations, word);
  } catch (const std::invalid_argument& e) {
    throw UserError(e.what());
  }
  if (!o.check_admissible && (!o.strict_classes.empty() || !o.relax_words.empty())) {
    throw UserError("--relax and --strict CLASS go with the admissible check");
  }
}

// --harts, after everything that it has to go with.
void parse_harts(const po::variables_map& map, RunOptions& o) {
  constexpr u64 kMostHarts = 4;
  const unsigned harts = static_cast<unsigned>(number(map, "harts", 1, kMostHarts));
  if (o.has_os()) {
    if (harts != 1) throw UserError("--harts goes with --test random; an OS has --cpus");
    return;
  }
  o.harts = harts;
  if (map.count("waves-of-hart")) o.waves_of_hart = static_cast<unsigned>(number(map, "waves-of-hart", 0, o.harts - 1));
  if (!o.has_harts()) return;
  if (o.test != "random") throw UserError("--harts goes with --test random");
  if (o.has_against()) throw UserError("--harts does not go with --against");
  if (!o.check_admissible) {
    throw UserError("--harts judges what several MMUs see of one memory: --check has to include admissible");
  }
  if (!o.simulators.empty()) throw UserError("--simulator repeats a run of one DUT: it does not go with --harts");
}

// --against, after everything that it has to go with.
void parse_against(const po::variables_map& map, RunOptions& o) {
  if (map.count("against")) o.against = map["against"].as<std::string>();
  if (map.count("against-bug")) o.against_bug = map["against-bug"].as<std::string>();
  o.waves_of_against = map.count("waves-of-against") != 0;
  if (map.count("against") && o.against.empty()) throw UserError("--against is empty");
  if (!o.has_against()) {
    if (!o.against_bug.empty()) throw UserError("--against-bug goes with --against");
    return;
  }
  if (o.dut_is_model() && o.has_os()) {
    throw UserError("--against compares answers at pins, which --dut " + o.dut + " has not for a program or trace");
  }
  if (!o.check_admissible) {
    throw UserError("--against tells legal answers from wrong ones: --check has to include admissible");
  }
  if (!o.simulators.empty()) throw UserError("--simulator repeats a run of one DUT: it does not go with --against");
}

void parse_window(const std::string& text, RunOptions& options) {
  const auto window = cycle_window(text);
  if (!window || window->first >= window->second) {
    throw UserError("--waves-window needs two cycles A:B with A below B, not \"" + text + "\"");
  }
  std::tie(options.waves_from, options.waves_to) = *window;
}

void parse_dump_options(const po::variables_map& map, RunOptions& o) {
  o.list_mappings = map.count("list-mappings") != 0;
  if (map.count("cpu")) o.cpu = static_cast<unsigned>(number(map, "cpu", 0, 65535));
  o.max_mappings = number(map, "max-mappings", 1, u64{1} << 40);
  if (map.count("root")) o.root = hex_number(map, "root");
  if (map.count("levels")) o.levels = static_cast<unsigned>(number(map, "levels", 4, 5));
  if (o.format_given && o.format != arch::Format::x86_64) {
    throw UserError("--dump reads x86-64 guests; --format " + std::string(arch::name(o.format)) +
                    " does not go with it");
  }
  o.format = arch::Format::x86_64;
  o.settings.pa_width = 52;  // a dump does not say; so no address bit is reserved
}

void parse_second_opinion(const po::variables_map& map, RunOptions& o) {
  if (map.count("simulator")) {
    for (const auto& word : map["simulator"].as<std::vector<std::string>>()) {
      const auto simulator = simulator_from_name(word);
      if (!simulator) throw UserError("there is no simulator \"" + word + "\"; there are: icarus, verilator-O0");
      if (std::find(o.simulators.begin(), o.simulators.end(), *simulator) == o.simulators.end()) {
        o.simulators.push_back(*simulator);
      }
    }
  }
  for (const char* option : {"simulator-sources", "simulator-top", "simulator-parameter", "pins"}) {
    if (o.simulators.empty() && map.count(option)) {
      throw UserError("--" + std::string(option) + " goes with --simulator");
    }
  }
  if (map.count("simulator-sources")) o.simulator_rtl.sources = map["simulator-sources"].as<std::string>();
  if (map.count("simulator-top")) o.simulator_rtl.top = map["simulator-top"].as<std::string>();
  if (map.count("simulator-parameter")) {
    o.simulator_rtl.parameters = map["simulator-parameter"].as<std::vector<std::string>>();
  }
  if (!map.count("pins")) return;
  o.pins = map["pins"].as<std::string>();
  if (o.pins.empty()) throw UserError("--pins is empty");
  for (const auto& [name, value] : map) {
    if (!value.defaulted() && name != "pins" && !name.starts_with("simulator")) {
      throw UserError("--" + name + " does not go with --pins, which replays what was recorded");
    }
  }
}

}  // namespace

std::vector<std::string> check_words(const RunOptions& o) {
  std::vector<std::string> words;
  const auto add = [&](const char* option, const std::string& value) { words.insert(words.end(), {option, value}); };
  if (!o.strict_classes.empty()) add("--strict", o.strict_classes);
  for (const std::string& word : o.relax_words) add("--relax", word);
  if (o.check_all) return words;
  std::string checks;
  for (const auto& [name, on] : {std::pair{"exact", o.check_exact}, std::pair{"admissible", o.check_admissible},
                                 std::pair{"end-to-end", o.check_end_to_end}}) {
    if (on) checks += (checks.empty() ? "" : ",") + std::string(name);
  }
  add("--check", checks);
  return words;
}

std::optional<RunOptions> parse_run_options(const std::vector<std::string>& arguments) {
  po::options_description all = visible_options();
  po::options_description hidden;
  hidden.add_options()("rerun-for-waves", "")("waves-of-against", "")("waves-of-hart", po::value<std::string>())(
      "record-pins", po::value<std::string>());
  po::options_description known;
  known.add(all).add(hidden);
  const po::variables_map map = parse_command_line("run", arguments, known, {}, "run takes options only");
  if (map.count("help")) {
    std::cout << "Usage: kilburn run (--program 'CMD ARGS' | --trace FILE | --workload NAME | --test NAME | --vectors "
                 "FILE | --dump "
                 "GUEST.elf) [options]\n\n"
                 "Runs one test and ends with a summary and result.json.\n"
                 "Exit status: 0 passed, 1 the DUT is wrong, 2 the input is wrong, 3 the environment\n"
                 "failed, 130 interrupted.\n"
              << all << "\n"
              << settings_help() << "\nWhat the manuals leave open (--relax NAME=VALUE), with the defaults:\n";
    for (const auto& line : admissible::settings_text({})) std::cout << "  " << line << "\n";
    return std::nullopt;
  }

  RunOptions o;
  o.command = "kilburn run";
  for (const auto& word : arguments) o.command += " " + shell_quote(word);
  parse_second_opinion(map, o);
  if (!o.pins.empty()) return o;
  if (map.count("program")) o.programs = map["program"].as<std::vector<std::string>>();
  if (map.count("trace")) {
    for (const auto& trace : map["trace"].as<std::vector<std::string>>()) o.traces.emplace_back(trace);
  }
  if (map.count("workload")) o.os.workload = map["workload"].as<std::string>();
  if (map.count("workload") && o.os.workload.empty()) throw UserError("--workload is empty");
  if (map.count("test")) o.test = map["test"].as<std::string>();
  if (map.count("vectors")) o.vectors = map["vectors"].as<std::string>();
  if (o.vectors == "-") throw UserError("--vectors needs a file: a failure must be repeatable");
  if (map.count("dump")) o.dump = map["dump"].as<std::string>();
  size_t sources = 0;
  for (const char* source : {"program", "trace", "workload", "test", "vectors", "dump"}) sources += map.count(source);
  if (sources != 1) {
    throw UserError(
        "exactly one of --program, --trace, --workload, --test, --vectors and --dump says what to run; see kilburn run "
        "--help");
  }
  for (const auto& program : o.programs) {
    if (po::split_unix(program).empty()) throw UserError("--program is empty");
  }
  if (map.count("test") && o.test != "random" && !plays_alone(o.test) && !is_directed_test(o.test)) {
    throw UserError("there is no test \"" + o.test +
                    "\"; there are: random, decisions, scenes, or a file of a directed test, FILE.kt");
  }
  o.format = format_option(map);
  o.format_given = !map["format"].defaulted();
  o.dut = map["dut"].as<std::string>();
  const bool model = o.dut_is_model();
  if (!o.simulators.empty() && model) throw UserError("--simulator replays RTL, which --dut " + o.dut + " is not");
  parse_checks(map["check"].as<std::string>(), o);
  parse_legality(map, o);
  if (!o.dump.empty()) parse_dump_options(map, o);
  if (map.count("set")) {
    if (!o.vectors.empty()) throw UserError("--set does not go with --vectors: each vector brings its own settings");
    o.settings = parse_settings(o.format, o.settings, map["set"].as<std::vector<std::string>>());
    o.settings_given = true;
  }
  for (const char* option : {"list-mappings", "cpu", "root", "levels"}) {
    if (o.dump.empty() && map.count(option)) throw UserError("--" + std::string(option) + " goes with --dump");
  }
  o.count = number(map, "count", 1, 1'000'000'000'000);
  o.count_given = !map["count"].defaulted();
  o.frames = number(map, "frames", 1, u64{1} << 24);
  o.references = number(map, "references", 0, ~u64{0});
  o.seed = number(map, "seed", 1, ~u64{0});
  o.seed_given = !map["seed"].defaulted();
  o.yield = map["yield"].as<std::string>();
  if (o.yield != "none" && o.yield != "every" && o.yield != "random") {
    throw UserError("--yield is none, every or random, not \"" + o.yield + "\"");
  }
  o.strict_trace = map.count("strict") != 0 && o.strict_classes.empty();
  if (map.count("bug")) o.bug = map["bug"].as<std::string>();
  if (map.count("os-bug")) o.os_bug = map["os-bug"].as<std::string>();
  if (!o.os_bug.empty() && !o.has_os())
    throw UserError("--os-bug needs --program, --trace or --workload: nothing else has an OS");
  if (!o.bug.empty() && model) throw UserError("--bug needs a DUT with seeded bugs, not --dut " + o.dut);
  const auto& waves = map["waves"].as<std::string>();
  if (waves == "never")
    o.waves = Waves::never;
  else if (waves == "on-fail")
    o.waves = Waves::on_fail;
  else if (waves == "always")
    o.waves = Waves::always;
  else
    throw UserError("--waves is never, on-fail or always, not \"" + waves + "\"");
  parse_against(map, o);
  parse_harts(map, o);
  if (plays_alone(o.test) && (o.has_harts() || o.has_against())) throw UserError("--test " + o.test + " has one DUT");
  parse_os_options(map, o);
  if (o.waves == Waves::always && model) throw UserError("--waves always needs RTL, which --dut " + o.dut + " is not");
  if (map.count("waves-window")) {
    if (o.waves != Waves::always) throw UserError("--waves-window goes with --waves always");
    parse_window(map["waves-window"].as<std::string>(), o);
  }
  parse_stops(map, o);
  o.snapshot_seconds = parse_seconds("--snapshots", map["snapshots"].as<std::string>());
  if (map.count("out")) {
    o.out = map["out"].as<std::string>();
    if (o.out.empty()) throw UserError("--out is empty");
  }
  o.json = map.count("json") != 0;
  o.coverage = map.count("coverage") != 0;
  if (o.coverage && o.has_against()) throw UserError("--coverage does not go with --against");
  if (o.coverage && o.has_os() && model)
    throw UserError("--coverage needs a DUT with pins, which --dut " + o.dut + " is not for a program");
  o.keep_trace = map.count("keep-trace") != 0;
  o.rerun_for_waves = map.count("rerun-for-waves") != 0;
  if (map.count("record-pins")) o.record_pins = number(map, "record-pins", 1, ~u64{0});
  return o;
}

}  // namespace kilburn::tb
