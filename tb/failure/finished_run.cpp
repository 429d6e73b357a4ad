// SPDX-License-Identifier: Apache-2.0
//
// Reading result.json.
#include "tb/failure/finished_run.h"

#include <boost/json.hpp>
#include <boost/program_options/parsers.hpp>
#include <fstream>
#include <sstream>

#include "tb/errors.h"

namespace kilburn::tb {
namespace json = boost::json;

namespace {
std::string word(const json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}
}  // namespace

FinishedRun read_finished_run(const std::filesystem::path& folder) {
  const auto file = folder / "result.json";
  std::ifstream stream(file);
  if (!stream) throw UserError(folder.string() + " is not the folder of a finished run: it has no result.json");
  std::ostringstream text;
  text << stream.rdbuf();
  boost::system::error_code ec;
  const auto value = json::parse(text.str(), ec);
  const auto* object = ec ? nullptr : value.if_object();
  if (!object || !object->contains("kilburn_result")) throw UserError(file.string() + " is not the result of a run");

  FinishedRun run;
  run.folder = folder;
  run.verdict = word(*object, "verdict");
  run.format = word(*object, "format");
  run.dut = word(*object, "dut");
  run.source = word(*object, "source");
  run.command = boost::program_options::split_unix(word(*object, "reproduce"));
  if (run.command.size() < 2 || run.command[0] != "kilburn" || run.command[1] != "run") {
    throw UserError(file.string() + " names no command that could be repeated");
  }
  run.command.erase(run.command.begin(), run.command.begin() + 2);
  if (const auto* checks = object->if_contains("checks"); checks && checks->is_array()) {
    for (const auto& check : checks->get_array()) {
      if (check.is_string()) run.checks.emplace_back(check.get_string());
    }
  }
  const auto* failure = object->if_contains("failure");
  if (!failure || !failure->is_object()) return run;
  const auto& f = failure->get_object();
  run.check = word(f, "check");
  run.signal = word(f, "signal");
  run.message = word(f, "message");
  run.of_b = word(*object, "failed_dut") == "B";
  run.against = word(*object, "against");
  // Which of two it was stands before what was wrong.
  const std::string whose = run.of_b ? "B (" + run.against + "): " : "A (" + run.dut + "): ";
  if (!run.against.empty() && run.message.starts_with(whose)) run.message.erase(0, whose.size());
  if (const auto* mmu = object->if_contains("failed_mmu"); mmu && mmu->is_number()) {
    run.mmu = mmu->to_number<unsigned>(ec);
    for (const char* name : {"CPU ", "hart "}) {
      const std::string prefix = name + std::to_string(run.mmu) + ": ";
      if (run.message.starts_with(prefix)) run.message.erase(0, prefix.size());
    }
  }
  run.waves = word(f, "waves");
  const auto* cycle = f.if_contains("cycle");
  if (cycle && cycle->is_number()) run.cycle = cycle->to_number<arch::u64>(ec);
  return run;
}

}  // namespace kilburn::tb
