// SPDX-License-Identifier: Apache-2.0
//
// Sweeping.
#include "tests/exhaustive/space.h"

#include <sstream>
#include <stdexcept>

#include "tb/lockstep/lockstep.h"
#include "tb/random.h"

namespace kilburn::exhaustive {
namespace {
constexpr std::size_t kMessages = 10;
}  // namespace

void Report::differ(const char* what, u64 found, u64 expected) {
  std::ostringstream text;
  text << (differences_.empty() ? "" : "; ") << what << " is 0x" << std::hex << found << ", expected 0x" << expected;
  differences_ += text.str();
}

Result sweep(const Space& space, Machine& machine, const Sweep& range) {
  Result result;
  Report report;
  const u64 first_cycle = machine.cycles();
  u64 number = 0;
  const auto run = [&](u64 index) {
    space.run(number, machine, report);
    ++result.run;
    if (!report.failed()) [[likely]]
      return;
    ++result.wrong;
    std::string text = "case " + std::to_string(index) + " (" + space.describe(number) + "): " + report.take();
    if (result.messages.size() < kMessages) result.messages.push_back(std::move(text));
  };
  try {
    space.begin(machine);
    if (range.sample != 0 && range.sample < space.cases) {
      tb::Random random(range.seed);
      while (result.run < range.sample) {
        number = random.below(space.numbers);
        if (space.legal != nullptr && !space.legal(number)) continue;
        ++result.legal;
        run(number);
      }
    } else {
      for (; number < space.numbers; ++number) {
        if (space.legal != nullptr && !space.legal(number)) continue;
        const u64 index = result.legal++;
        if (index < range.from) continue;
        if (index - range.from >= range.count) break;
        run(index);
      }
    }
    machine.finish();
  } catch (const tb::DutWrong& wrong) {
    ++result.wrong;
    result.messages.push_back("number " + std::to_string(number) + " (" + space.describe(number) + "): " + wrong.check +
                              ": " + wrong.what());
  }
  result.comparisons = report.comparisons();
  result.cycles = machine.cycles() - first_cycle;
  return result;
}

const std::vector<Space>& spaces() {
  static const std::vector<Space> all = [] {
    std::vector<Space> list;
    for (auto* part : {access_spaces, truth_spaces, beyond_spaces, cached_spaces}) {
      for (Space& one : part()) list.push_back(std::move(one));
    }
    return list;
  }();
  return all;
}

const Space& space(const std::string& name) {
  for (const Space& one : spaces()) {
    if (one.name == name) return one;
  }
  throw std::invalid_argument("there is no space \"" + name + "\"");
}

}  // namespace kilburn::exhaustive
