// SPDX-License-Identifier: Apache-2.0
//
// The option goes into the plan, so a resumed regression has it too.
#include "tb/app/regress_coverage.h"

#include <algorithm>
#include <fstream>
#include <ostream>

#include "tb/app/options.h"
#include "tb/coverage/report.h"
#include "tb/errors.h"

namespace kilburn::tb {
namespace fs = std::filesystem;

namespace {

constexpr const char* kOption = "--coverage";

bool asks(const regress::Test& test) {
  return std::find(test.options.begin(), test.options.end(), kOption) != test.options.end();
}

}  // namespace

void add_coverage(regress::Plan& plan) {
  for (regress::Test& test : plan.tests) {
    if (asks(test)) continue;
    auto words = test.options;
    words.push_back(kOption);
    try {
      if (parse_run_options(words)) test.options = words;
    } catch (const UserError&) {
      // Nothing to cover there; what is wrong with the test itself is told when it is prepared.
    }
  }
}

void report_coverage(const regress::Plan& plan, const fs::path& folder, std::ostream& out) {
  if (std::none_of(plan.tests.begin(), plan.tests.end(), asks)) return;
  try {
    const coverage::Merged merged = coverage::merge({folder});
    const fs::path page = folder / "coverage.html";
    std::ofstream(page) << coverage::html_report(merged, nullptr);
    const coverage::Tally all = coverage::tally(merged);
    out << "  coverage                      " << all.hit << " of " << all.reachable << " reachable bins, "
        << page.string() << "\n";
  } catch (const UserError& e) {
    out << "  coverage                      none: " << e.what() << "\n";
  }
}

}  // namespace kilburn::tb
