// SPDX-License-Identifier: Apache-2.0
//
// Delta debugging of the events of a trace; each try is a run of the program in a process of its own.
#include "tb/app/shrink_trace.h"

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

using Events = std::vector<os::TraceEvent>;

constexpr u64 kMostEvents = 4'000'000;  // of one trace, in memory

Events read(const std::string& path) {
  Events events;
  const auto reader = os::open_trace(path);
  for (os::TraceEvent event; reader->next(event);) {
    if (events.size() == kMostEvents) {
      throw UserError("the trace " + path + " has more than " + grouped(kMostEvents) +
                      " events; kilburn convert --references N makes a shorter one");
    }
    events.push_back(event);
  }
  return events;
}

void write(const fs::path& path, const Events& events) {
  std::string text;
  for (const os::TraceEvent& event : events) os::append_lackey(event, text);
  std::ofstream out(path, std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw EnvironmentError("the trace " + path.string() + " cannot be written");
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

class TraceShrinker {
 public:
  TraceShrinker(const FinishedRun& run, double seconds)
      : run_(run), wanted_(signature(run.check, run.signal, run.message)), seconds_(seconds) {
    folder_ = fs::temp_directory_path() / ("kilburn-shrink-" + std::to_string(getpid()));
    fs::create_directories(folder_);
    for (std::size_t n = 0; n + 1 < run.command.size(); ++n) {
      if (run.command[n] == "--trace") paths_.push_back(run.command[n + 1]);
    }
    if (paths_.empty()) {
      throw UserError("the run in " + run.folder.string() +
                      " has no trace that could be shortened; a workload is made smaller by --scale");
    }
    for (const std::string& path : paths_) {
      traces_.push_back(read(path));
      copy_children(path, trace(traces_.size() - 1));
    }
  }
  ~TraceShrinker() {
    std::error_code ec;
    fs::remove_all(folder_, ec);
  }
  TraceShrinker(const TraceShrinker&) = delete;
  TraceShrinker& operator=(const TraceShrinker&) = delete;

  void shrink() {
    for (std::size_t n = 0; n < traces_.size(); ++n) write(trace(n), traces_[n]);
    if (!fails()) {
      throw EnvironmentError("the run in " + run_.folder.string() + " does not fail so again (" + wanted_ + ")");
    }
    for (std::size_t n = 0; n < traces_.size() && !enough(); ++n) {
      traces_[n] = ddmin(
          traces_[n],
          [&](const Events& fewer) {
            write(trace(n), fewer);
            return fails();
          },
          [&] { return enough(); });
      write(trace(n), traces_[n]);
    }
    if (!interrupted() && !fails()) throw EnvironmentError("the shortened trace fails in one run and not in the next");
  }

  // Copies to `out`; the words that run it.
  std::vector<std::string> keep(const fs::path& out) const {
    std::vector<fs::path> kept;
    for (std::size_t n = 0; n < traces_.size(); ++n) {
      fs::path path = out;
      if (n != 0) path.replace_filename(out.stem().string() + std::to_string(n + 1) + out.extension().string());
      write(path, traces_[n]);
      copy_children(trace(n), path);
      kept.push_back(path);
    }
    return command(kept);
  }

  u64 events() const {
    u64 sum = 0;
    for (const Events& events : traces_) sum += events.size();
    return sum;
  }
  const Events& first() const { return traces_[0]; }
  const std::string& message() const { return message_; }
  const std::string& wanted() const { return wanted_; }
  u64 tries() const { return tries_; }
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  bool in_time() const { return seconds() <= seconds_; }

 private:
  fs::path trace(std::size_t n) const { return folder_ / ("trace" + std::to_string(n) + ".lk"); }
  bool enough() const { return !in_time() || interrupted(); }

  std::vector<std::string> command(const std::vector<fs::path>& traces) const {
    std::vector<std::string> words = {"run"};
    std::size_t next = 0;
    for (std::size_t n = 0; n < run_.command.size(); ++n) {
      words.push_back(run_.command[n]);
      if (run_.command[n] == "--trace" && n + 1 < run_.command.size()) words.push_back(traces[next++].string()), ++n;
    }
    return words;
  }

  bool fails() {
    ++tries_;
    std::vector<fs::path> traces;
    for (std::size_t n = 0; n < traces_.size(); ++n) traces.push_back(trace(n));
    auto words = command(traces);
    const fs::path out = folder_ / "run";
    words.insert(words.end(), {"--waves", "never", "--snapshots", "0", "--out", out.string()});
    bp::child child(fs::read_symlink("/proc/self/exe").string(), bp::args(words),
                    bp::std_in<bp::null, bp::std_out> bp::null, bp::std_err > bp::null);
    child.wait();
    if (child.exit_code() != 1) return false;
    const FinishedRun found = read_finished_run(out);
    if (signature(found.check, found.signal, found.message) != wanted_) return false;
    message_ = found.message;
    return true;
  }

  const FinishedRun& run_;
  std::string wanted_, message_;
  double seconds_;
  fs::path folder_;
  std::vector<std::string> paths_;
  std::vector<Events> traces_;
  u64 tries_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

bool is_of_the_os(const FinishedRun& run) { return run.check == "end-to-end" || run.check == "obligations"; }

int shrink_traces(const FinishedRun& run, const fs::path& out, double seconds) {
  TraceShrinker shrinker(run, seconds);
  const u64 before = shrinker.events();
  shrinker.shrink();
  const auto words = shrinker.keep(out);
  std::cout << shrinker.events() << " events of " << grouped(before) << "; " << grouped(shrinker.tries()) << " runs in "
            << static_cast<u64>(shrinker.seconds()) << " s" << (shrinker.in_time() ? "" : ", stopped by --seconds")
            << "\n  " << shrinker.message() << "\n\n";
  constexpr std::size_t kShown = 40;
  std::string text;
  const Events& events = shrinker.first();
  for (std::size_t n = 0; n < std::min(events.size(), kShown); ++n) os::append_lackey(events[n], text);
  std::cout << text << (events.size() > kShown ? "...\n" : "") << "\nkilburn";
  for (const std::string& word : words) std::cout << " " << shell_quote(word);
  std::cout << "\n";
  return interrupted() ? 130 : 0;
}

}  // namespace kilburn::tb
