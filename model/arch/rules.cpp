// SPDX-License-Identifier: Apache-2.0
//
// The table of rules.
#include "model/arch/rules.h"

#include <cstddef>

namespace kilburn::arch {
namespace {

constexpr RuleInfo kNone{Rule::none, "", "", "", "", ""};
constexpr RuleInfo kRules[] = {
#define KILBURN_RULE(name, id, fault, when, source, traps) {Rule::name, id, fault, when, source, traps},
#include "model/arch/rules.def"
};

}  // namespace

std::span<const RuleInfo> all_rules() { return kRules; }

const RuleInfo& info(Rule rule) { return rule == Rule::none ? kNone : kRules[static_cast<std::size_t>(rule) - 1]; }

std::optional<Rule> rule_from_id(std::string_view id) {
  for (const RuleInfo& rule : kRules) {
    if (rule.id == id) return rule.rule;
  }
  return std::nullopt;
}

}  // namespace kilburn::arch
