// SPDX-License-Identifier: Apache-2.0
//
// Conversion: the output appears under its name only when it is whole.
#include "tb/app/convert.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <set>

#include "sw/core/errors.h"
#include "sw/trace/compact.h"
#include "sw/trace/lackey_writer.h"
#include "sw/trace/open.h"
#include "sw/trace/summary.h"
#include "tb/app/command_line.h"
#include "tb/app/interrupt.h"
#include "tb/errors.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
namespace po = boost::program_options;
using arch::u32;
using arch::u64;

namespace {

constexpr u64 kMostBadLines = 1'000'000'000;
constexpr u64 kMostReferences = 1'000'000'000'000;
constexpr u64 kLook = 0xffff;  // events between looks for Ctrl-C, a mask

struct Choice {
  std::string in, out, to;
  bool force = false, alone = false, info = false;
  u64 skip_bad_lines = 0;
  u64 references = 0;  // of each file, 0: all
};

struct Stopped {};  // by Ctrl-C

void look_for_interrupt(u64 events) {
  if ((events & kLook) == 0 && interrupted()) throw Stopped();
}

// The beginning of a trace: what comes before its next reference too many.
class Beginning final : public os::TraceReader {
 public:
  Beginning(os::TraceReader& whole, u64 references) : whole_(whole), left_(references) {}
  bool next(os::TraceEvent& event) override {
    if (!whole_.next(event)) return false;
    return !event.reference() || left_-- != 0;
  }
  u64 line() const override { return whole_.line(); }
  const std::string& name() const override { return whole_.name(); }

 private:
  os::TraceReader& whole_;
  u64 left_;
};

// The output under a temporary name beside its own.
class Output {
 public:
  explicit Output(const std::string& path) : path_(path), temporary_(path + ".part." + std::to_string(getpid())) {
    file_ = std::fopen(temporary_.c_str(), "wbx");
    if (file_ == nullptr) fail(std::strerror(errno));
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    std::remove(temporary_.c_str());
  }
  std::FILE* file() { return file_; }
  [[noreturn]] void fail(const std::string& reason) const {
    throw EnvironmentError("the trace " + path_ + " cannot be written: " + reason);
  }
  void text(std::string& pending) {
    if (std::fwrite(pending.data(), 1, pending.size(), file_) != pending.size()) fail(std::strerror(errno));
    pending.clear();
  }
  void commit() {
    std::FILE* const file = std::exchange(file_, nullptr);
    int error = std::fflush(file) != 0 || fsync(fileno(file)) != 0 ? errno : 0;
    if (std::fclose(file) != 0 && error == 0) error = errno;
    if (error == 0 && std::rename(temporary_.c_str(), path_.c_str()) != 0) error = errno;
    if (error == 0) return;
    std::remove(temporary_.c_str());
    fail(std::strerror(error));
  }

