// SPDX-License-Identifier: Apache-2.0
//
// The table of illegal variants.
#include "tb/dut/models/wild_bugs.h"

#include <array>
#include <string>
#include <vector>

namespace kilburn::tb::wild {
namespace {

constexpr BugInfo kBugs[] = {
#define KILBURN_WILD_BUG(name, id, formats, needs, sentence, source) {Bug::name, id, formats, needs, sentence, source},
    KILBURN_WILD_BUGS(KILBURN_WILD_BUG)
#undef KILBURN_WILD_BUG
};

struct List {
  std::vector<std::string> lines;
  std::vector<const char*> pointers;

  explicit List(unsigned mask) {
    for (const BugInfo& bug : kBugs) {
      if ((bug.formats & mask) == 0) continue;
      lines.push_back(std::string(bug.id) + "\t" + std::string(bug.sentence) + "\t" + std::string(bug.source));
    }
    for (const std::string& line : lines) pointers.push_back(line.c_str());
    pointers.push_back(nullptr);
  }
};

}  // namespace

std::span<const BugInfo> all_bugs() { return kBugs; }

const BugInfo& info(Bug bug) { return kBugs[static_cast<std::size_t>(bug) - 1]; }

const char* const* bug_list(arch::Format format) {
  static const std::array<List, 3> lists{List(kX), List(kAlpha), List(kAlphaX64)};
  return lists[static_cast<std::size_t>(format)].pointers.data();
}

Bug bug_from_id(arch::Format format, std::string_view id) {
  for (const BugInfo& bug : kBugs) {
    if (bug.id == id && (bug.formats & mask_of(format)) != 0) return bug.bug;
  }
  return Bug::none;
}

}  // namespace kilburn::tb::wild
