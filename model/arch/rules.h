// SPDX-License-Identifier: Apache-2.0
//
// The rules of rules.def as an enumeration, and what is known about each.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kilburn::arch {

enum class Rule : std::uint8_t {
  none,
#define KILBURN_RULE(name, id, fault, when, source, traps) name,
#include "model/arch/rules.def"
};

struct RuleInfo {
  Rule rule;
  std::string_view id;      // "x86.smap"
  std::string_view fault;   // "#PF"
  std::string_view when;    // the condition in words
  std::string_view source;  // manual and section
  std::string_view traps;   // "T26, T27"; may be empty
};

// In the order of rules.def, without Rule::none.
std::span<const RuleInfo> all_rules();
// Of Rule::none every text is empty.
const RuleInfo& info(Rule);
inline std::string_view id(Rule rule) { return info(rule).id; }
std::optional<Rule> rule_from_id(std::string_view);

}  // namespace kilburn::arch
