// SPDX-License-Identifier: Apache-2.0
//
// Delta debugging of the events of traces, or of the calls of a workload; each try is a run of the program in a process
// of its own.
#include "tb/app/shrink_os.h"

#include <unistd.h>

#include <algorithm>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <vector>

#include "sw/trace/lackey_writer.h"
#include "sw/trace/open.h"
#include "sw/workload/calls.h"
#include "tb/app/interrupt.h"
#include "tb/app/options.h"
#include "tb/errors.h"
#include "tb/failure/delta_debugging.h"
#include "tb/failure/shrinker.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
namespace bp = boost::process;
using arch::u64;

namespace {

constexpr std::size_t kMostItems = 4'000'000;  // of one list, in memory

// A trace, or the calls of a workload: what stands before them, and the text of each.
struct List {
  std::string head;
  std::vector<std::string> items;
};

[[noreturn]] void too_long(const std::string& path, const char* advice) {
  throw UserError(path + " has more than " + grouped(kMostItems) + " entries; " + advice);
}

List read_trace(const std::string& path) {
  List list;
  const auto reader = os::open_trace(path);
  for (os::TraceEvent event; reader->next(event);) {
    if (list.items.size() == kMostItems) too_long(path, "kilburn convert --references N makes a shorter trace");
    os::append_lackey(event, list.items.emplace_back());
  }
  return list;
}

List read_calls(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw EnvironmentError("the calls of the workload, " + path + ", cannot be read");
  List list{std::string(os::kCallsHead) + "\n", {}};
  for (const os::Call& call : os::read_calls(in, path)) {
    if (list.items.size() == kMostItems) too_long(path, "a smaller --scale makes fewer");
    list.items.push_back(text(call) + "\n");
  }
  return list;
}

void write(const fs::path& path, const List& list) {
  std::ofstream out(path, std::ios::trunc);
  out << list.head;
  for (const std::string& item : list.items) out << item;
  out.close();
  if (!out) throw EnvironmentError(path.string() + " cannot be written");
}

// The traces of forked children stand beside their parent's, with their number behind its name.
void copy_children(const fs::path& from, const fs::path& to) {
  const std::string stem = from.filename().string() + ".";
  std::error_code ec;
  for (const auto& file : fs::directory_iterator(from.parent_path().empty() ? "." : from.parent_path(), ec)) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with(stem) || name.find_first_not_of("0123456789", stem.size()) != std::string::npos) continue;
    fs::copy_file(file.path(), to.string() + name.substr(stem.size() - 1), fs::copy_options::overwrite_existing);
  }
}

class OsShrinker {
 public:
  OsShrinker(const FinishedRun& run, double seconds)
      : run_(run), wanted_(signature(run.check, run.signal, run.message)), seconds_(seconds) {
    if (run.message.starts_with("workload: ")) {
      throw UserError("the run in " + run.folder.string() +
                      " failed in what the workload expects of itself, to which a part of its calls cannot be held");
    }
    folder_ = fs::temp_directory_path() / ("kilburn-shrink-os-" + std::to_string(getpid()));
    fs::create_directories(folder_);
    bool workload = false;
    for (std::size_t n = 0; n + 1 < run.command.size(); ++n) {
      const std::string& word = run.command[n];
      workload |= word == "--workload";
      if (word == "--trace" || word == "--calls") paths_.push_back(run.command[n + 1]);
    }
    of_calls_ = workload;
    if (workload && paths_.empty()) note_calls();
    for (const std::string& path : paths_) {
      lists_.push_back(of_calls_ ? read_calls(path) : read_trace(path));
      if (!of_calls_) copy_children(path, file(lists_.size() - 1));
    }
  }
  ~OsShrinker() {
    std::error_code ec;
    fs::remove_all(folder_, ec);
  }
  OsShrinker(const OsShrinker&) = delete;
  OsShrinker& operator=(const OsShrinker&) = delete;

  void shrink() {
    for (std::size_t n = 0; n < lists_.size(); ++n) write(file(n), lists_[n]);
    if (!fails()) {
      throw EnvironmentError("the run in " + run_.folder.string() + " does not fail so again (" + wanted_ + ")");
    }
    for (std::size_t n = 0; n < lists_.size() && !enough(); ++n) {
      lists_[n].items = ddmin(
          lists_[n].items,
          [&](const std::vector<std::string>& fewer) {
            write(file(n), {lists_[n].head, fewer});
            return fails();
          },
          [&] { return enough(); });
      write(file(n), lists_[n]);
    }
    if (!interrupted() && !fails()) throw EnvironmentError("the shortened run fails once and not again");
  }

