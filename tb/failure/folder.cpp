// SPDX-License-Identifier: Apache-2.0
//
// Writing the folder of a failure.
#include "tb/failure/folder.h"

#include <array>
#include <boost/json.hpp>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <boost/process/search_path.hpp>
#include <charconv>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "tb/errors.h"
#include "tb/failure/transaction_log.h"
#include "tb/failure/viewer_files.h"
#include "tb/failure/wave_time.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
namespace bp = boost::process;
namespace json = boost::json;
using arch::u64;

namespace {

void write_file(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw EnvironmentError("the file " + file.string() + " cannot be written");
}

// The number after `word` in a line of the history.
bool number_after(const std::string& line, const std::string& word, int base, u64& value) {
  const auto at = line.find(word);
  if (at == std::string::npos) return false;
  const char* first = line.data() + at + word.size();
  return std::from_chars(first, line.data() + line.size(), value, base).ec == std::errc();
}

// The first line that a program prints; empty if there is no such program.
std::string first_line(const std::string& program, const std::vector<std::string>& words) {
  const auto path = bp::search_path(program);
  if (path.empty()) return "";
  std::error_code ec;
  bp::ipstream out;
  bp::child child(path, bp::args(words), bp::std_in<bp::null, bp::std_out> out, bp::std_err > bp::null, ec);
  if (ec) return "";
  std::string line, more;
  std::getline(out, line);
  while (std::getline(out, more)) {
  }
  child.wait(ec);
  return ec || child.exit_code() != 0 ? "" : line;
}

json::array lines(const std::vector<std::string>& all) { return json::array(all.begin(), all.end()); }

std::string mismatch_json(const Failure& f, const FailedRun& run, const std::vector<Marker>& events) {
  json::object o;
  o["kilburn_mismatch"] = 1;  // version of this file's form
  o["check"] = f.check;
  o["message"] = f.message;
  o["cycle"] = f.cycle;
  o["format"] = run.format;
  o["dut"] = run.dut;
  o["seed"] = run.seed;
  if (!f.signal.empty()) {
    o["signal"] = f.signal;
    o["expected"] = hex(f.expected);
    o["found"] = hex(f.found);
  }
  o["request"] = f.request;
  if (!f.details.empty()) o["details"] = lines(f.details);
  o["reference_walk"] = lines(f.reference_walk);
  o["dut_walk"] = lines(f.dut_walk);
  json::array marks;
  for (const Marker& event : events) marks.push_back({{"name", event.name}, {"cycle", event.cycle}});
  o["markers"] = std::move(marks);
  o["reproduce"] = run.reproduce;
  return json::serialize(o) + "\n";
}

// A level below the one before, an entry a line; what the DUT read beside it and since.
std::string page_tables(const Failure& f) {
  std::map<u64, std::string> dut;  // last access by address
  std::vector<u64> order;
  for (const std::string& line : f.dut_walk) {
    u64 pa = 0;
    if (!number_after(line, "walker reads 0x", 16, pa) && !number_after(line, "walker swaps 0x", 16, pa)) continue;
    if (!dut.contains(pa)) order.push_back(pa);
    dut[pa] = line;
  }
  std::ostringstream out;
  out << (f.request.empty() ? "no request is open" : f.request) << "\n\n";
  std::string indent;
  for (const std::string& line : f.reference_walk) {
    u64 pa = 0;
    if (!number_after(line, "entry at 0x", 16, pa) || line.starts_with("update")) {
      out << indent << line << "\n";
      continue;
    }
    out << indent << (indent.empty() ? "" : "`- ") << line << "\n";
    indent += indent.empty() ? "   " : "   ";
    const auto read = dut.find(pa);
    out << indent << "DUT: " << (read == dut.end() ? "has not asked for it since the request" : read->second) << "\n";
    if (read != dut.end()) std::erase(order, pa);
  }
  if (!order.empty()) {
    out << "\nOnly the DUT asked for these since the request, for this one or another:\n";
    for (const u64 pa : order) out << "   " << dut[pa] << "\n";
  }
  return out.str();
}

std::string replay_script(const FailedRun& run) {
  std::ostringstream out;
  out << "#!/bin/sh\n# Repeats the run of this folder; further options are passed on (--out, --waves ...).\n#\n"
      << "# seed     " << run.seed << "\n# command  " << run.command << "\n";
  const std::string commit = first_line("git", {"rev-parse", "HEAD"});
  if (commit.empty())
    out << "# sources  not a git checkout\n";
  else
    out << "# sources  " << commit
        << (first_line("git", {"status", "--porcelain", "--untracked-files=no"}).empty() ? "" : ", with local changes")
        << "\n";
  for (const char* tool : {"verilator", "c++", "cmake"}) {
    const std::string version = first_line(tool, {"--version"});
    out << "# " << tool << std::string(9 - std::string(tool).size() % 9, ' ')
        << (version.empty() ? "not installed" : version) << "\n";
  }
  // The program may stand anywhere: ${KILBURN} names another.
  std::string command = run.reproduce;
  if (command.starts_with("kilburn ")) command = "\"${KILBURN:-kilburn}\" " + command.substr(8);
  out << "exec " << command << " \"$@\"\n";
  return out.str();
}

}  // namespace

std::vector<Marker> markers(const Failure& f) {
  std::vector<Marker> found;
  u64 request = 0;
  const bool has_request = number_after(f.request, "accepted in cycle ", 10, request);
  std::string walked;
  for (const auto& line : f.reference_walk) walked += line + "\n";
  u64 write = 0, operation = 0;
  bool has_write = false, has_operation = false, write_is_walked = false;
  for (const std::string& line : f.history) {
    u64 cycle = 0, pa = 0;
    if (!number_after(line, "cycle ", 10, cycle)) continue;
    if (number_after(line, "software writes 0x", 16, pa)) {
      const bool is_walked = walked.find("entry at " + hex(pa) + " ") != std::string::npos;
      if (is_walked || !write_is_walked) write = cycle, has_write = true;
      write_is_walked |= is_walked;
    } else if (line.find("TLB operation ") != std::string::npos && line.find("acknowledged") == std::string::npos) {
      operation = cycle;
      has_operation = true;
    }
  }
  if (has_request) found.push_back({"request", request});
  if (has_write) found.push_back({"PTE write", write});
  if (has_operation) found.push_back({"invalidation", operation});
  found.push_back({"mismatch", f.cycle});
  std::stable_sort(found.begin(), found.end(), [](const Marker& a, const Marker& b) { return a.cycle < b.cycle; });
  return found;
}

void write_failure_folder(const fs::path& folder, const Failure& f, const FailedRun& run) {
  const std::vector<Marker> events = markers(f);
  write_file(folder / "mismatch.json", mismatch_json(f, run, events));
  std::string history;
  for (const auto& line : f.history) history += line + "\n";
  write_file(folder / "transactions.txt", history);
  write_file(folder / "page_tables.txt", page_tables(f));
  write_file(folder / "replay.sh", replay_script(run));
  fs::permissions(folder / "replay.sh", fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                  fs::perm_options::add);
  if (!fs::exists(folder / "waves.fst")) return;
  const FstFile file(folder / "waves.fst");
  const u64 offset = time_of_cycle_0(file, run.cycles, kWavesAfter);
  write_file(folder / "waves.gtkw", gtkwave_save_file(file, events, offset));
  write_file(folder / "waves.sucl", surfer_command_file(file, events, offset));
  if (fs::exists(folder / TransactionLog::kFileName)) {
    write_file(folder / "transactions.sucl", surfer_command_file_of_transactions(file, events, offset));
  }
}

}  // namespace kilburn::tb
