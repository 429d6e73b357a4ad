// SPDX-License-Identifier: Apache-2.0
//
// Requirements as a section of the page: a strip a group, every requirement with its tests behind it.
#include <map>
#include <sstream>

#include "tb/regress/html_parts.h"
#include "tb/regress/report.h"
#include "tb/regress/words.h"

namespace kilburn::regress {
namespace {

const char* shade_of(Shown shown) {
  switch (shown) {
    case Shown::passed:
      return "pass";
    case Shown::failed:
    case Shown::missing:
      return "fail";
    default:
      return "none";
  }
}

void requirement(std::ostream& out, const Requirement& r, const TestStates& states) {
  constexpr std::size_t kTestsShown = 12;
  const Shown shown = state_of(r, states);
  out << "<tr class=\"" << shade_of(shown) << "\"><th scope=\"row\">" << markup(r.id) << "</th><td>" << name(shown)
      << "</td><td>" << markup(r.text) << (r.measured ? ": " + markup(r.measured->says) : "") << "</td><td>";
  if (!r.without.empty()) out << markup(r.without);
  for (const std::string& pattern : r.unknown) out << "no test is called " << markup(pattern) << "<br>";
  // Tests that ran first: they say why.
  std::map<int, std::vector<std::string>> by_state;
  for (const std::string& test : r.tests) {
    const auto at = states.find(test);
    by_state[at == states.end() || at->second == TestState::not_run ? 2
             : at->second == TestState::failed                      ? 0
                                                                    : 1]
        .push_back(test);
  }
  std::size_t written = 0;
  for (const auto& [order, tests] : by_state) {
    for (const std::string& test : tests) {
      if (++written > kTestsShown) continue;
      out << (order == 0 ? "failed: " : "") << markup(test) << "<br>";
    }
  }
  if (written > kTestsShown) out << "and " << written - kTestsShown << " more";
  out << "</td></tr>\n";
}

}  // namespace

std::string plan_html(const PlanState& state) {
  std::ostringstream out;
  out << "<section aria-labelledby=\"requirements\">\n<h2 id=\"requirements\">Requirements</h2>\n";
  for (const RequirementGroup& group : state.plan.groups) {
    std::map<Shown, std::size_t> counts;
    std::vector<std::string> shades;
    for (const Requirement& r : group.requirements) {
      const Shown shown = state_of(r, state.states);
      ++counts[shown];
      shades.push_back(shade_of(shown));
    }
    std::string says;
    for (const auto& [shown, number] : counts) says += (says.empty() ? "" : ", ") + grouped(number) + " " + name(shown);
    out << "<details>\n<summary>" << markup(group.name) << ": " << says << strip_svg(shades, group.name + ": " + says)
        << "</summary>\n<p>" << markup(group.what)
        << "</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" << markup(group.name)
        << "\">\n<table>\n<thead><tr><th scope=\"col\">Id</th><th scope=\"col\">State</th><th scope=\"col\">What</th>"
           "<th scope=\"col\">Tests</th></tr></thead>\n<tbody>\n";
    for (const Requirement& r : group.requirements) requirement(out, r, state.states);
    out << "</tbody>\n</table>\n</div>\n</details>\n";
  }
  out << "</section>\n";
  return out.str();
}

}  // namespace kilburn::regress