  // Copies to `out`; the words that run it.
  std::vector<std::string> keep(const fs::path& out) const {
    std::vector<fs::path> kept;
    for (std::size_t n = 0; n < lists_.size(); ++n) {
      fs::path path = out;
      if (n != 0) path.replace_filename(out.stem().string() + std::to_string(n + 1) + out.extension().string());
      write(path, lists_[n]);
      if (!of_calls_) copy_children(file(n), path);
      kept.push_back(path);
    }
    return command(kept);
  }

  std::size_t items() const {
    std::size_t sum = 0;
    for (const List& list : lists_) sum += list.items.size();
    return sum;
  }
  bool of_calls() const { return of_calls_; }
  const List& first() const { return lists_[0]; }
  const FinishedRun& last() const { return last_; }  // of the runs that failed so
  u64 tries() const { return tries_; }
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  bool in_time() const { return seconds() <= seconds_; }

 private:
  fs::path file(std::size_t n) const {
    return folder_ / ((of_calls_ ? "list" : "trace") + std::to_string(n) + (of_calls_ ? ".calls" : ".lk"));
  }
  bool enough() const { return !in_time() || interrupted(); }

  // The workload's own program once more, its calls written down.
  void note_calls() {
    const fs::path calls = folder_ / "workload.calls";
    auto words = run_.command;
    words.insert(words.begin(), "run");
    words.insert(words.end(), {"--save-calls", calls.string()});
    if (!fails_with(words)) {
      throw EnvironmentError("the run in " + run_.folder.string() + " does not fail so again (" + wanted_ + ")");
    }
    paths_.push_back(calls.string());
  }

  std::vector<std::string> command(const std::vector<fs::path>& files) const {
    const char* option = of_calls_ ? "--calls" : "--trace";
    std::vector<std::string> words = {"run"};
    std::size_t next = 0;
    for (std::size_t n = 0; n < run_.command.size(); ++n) {
      words.push_back(run_.command[n]);
      if (run_.command[n] == option && n + 1 < run_.command.size()) words.push_back(files[next++].string()), ++n;
    }
    if (next == 0) words.insert(words.end(), {option, files.front().string()});
    return words;
  }

  bool fails() {
    std::vector<fs::path> files;
    for (std::size_t n = 0; n < lists_.size(); ++n) files.push_back(file(n));
    return fails_with(command(files));
  }

  bool fails_with(std::vector<std::string> words) {
    ++tries_;
    const fs::path out = folder_ / "run";
    words.insert(words.end(), {"--waves", "never", "--snapshots", "0", "--out", out.string()});
    bp::child child(fs::read_symlink("/proc/self/exe").string(), bp::args(words),
                    bp::std_in<bp::null, bp::std_out> bp::null, bp::std_err > bp::null);
    child.wait();
    if (child.exit_code() != 1) return false;
    const FinishedRun found = read_finished_run(out);
    if (signature(found.check, found.signal, found.message) != wanted_) return false;
    last_ = found;
    return true;
  }

  const FinishedRun& run_;
  FinishedRun last_;
  std::string wanted_;
  double seconds_;
  fs::path folder_;
  bool of_calls_ = false;
  std::vector<std::string> paths_;
  std::vector<List> lists_;
  u64 tries_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

bool is_of_the_os(const FinishedRun& run) { return run.check == "end-to-end" || run.check == "obligations"; }

int shrink_os(const FinishedRun& run, const fs::path& out, double seconds,
              const std::function<void(const FinishedRun&)>& then) {
  OsShrinker shrinker(run, seconds);
  const std::size_t before = shrinker.items();
  shrinker.shrink();
  const std::string& message = shrinker.last().message;
  const auto words =
      shrinker.keep(!out.empty() ? out : run.folder / (shrinker.of_calls() ? "shrunk.calls" : "shrunk.lk"));
  std::cout << shrinker.items() << (shrinker.of_calls() ? " calls of " : " events of ") << grouped(before) << "; "
            << grouped(shrinker.tries()) << " runs in " << static_cast<u64>(shrinker.seconds()) << " s"
            << (shrinker.in_time() ? "" : ", stopped by --seconds") << "\n  " << message.substr(0, message.find('\n'))
            << "\n\n";
  constexpr std::size_t kShown = 40;
  const auto& items = shrinker.first().items;
  for (std::size_t n = 0; n < std::min(items.size(), kShown); ++n) std::cout << items[n];
  std::cout << (items.size() > kShown ? "...\n" : "") << "\nkilburn";
  for (const std::string& word : words) std::cout << " " << shell_quote(word);
  std::cout << "\n";
  if (interrupted()) return 130;
  if (then) then(shrinker.last());
  return 0;
}

}  // namespace kilburn::tb
