// SPDX-License-Identifier: Apache-2.0
//
// Finding the file, the cycles and the signals; what is done with them is in tb/failure.
#include "tb/app/waves.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <boost/process/search_path.hpp>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <tuple>

#include "tb/app/command_line.h"
#include "tb/errors.h"
#include "tb/failure/transaction_log.h"
#include "tb/failure/viewer_files.h"
#include "tb/failure/wave_time.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
namespace po = boost::program_options;
using arch::u64;

namespace {

constexpr u64 kBefore = 14, kAfter = 5;  // cycles shown around the mismatch
constexpr u64 kMostCycles = 2000;        // in one diagram

// What is shown of an MMU with the ports of rtl/README.md.
constexpr const char* kUsual[] = {
    "i_req_valid_i",   "i_req_ready_o", "i_req_va_i",     "i_rsp_valid_o",   "i_rsp_fault_o",
    "i_rsp_pa_o",      "d_req_valid_i", "d_req_ready_o",  "d_req_va_i",      "d_req_write_i",
    "d_rsp_valid_o",   "d_rsp_fault_o", "d_rsp_pa_o",     "ctx_root_i",      "ctx_asid_i",
    "mem_req_valid_o", "mem_req_op_o",  "mem_req_addr_o", "mem_rsp_valid_i", "mem_rsp_data_i",
    "inv_valid_i",     "inv_ready_o",   "inv_op_i",       "inv_va_i",        "inv_ack_o"};

struct Waves {
  fs::path path;
  FstFile file;
  u64 offset;  // time of cycle 0
  std::vector<Marker> markers;
  std::string signal;  // that differed, if a run says so
};

std::string contents(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) return "";
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

const boost::json::value* member(const boost::json::object& object, const char* key) { return object.if_contains(key); }

u64 number(const boost::json::object& object, const char* key) {
  const auto* value = member(object, key);
  boost::system::error_code ec;
  return value && value->is_number() ? value->to_number<u64>(ec) : 0;
}

// `name`: the folder of a run, or an FST file from anywhere.
Waves open(const std::string& name) {
  std::error_code ec;
  const fs::path given = name;
  const bool is_folder = fs::is_directory(given, ec);
  const fs::path path = is_folder ? given / "waves.fst" : given;
  if (is_folder && !fs::exists(path, ec)) {
    throw UserError("the run in " + name + " has no waves; kilburn run --waves always writes them");
  }
  Waves waves{path, FstFile(path), 0, {}, ""};
  const auto value = boost::json::parse(contents(path.parent_path() / "result.json"), ec);
  const auto* result = ec ? nullptr : value.if_object();
  if (!result || path.filename() != "waves.fst") return waves;
  const auto* failure = member(*result, "failure");
  const bool failed = failure && failure->is_object();
  waves.offset = time_of_cycle_0(waves.file, number(*result, "cycles"), failed ? kWavesAfter : 0);
  const auto* stop = member(*result, "stop");
  if (stop && stop->is_object()) {
    waves.offset = time_of_cycle_0(waves.file, number(stop->get_object(), "waves_end"), 0);
    waves.markers.push_back({"stop", number(stop->get_object(), "cycle")});
  }
  if (!failed) return waves;
  const auto& f = failure->get_object();
  if (const auto* signal = member(f, "signal"); signal && signal->is_string()) waves.signal = signal->get_string();
  const auto mismatch = boost::json::parse(contents(path.parent_path() / "mismatch.json"), ec);
  const auto* marks = ec || !mismatch.is_object() ? nullptr : member(mismatch.get_object(), "markers");
  if (marks && marks->is_array()) {
    for (const auto& mark : marks->get_array()) {
      if (!mark.is_object()) continue;
      const auto* title = member(mark.get_object(), "name");
      if (title && title->is_string()) {
        waves.markers.push_back({std::string(title->get_string()), number(mark.get_object(), "cycle")});
      }
    }
  }
  if (waves.markers.empty()) waves.markers.push_back({"mismatch", number(f, "cycle")});
  return waves;
}

void parse_window(const std::string& text, u64& first, u64& last) {
  const auto window = cycle_window(text);
  if (!window || window->first > window->second) {
    throw UserError("--window needs two cycles A:B with A not above B, not \"" + text + "\"");
  }
  std::tie(first, last) = *window;
  if (last - first >= kMostCycles)
    throw UserError("--window may have at most " + std::to_string(kMostCycles) + " cycles");
}

std::vector<std::string> chosen_signals(const po::variables_map& map, const Waves& waves) {
  std::vector<std::string> names;
  if (map.count("signals")) {
    std::stringstream list(map["signals"].as<std::string>());
    for (std::string name; std::getline(list, name, ',');) {
      if (!name.empty()) names.push_back(name);
    }
    if (names.empty()) throw UserError("--signals is empty");
    return names;
  }
  for (const char* name : kUsual) {
    if (waves.file.find(name)) names.emplace_back(name);
  }
  if (!waves.signal.empty() && waves.file.find(waves.signal) &&
      std::find(names.begin(), names.end(), waves.signal) == names.end()) {
    names.push_back(waves.signal);
  }
  for (std::size_t n = 0; names.empty() && n < std::min<std::size_t>(waves.file.signals().size(), 24); ++n) {
    names.push_back(waves.file.signals()[n].name);
  }
  if (names.empty()) throw UserError("the waves " + waves.path.string() + " hold no signal");
  return names;
}

void write_file(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw EnvironmentError("the file " + file.string() + " cannot be written");
}

int diff(const std::vector<std::string>& names) {
  const Waves first = open(names[0]), second = open(names[1]);
  const WaveComparison found = compare(first.file, first.offset, second.file, second.offset);
  if (found.signals == 0) throw UserError(names[0] + " and " + names[1] + " have no signal in common");
  for (const auto& name : found.only_in_one) std::cout << "only in one file: " << name << "\n";
  if (!found.different) {
    std::cout << found.signals << " signals are the same throughout\n";
    return 0;
  }
  // Outputs of a cycle appear half a cycle before its inputs, at the edge that starts it.
  std::cout << "first difference in cycle " << (found.at.time + kTimePerCycle / 2) / kTimePerCycle << ": "
            << found.at.signal << " is " << found.at.first << " in " << names[0] << ", " << found.at.second << " in "
            << names[1] << "\n";
  if (!found.at.others.empty()) {
    std::cout << "at the same time also:";
    for (std::size_t n = 0; n < std::min<std::size_t>(found.at.others.size(), 20); ++n) {
      std::cout << " " << found.at.others[n];
    }
    if (found.at.others.size() > 20) std::cout << " and " << found.at.others.size() - 20 << " more";
    std::cout << "\n";
  }
  return 1;
}

int view(const po::variables_map& map, const Waves& waves) {
  const std::string wanted = map.count("viewer") ? map["viewer"].as<std::string>() : "";
  if (!wanted.empty() && wanted != "gtkwave" && wanted != "surfer") {
    throw UserError("there is no viewer \"" + wanted + "\"; there are: gtkwave, surfer");
  }
  std::string viewer;
  for (const char* name : {"gtkwave", "surfer"}) {
    if (viewer.empty() && (wanted.empty() || wanted == name) && !boost::process::search_path(name).empty())
      viewer = name;
  }
  const auto path = [&](const char* extension) { return fs::path(waves.path).replace_extension(extension); };
  write_file(path(".gtkw"), gtkwave_save_file(waves.file, waves.markers, waves.offset));
  write_file(path(".sucl"), surfer_command_file(waves.file, waves.markers, waves.offset));
  const fs::path transactions = fs::path(waves.path).replace_filename(TransactionLog::kFileName);
  const bool has_transactions = waves.path.filename() == "waves.fst" && fs::exists(transactions);
  const fs::path transactions_sucl = fs::path(transactions).replace_extension(".sucl");
  if (has_transactions) {
    write_file(transactions_sucl, surfer_command_file_of_transactions(waves.file, waves.markers, waves.offset));
  }
  if (viewer.empty()) {
    throw EnvironmentError((wanted.empty() ? "neither gtkwave nor surfer is" : wanted + " is not") +
                           std::string(" installed; kilburn waves --text and --svg need none"));
  }
  const std::string file = waves.path.string(), gtkw = path(".gtkw").string(), sucl = path(".sucl").string();
  std::cout << std::flush;
  if (viewer == "gtkwave") {
    execlp("gtkwave", "gtkwave", file.c_str(), gtkw.c_str(), nullptr);
  } else {
    // One window of Surfer shows waves or transactions.
    if (has_transactions && fork() == 0) {
      execlp("surfer", "surfer", "--command-file", transactions_sucl.c_str(), transactions.c_str(), nullptr);
      _exit(3);
    }
    execlp("surfer", "surfer", "--command-file", sucl.c_str(), file.c_str(), nullptr);
  }
  throw EnvironmentError(viewer + " cannot be started: " + std::strerror(errno));
}

}  // namespace

