// SPDX-License-Identifier: Apache-2.0
//
// Settings by name.
#include "tb/admissible/relaxations.h"

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/lexical_cast/try_lexical_convert.hpp>
#include <stdexcept>

namespace kilburn::admissible {

namespace {

struct Switch {
  const char* name;
  bool Relaxations::*value;
};
constexpr Switch kSwitches[] = {
    {"upper-before-lower", &Relaxations::upper_before_lower},
    {"leaf-a-on-denial", &Relaxations::leaf_a_on_denial},
    {"fault-self-invalidates", &Relaxations::fault_self_invalidates},
    {"alpha-fault-self-invalidates", &Relaxations::alpha_fault_self_invalidates},
    {"negative-caching", &Relaxations::negative_caching},
    {"speculative-d", &Relaxations::speculative_d},
    {"smaller-size", &Relaxations::smaller_size},
    {"duplicate-fill-ignored", &Relaxations::duplicate_fill_ignored},
    {"latched-roots", &Relaxations::latched_roots},
    {"walker-reads", &Relaxations::walker_reads_checked},
};

struct Limit {
  const char* name;
  arch::u64 Relaxations::*value;
};
constexpr Limit kLimits[] = {
    {"response-limit", &Relaxations::response_limit}, {"acknowledge-limit", &Relaxations::acknowledge_limit},
    {"retry-limit", &Relaxations::retry_limit},       {"versions-a-word", &Relaxations::versions_a_word},
    {"search-limit", &Relaxations::search_limit},
};

constexpr std::string_view kScopes[] = {"architecture", "context", "prefix", "bulk"};
constexpr std::string_view kScopeName = "psc-scope";
constexpr std::string_view kLegalityNames[kLegalities] = {"fresh",    "direct", "stale",   "mixed",
                                                          "spurious", "filled", "early-a", "waived"};

}  // namespace

std::string_view name(Legality legality) { return kLegalityNames[static_cast<unsigned>(legality)]; }

void relax(Relaxations& relaxations, std::string_view setting) {
  const auto equals = setting.find('=');
  const std::string name(setting.substr(0, equals));
  const std::string value(equals == std::string_view::npos ? "" : setting.substr(equals + 1));
  for (const Switch& s : kSwitches) {
    if (name != s.name) continue;
    if (value != "on" && value != "off") {
      throw std::invalid_argument("relaxation " + name + " is on or off, not '" + value + "'");
    }
    relaxations.*s.value = value == "on";
    return;
  }
  for (const Limit& limit : kLimits) {
    if (name != limit.name) continue;
    arch::u64 number = 0;
    if (value.empty() || value.front() == '-' || !boost::conversion::try_lexical_convert(value, number) ||
        number == 0) {
      throw std::invalid_argument("relaxation " + name + " needs a number from 1, not '" + value + "'");
    }
    relaxations.*limit.value = number;
    return;
  }
  if (name == kScopeName) {
    for (unsigned n = 0; n < std::size(kScopes); ++n) {
      if (value == kScopes[n]) {
        relaxations.psc_scope = static_cast<PscScope>(n);
        return;
      }
    }
    throw std::invalid_argument("relaxation psc-scope is architecture, context, prefix or bulk, not '" + value + "'");
  }
  throw std::invalid_argument("no relaxation is called '" + name + "'");
}

std::vector<std::string> settings_text(const Relaxations& relaxations) {
  std::vector<std::string> lines;
  for (const Switch& s : kSwitches) {
    lines.push_back(std::string(s.name) + "=" + (relaxations.*s.value ? "on" : "off"));
  }
  lines.push_back(std::string(kScopeName) + "=" + std::string(kScopes[static_cast<unsigned>(relaxations.psc_scope)]));
  for (const Limit& limit : kLimits) {
    lines.push_back(std::string(limit.name) + "=" + std::to_string(relaxations.*limit.value));
  }
  return lines;
}

void forbid(Forbidden& forbidden, std::string_view classes) {
  std::vector<std::string> words;
  boost::algorithm::split(words, classes, boost::algorithm::is_any_of(","));
  for (const std::string& word : words) {
    bool known = false;
    for (unsigned n = 0; n < kLegalities; ++n) {
      if (word != kLegalityNames[n]) continue;
      forbidden[n] = known = true;
    }
    if (!known) throw std::invalid_argument("no class of legality is called '" + word + "'");
  }
}

}  // namespace kilburn::admissible
