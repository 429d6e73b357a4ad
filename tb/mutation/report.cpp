// SPDX-License-Identifier: Apache-2.0
//
// Lines, tables, JSON.
#include "tb/mutation/report.h"

#include <algorithm>
#include <map>

#include "tb/text.h"

namespace kilburn::mutation {
namespace json = boost::json;

namespace {

constexpr std::size_t kVerdicts = 6;

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

std::string found_text(const Finding& finding) {
  return finding.found() ? finding.rule + " after " + tb::grouped(finding.responses) : "-";
}

json::value found_json(const Finding& finding) {
  if (!finding.found()) return nullptr;
  return json::object{
      {"rule", finding.rule}, {"message", finding.message}, {"seed", finding.seed}, {"responses", finding.responses}};
}

std::string of_text(const Mutant& mutant) { return mutant.dut + " " + std::string(arch::name(mutant.format)); }

}  // namespace

std::string text_line(const Result& result) {
  std::string line = "  " + padded(of_text(result.mutant), 22) + padded(result.mutant.id, 15) +
                     padded(std::string(name(result.verdict)), 10);
  line += padded(found_text(result.admissible), 26) + padded("protocol " + found_text(result.protocol), 30);
  if (result.exact_applies) line += padded("exact " + found_text(result.exact), 34);
  if (!result.remark.empty()) line += " " + result.remark;
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string text_summary(const std::vector<Result>& results) {
  std::map<std::string, std::array<u64, kVerdicts>> counts;
  for (const Result& result : results) {
    ++counts[of_text(result.mutant)][static_cast<std::size_t>(result.verdict)];
    ++counts["in all"][static_cast<std::size_t>(result.verdict)];
  }
  std::string text;
  for (const auto& [of, by_verdict] : counts) {
    text += "  " + padded(of, 24);
    std::string list;
    for (std::size_t n = 0; n < kVerdicts; ++n) {
      if (by_verdict[n] == 0) continue;
      list +=
          (list.empty() ? "" : ", ") + tb::grouped(by_verdict[n]) + " " + std::string(name(static_cast<Verdict>(n)));
    }
    text += list + "\n";
  }
  return text + "  " + (passed(results) ? "PASSED" : "FAILED") + "\n";
}

json::object to_json(const Campaign& campaign, const std::vector<Result>& results) {
  json::array list;
  for (const Result& result : results) {
    json::object o{{"dut", result.mutant.dut},
                   {"format", arch::name(result.mutant.format)},
                   {"bug", result.mutant.id},
                   {"description", result.mutant.sentence},
                   {"source", result.mutant.source},
                   {"verdict", name(result.verdict)},
                   {"admissible", found_json(result.admissible)},
                   {"protocol", found_json(result.protocol)}};
    if (result.exact_applies) o["exact"] = found_json(result.exact);
    if (!result.remark.empty()) o["remark"] = result.remark;
    list.push_back(std::move(o));
  }
  return {{"count", campaign.effort.count},
          {"seeds", campaign.effort.seeds},
          {"first_seed", campaign.effort.first_seed},
          {"check", campaign.judge == Judge::exact ? "exact" : "admissible"},
          {"passed", passed(results)},
          {"mutants", std::move(list)}};
}

std::string markdown(const std::vector<Result>& results) {
  std::string text, of;
  for (const Result& result : results) {
    if (of_text(result.mutant) != of) {
      of = of_text(result.mutant);
      text += "\n### " + of + "\n\n| bug | admissible | after | protocol | after | exact | after |\n";
      text += "| --- | --- | --- | --- | --- | --- | --- |\n";
    }
    const auto cells = [](const Finding& finding) {
      if (!finding.found()) return std::string(" - | |");
      return " " + finding.rule + " | " + tb::grouped(finding.responses) + " |";
    };
    text += "| " + result.mutant.id + " |";
    if (result.verdict == Verdict::rejected)
      text += cells(result.admissible);
    else
      text += " " + std::string(name(result.verdict)) + ": " + result.remark + " | |";
    text += cells(result.protocol) + (result.exact_applies ? cells(result.exact) : std::string(" | |")) + "\n";
  }
  return text;
}

}  // namespace kilburn::mutation