int waves_command(const std::vector<std::string>& arguments) {
  po::options_description visible("Options");
  visible.add_options()("text", "print a timing diagram")("svg", po::value<std::string>()->value_name("FILE"),
                                                          "draw a timing diagram")(
      "window", po::value<std::string>()->value_name("A:B"), "cycles of the diagram; default around the mismatch")(
      "signals", po::value<std::string>()->value_name("A,B,..."), "signals of the diagram; default the ports")(
      "viewer", po::value<std::string>()->value_name("V"), "gtkwave or surfer; default the one that is installed")(
      "diff", "compare the waves of two runs: the first cycle and signal that differ")("help", "this text");
  po::options_description all;
  all.add(visible).add_options()("run", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("run", -1);
  const po::variables_map map = parse_command_line("waves", arguments, all, positional);
  if (map.count("help")) {
    std::cout
        << "Usage: kilburn waves RUN|FILE.fst [options]\n       kilburn waves --diff RUN1|FILE1 RUN2|FILE2\n\n"
           "Opens the waves of a run in GTKWave or Surfer, its signals in groups, with a marker at the request, the\n"
           "write of the page table, the invalidation and the mismatch. Exit status: 0 done, 1 --diff finds a\n"
           "difference, 2 the input is wrong, 3 the environment failed.\n"
        << visible;
    return 0;
  }
  const auto runs = map.count("run") ? map["run"].as<std::vector<std::string>>() : std::vector<std::string>();
  if (map.count("diff")) {
    if (runs.size() != 2) throw UserError("--diff needs two runs or files; see kilburn waves --help");
    return diff(runs);
  }
  if (runs.size() != 1) throw UserError("waves needs the folder of a run or an FST file; see kilburn waves --help");
  const Waves waves = open(runs[0]);
  const bool draws = map.count("text") || map.count("svg");
  if (!draws) {
    if (map.count("window") || map.count("signals")) throw UserError("--window and --signals go with --text or --svg");
    return view(map, waves);
  }
  const u64 around = waves.markers.empty() ? 0 : waves.markers.back().cycle;
  u64 first = around > kBefore ? around - kBefore : 0, last = first + kBefore + kAfter;
  if (waves.markers.empty() && waves.file.begin() > waves.offset) {
    first = (waves.file.begin() - waves.offset) / kTimePerCycle;
    last = first + kBefore + kAfter;
  }
  if (map.count("window")) parse_window(map["window"].as<std::string>(), first, last);
  Diagram diagram = sample(waves.file, chosen_signals(map, waves), first, last, CycleTimes(waves.file, waves.offset));
  diagram.markers = waves.markers;
  if (map.count("text")) std::cout << to_text(diagram);
  if (map.count("svg")) write_file(map["svg"].as<std::string>(), to_svg(diagram));
  return 0;
}

}  // namespace kilburn::tb