 private:
  std::string path_, temporary_;
  std::FILE* file_ = nullptr;
};

void write_compact(os::TraceReader& reader, Output& output, os::TraceSummary& summary) {
  try {
    os::CompactWriter writer(output.file());
    for (os::TraceEvent event; reader.next(event);) {
      look_for_interrupt(writer.events());
      writer.add(event);
      summary.add(event);
    }
    writer.finish();
  } catch (const os::WriteFailure& failure) {
    output.fail(failure.what());
  }
}

void write_lackey(os::TraceReader& reader, Output& output, os::TraceSummary& summary) {
  std::string text;
  u64 events = 0;
  for (os::TraceEvent event; reader.next(event);) {
    look_for_interrupt(events++);
    os::append_lackey(event, text);
    summary.add(event);
    if (text.size() > 1 << 18) output.text(text);
  }
  output.text(text);
}

void print(const std::string& path, const os::OpenedTrace& opened, const os::TraceSummary& summary) {
  const auto row = [](std::string_view name, u64 value) {
    std::cout << "  " << std::left << std::setw(24) << name << std::right << std::setw(16) << grouped(value) << "\n";
  };
  std::cout << path << "  " << os::name(opened.format)
            << (opened.compression == os::Compression::none ? "" : " in " + std::string(os::name(opened.compression)))
            << "\n";
  row("events", summary.events());
  row("references", summary.references());
  for (std::size_t kind = 0; kind < os::kTraceEventKinds; ++kind) {
    const auto k = static_cast<os::TraceEvent::Kind>(kind);
    if (summary.count(k) != 0) row("  " + std::string(os::name(k)), summary.count(k));
  }
  row("bytes moved", summary.bytes());
  row("pages of 4 KB", summary.pages_4k());
  row("pages of 8 KB", summary.pages_8k());
  row("processes", 1 + summary.children().size());
}

// One file; then those of its children, which lie beside it as kilburn run looks for them.
void convert(const Choice& choice, const std::string& in, const std::string& out, std::set<std::string>& done) {
  if (!done.insert(in).second) return;
  const os::OpenedTrace opened = os::open_trace_as_found(in, {.skip_bad_lines = choice.skip_bad_lines});
  os::TraceSummary summary;
  if (choice.info) {
    u64 events = 0;
    for (os::TraceEvent event; opened.reader->next(event);) {
      look_for_interrupt(events++);
      summary.add(event);
    }
    print(in, opened, summary);
  } else {
    std::error_code ec;
    if (!choice.force && fs::exists(fs::symlink_status(out, ec))) {
      throw UserError(out + " exists; --force writes it again");
    }
    if (fs::equivalent(in, out, ec)) throw UserError(out + " is the trace that is read");
    Output output(out);
    Beginning beginning(*opened.reader, choice.references);
    os::TraceReader& reader = choice.references != 0 ? static_cast<os::TraceReader&>(beginning) : *opened.reader;
    if (choice.to == "lackey") {
      write_lackey(reader, output, summary);
    } else {
      write_compact(reader, output, summary);
    }
    output.commit();
    const auto size = fs::file_size(out, ec);
    std::cout << out << "  " << grouped(summary.events()) << " events, " << grouped(ec ? 0 : size) << " bytes\n";
  }
  if (choice.alone || in == "-") return;
  for (const u32 pid : summary.children()) {
    const std::string child = in + "." + std::to_string(pid);
    std::error_code ec;
    if (fs::exists(child, ec)) convert(choice, child, out + "." + std::to_string(pid), done);
  }
}

po::options_description options() {
  po::options_description all("Options");
  auto add = all.add_options();
  add("to", po::value<std::string>()->value_name("FORMAT"),
      "compact or lackey; default: lackey if OUT ends with .lk, else compact");
  add("force", "write OUT although it exists");
  add("info", "write nothing, count: events by kind, pages, processes");
  add("alone", "not the traces of child processes too (IN.PID to OUT.PID)");
  add("references", po::value<std::string>()->value_name("N"), "write only the first N references of each file");
  add("skip-bad-lines", po::value<std::string>()->value_name("N"),
      "leave out up to N wrong lines of each file; default: the first one ends the conversion");
  add("help", "this text");
  return all;
}

Choice choice_of(const po::variables_map& map) {
  Choice choice;
  choice.force = map.count("force") != 0;
  choice.alone = map.count("alone") != 0;
  choice.info = map.count("info") != 0;
  const auto files = map.count("files") ? map["files"].as<std::vector<std::string>>() : std::vector<std::string>{};
  if (files.size() != (choice.info ? 1 : 2)) {
    throw UserError(choice.info ? "convert --info needs one trace" : "convert needs two files, IN and OUT");
  }
  choice.in = files[0];
  if (!choice.info) choice.out = files[1];
  choice.to = choice.out.ends_with(".lk") ? "lackey" : "compact";
  if (map.count("to")) {
    if (choice.info) throw UserError("--to does not go with --info");
    choice.to = map["to"].as<std::string>();
    if (choice.to != "compact" && choice.to != "lackey") {
      throw UserError("--to is compact or lackey, not \"" + choice.to + "\"");
    }
  }
  if (map.count("references")) {
    if (choice.info) throw UserError("--references does not go with --info");
    choice.references = number(map, "references", 1, kMostReferences);
  }
  if (map.count("skip-bad-lines")) {
    choice.skip_bad_lines = number(map, "skip-bad-lines", 0, kMostBadLines);
  }
  return choice;
}

}  // namespace

int convert_command(const std::vector<std::string>& arguments) {
  const po::options_description known = options();
  po::options_description all;
  all.add(known).add_options()("files", po::value<std::vector<std::string>>());
  po::positional_options_description files;
  files.add("files", -1);
  const po::variables_map map = parse_command_line("convert", arguments, all, files);
  if (map.count("help")) {
    std::cout
        << "Usage: kilburn convert IN OUT [options]\n"
           "       kilburn convert --info IN\n\n"
           "Reads a trace of any known format (lackey, compact, ChampSim, drmemtrace text, din; plain or in gzip, "
           "xz, zstd;\n- is standard input) and writes it as a compact trace or as lackey text.\n"
           "Exit status: 0 done, 2 the input is wrong, 3 the environment failed, 130 interrupted.\n\n"
        << known;
    return 0;
  }
  const Choice choice = choice_of(map);
  watch_for_interrupts();
  std::set<std::string> done;
  try {
    convert(choice, choice.in, choice.out, done);
  } catch (const Stopped&) {
    return 130;
  }
  return 0;
}

}  // namespace kilburn::tb
