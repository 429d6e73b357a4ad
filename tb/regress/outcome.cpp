// SPDX-License-Identifier: Apache-2.0
//
// The verdict of one run. Exit status 0 is not enough: the result must be there, be this run's, and hold comparisons.
#include "tb/regress/outcome.h"

#include <array>
#include <boost/json.hpp>
#include <csignal>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "tb/errors.h"
#include "tb/regress/files.h"
#include "tb/regress/words.h"

namespace kilburn::regress {
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::array<const char*, 8> kNames = {"passed", "failed",   "hang",      "crashed",
                                               "memory", "no proof", "bad input", "environment"};

// The last line that is not empty: what a program says before it gives up.
std::string last_line(const fs::path& file) {
  std::ifstream text(file);
  std::string last;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) last = line;
  }
  if (last.starts_with("kilburn: ")) last.erase(0, 9);
  return clean(last.substr(0, 2000));
}

std::optional<json::object> result_of(const fs::path& folder) {
  std::error_code ec;
  const fs::path file = folder / "result.json";
  if (!fs::exists(file, ec)) return std::nullopt;
  try {
    return json::parse(read_file(file)).as_object();
  } catch (const std::exception&) {
    return std::nullopt;  // no result that anybody could read
  }
}

std::string text(const json::object& o, const char* key) {
  const json::value* value = o.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

u64 number(const json::object& o, const char* key) {
  const json::value* value = o.if_contains(key);
  if (!value || !value->is_number()) return 0;
  boost::system::error_code ec;
  const u64 number = value->to_number<u64>(ec);
  return ec ? 0 : number;
}

void take(const json::object& result, Outcome& outcome) {
  outcome.cycles = number(result, "cycles");
  outcome.reproduce = text(result, "reproduce");
  if (const json::value* comparisons = result.if_contains("comparisons"); comparisons && comparisons->is_object()) {
    for (const auto& figure : comparisons->get_object()) {
      outcome.comparisons += number(comparisons->get_object(), std::string(figure.key()).c_str());
    }
  }
  const json::value* value = result.if_contains("failure");
  if (!value || !value->is_object()) return;
  const json::object& failure = value->get_object();
  outcome.check = text(failure, "check");
  outcome.message = text(failure, "message");
  outcome.cycle = number(failure, "cycle");
  if (const std::string waves = text(failure, "waves"); !waves.empty()) {
    outcome.waves = fs::path(waves).filename().string();
  }
}

// What a run that ended with 0 owes.
std::string debt(const Test& test, u64 seed, const std::optional<json::object>& result, const Outcome& outcome,
                 const fs::path& folder) {
  if (!result) return "ended with status 0 and left no result";
  if (const std::string verdict = text(*result, "verdict"); verdict != "passed") {
    return "ended with status 0, and its result says \"" + verdict + "\"";
  }
  if (number(*result, "seed") != seed) return "its result is of another seed";
  if (outcome.comparisons < test.comparisons) {
    return "made " + std::to_string(outcome.comparisons) + " comparisons, fewer than " +
           std::to_string(test.comparisons);
  }
  for (const std::string& name : test.files) {
    std::error_code ec;
    const auto size = fs::file_size(folder / name, ec);
    if (ec || size == 0) return "the file " + name + " is missing or empty";
  }
  return "";
}

}  // namespace

const char* name(RunVerdict verdict) { return kNames[static_cast<std::size_t>(verdict)]; }

RunVerdict run_verdict_from_name(const std::string& word) {
  for (std::size_t n = 0; n < kNames.size(); ++n) {
    if (word == kNames[n]) return static_cast<RunVerdict>(n);
  }
  throw std::out_of_range("no verdict is called " + word);
}

Outcome judge(const Test& test, u64 seed, const Ended& ended, const fs::path& folder) {
  Outcome outcome;
  outcome.seconds = ended.seconds;
  outcome.peak_memory = ended.peak_memory;
  outcome.machine = ended.machine;
  outcome.lost = ended.lost;
  const auto result = result_of(folder);
  const bool hang = ended.timed_out || ended.signal == SIGXCPU;
  // Where the clock stopped a run says nothing: the figures would differ every time.
  if (result && !hang) take(*result, outcome);
  const auto say = [&](RunVerdict verdict, std::string message) {
    outcome.verdict = verdict;
    outcome.message = std::move(message);
    return outcome;
  };
  if (hang) {
    std::ostringstream limit;
    limit << "no end within " << test.time_limit << " s";
    return say(RunVerdict::hang, limit.str());
  }
  const std::string said = last_line(folder / "stderr.txt");
  const bool no_memory = said.find("out of memory") != std::string::npos;
  if (no_memory && ended.signal == 0 && ended.status == 3) {
    return say(RunVerdict::memory, "needs more than " + std::to_string(test.memory_limit) + " MB of data");
  }
  if (ended.signal != 0) {
    const char* abbreviation = sigabbrev_np(ended.signal);
    return say(RunVerdict::crashed,
               "ended by SIG" + std::string(abbreviation ? abbreviation : "?") + (said.empty() ? "" : ": " + said));
  }
  switch (ended.status) {
    case 0:
      if (const std::string owed = debt(test, seed, result, outcome, folder); !owed.empty()) {
        return say(RunVerdict::no_proof, owed);
      }
      return outcome;
    case 1:
      // A sanitizer or a script ends with 1 too: only a result that says so blames the DUT.
      if (!result || text(*result, "verdict") != "failed") {
        return say(RunVerdict::crashed, "ended with status 1 and left no failure" + (said.empty() ? "" : ": " + said));
      }
      outcome.verdict = outcome.check == "honesty" ? RunVerdict::no_proof : RunVerdict::failed;
      if (outcome.message.empty()) outcome.message = "failed without a reason";
      return outcome;
    case 2:
      return say(RunVerdict::bad_input, said.empty() ? "ended with status 2 and no reason" : said);
    case 3:
      return say(RunVerdict::environment, said.empty() ? "ended with status 3 and no reason" : said);
    default:
      return say(RunVerdict::crashed,
                 "ended with status " + std::to_string(ended.status) + (said.empty() ? "" : ": " + said));
  }
}

}  // namespace kilburn::regress
