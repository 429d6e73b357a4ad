// SPDX-License-Identifier: Apache-2.0
//
// Addresses and words are hexadecimal strings, since a JSON number need not hold 64 bits.
#include "tb/explain/explanation_json.h"

#include <boost/json.hpp>

#include "model/arch/rules.h"
#include "tb/explain/named_bits.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace bj = boost::json;

namespace {

bj::array array(const std::vector<std::string>& words) {
  bj::array out;
  for (const auto& word : words) out.emplace_back(word);
  return out;
}

bj::object level_object(const ExplainedLevel& level) {
  bj::object out{{"level", level.level}, {"table", level.table}, {"index", level.index}, {"entry_at", hex(level.pa)}};
  if (!level.value) {
    out["unreadable"] = true;
    return out;
  }
  out["value"] = hex(*level.value);
  out["bits"] = array(level.bits);
  if (!level.reserved.empty()) out["reserved"] = array(level.reserved);
  if (level.next) out["points_to"] = hex(*level.next);
  if (!level.rights.empty()) out["rights"] = level.rights;
  if (level.updated) out["updated"] = hex(*level.updated);
  return out;
}

bj::object decision_object(const arch::Outcome& outcome) {
  bj::object out{{"text", decision(outcome)}};
  if (outcome.fault.code == arch::Fault::none) {
    const arch::Translation& t = outcome.translation;
    out["outcome"] = "translated";
    out["pa"] = hex(outcome.pa);
    out["page_bytes"] = arch::u64{1} << t.page_log2;
    out["memory_type"] = t.memory_type;
    out["global"] = t.global;
    return out;
  }
  const arch::RuleInfo& rule = arch::info(outcome.fault.rule);
  out["outcome"] = arch::name(outcome.fault.code);
  if (outcome.fault.code == arch::Fault::page) {
    out["error"] = hex(outcome.fault.error);
    out["error_bits"] = array(named_bits(WordLayout::PageFaultError, outcome.fault.error));
  }
  out["level"] = outcome.fault.level;
  out["rule"] = bj::object{{"id", rule.id}, {"when", rule.when}, {"source", rule.source}, {"traps", rule.traps}};
  return out;
}

}  // namespace

bj::object json(const Explanation& told) {
  const bool x86 = told.format == arch::Format::x86_64;
  bj::object request{
      {"op", arch::name(told.request.op)}, {"va", hex(told.request.va)}, {"mode", arch::name(told.request.mode)}};
  bj::object context{{"root", hex(told.context.root)},
                     {"asid", told.context.asid},
                     {"controls", array(named_bits(WordLayout::Controls, told.context.controls))}};
  if (x86) {
    request["ac"] = told.request.ac;
    request["implicit"] = told.request.implicit;
    context["pkru"] = hex(told.context.pkru);
    context["pkrs"] = hex(told.context.pkrs);
    context["pa_width"] = told.settings.pa_width;
  }
  bj::array levels;
  for (const auto& level : told.levels) levels.emplace_back(level_object(level));
  bj::object out{{"format", arch::name(told.format)},
                 {"request", std::move(request)},
                 {"context", std::move(context)},
                 {"levels", std::move(levels)},
                 {"decision", decision_object(told.outcome)}};
  if (!told.compared.empty()) {
    bj::array rows;
    for (const auto& row : told.compared) {
      rows.emplace_back(
          bj::object{{"field", row.name}, {"architecture", row.expected}, {"dut", row.found}, {"agrees", row.agrees}});
    }
    out["compared"] = std::move(rows);
  }
  return out;
}

}  // namespace kilburn::tb
