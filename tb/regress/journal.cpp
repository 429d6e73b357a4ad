// SPDX-License-Identifier: Apache-2.0
//
// JSON lines, each written by one write(2), so that a kill leaves at most one line unfinished: the last.
#include "tb/regress/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

#include "tb/errors.h"
#include "tb/regress/files.h"

namespace kilburn::regress {
namespace fs = std::filesystem;
namespace json = boost::json;
using tb::EnvironmentError;
using tb::UserError;

namespace {

json::object record(const char* phase, std::size_t job, const Outcome& o) {
  json::object line{{"phase", phase}, {"job", job}, {"verdict", name(o.verdict)}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) line[key] = value;
  };
  add("check", o.check);
  add("message", o.message);
  add("reproduce", o.reproduce);
  add("waves", o.waves);
  if (o.cycle != 0) line["cycle"] = o.cycle;
  line["comparisons"] = o.comparisons;
  line["cycles"] = o.cycles;
  line["seconds"] = o.seconds;
  line["peak_memory"] = o.peak_memory;
  add("machine", o.machine);
  add("lost", o.lost);
  return line;
}

Outcome outcome_of(const json::object& line) {
  Outcome o;
  const auto text = [&](const char* key) {
    const auto* value = line.if_contains(key);
    return value ? std::string(value->as_string()) : std::string();
  };
  o.verdict = run_verdict_from_name(text("verdict"));
  o.check = text("check");
  o.message = text("message");
  o.reproduce = text("reproduce");
  o.waves = text("waves");
  if (const auto* cycle = line.if_contains("cycle")) o.cycle = cycle->to_number<u64>();
  o.comparisons = line.at("comparisons").to_number<u64>();
  o.cycles = line.at("cycles").to_number<u64>();
  o.seconds = line.at("seconds").to_number<double>();
  o.peak_memory = line.at("peak_memory").to_number<u64>();
  o.machine = text("machine");
  o.lost = text("lost");
  return o;
}

void take(const json::object& line, std::size_t jobs, Results& known) {
  const auto& phase = line.at("phase").as_string();
  if (phase == "runner") {
    known.seconds += line.at("seconds").to_number<double>();
    return;
  }
  const auto job = line.at("job").to_number<std::size_t>();
  if (job >= jobs) throw std::out_of_range("a run that the plan does not have");
  if (phase == "run")
    known.runs[job] = outcome_of(line);
  else if (phase == "repeat")
    known.repeated[job] = outcome_of(line);
  else
    throw std::out_of_range("no phase is called " + std::string(phase));
}

// Takes the whole lines of `content`; returns their length.
std::size_t take_lines(const std::string& content, const fs::path& file, std::size_t jobs, Results& known) {
  known.runs.resize(jobs);
  std::size_t at = 0, number = 0;
  for (std::size_t end; (end = content.find('\n', at)) != std::string::npos; at = end + 1) {
    ++number;
    try {
      take(json::parse(std::string_view(content).substr(at, end - at)).as_object(), jobs, known);
    } catch (const std::exception& e) {
      if (end + 1 == content.size()) return at;  // the last line, damaged by a power cut
      throw UserError(file.string() + ":" + std::to_string(number) + ": the journal is damaged: " + e.what());
    }
  }
  return at;
}

}  // namespace

void Journal::read(const fs::path& file, std::size_t jobs, Results& known) {
  known.runs.resize(jobs);
  std::error_code ec;
  if (fs::exists(file, ec)) take_lines(read_file(file), file, jobs, known);
}

Journal::Journal(const fs::path& file, std::size_t jobs, Results& known)
    : file_(file), out_(-1), synced_(std::chrono::steady_clock::now()) {
  known.runs.resize(jobs);
  std::error_code ec;
  std::size_t whole = 0;
  if (fs::exists(file, ec)) whole = take_lines(read_file(file), file, jobs, known);
  out_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (out_ < 0 || ::ftruncate(out_, static_cast<off_t>(whole)) != 0) {
    const int error = errno;
    if (out_ >= 0) ::close(out_);
    throw EnvironmentError("the journal " + file.string() + " cannot be written: " + std::strerror(error));
  }
}

Journal::~Journal() { ::close(out_); }

void Journal::append(const std::string& text) {
  const std::string line = text + "\n";
  const ssize_t written = ::write(out_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) {
    const int error = written < 0 ? errno : ENOSPC;
    throw EnvironmentError("the journal " + file_.string() + " cannot be written: " + std::strerror(error) +
                           "; nothing that stands in it is lost");
  }
  if (std::chrono::steady_clock::now() - synced_ >= kSyncPeriod) sync();
}

void Journal::ended(std::size_t job, const Outcome& o) { append(json::serialize(record("run", job, o))); }
void Journal::repeated(std::size_t job, const Outcome& o) { append(json::serialize(record("repeat", job, o))); }
void Journal::runner_spent(double seconds) {
  append(json::serialize(json::object{{"phase", "runner"}, {"seconds", seconds}}));
}

void Journal::sync() {
  if (::fdatasync(out_) != 0 && errno != EINVAL) {  // EINVAL: a device that has nothing to flush
    throw EnvironmentError("the journal " + file_.string() + " cannot be written: " + std::strerror(errno));
  }
  synced_ = std::chrono::steady_clock::now();
}

}  // namespace kilburn::regress
