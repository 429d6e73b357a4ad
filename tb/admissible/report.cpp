// SPDX-License-Identifier: Apache-2.0
//
// Telling of a rejection: what was asked, what would have been right, what came near, and who wrote what when.
#include "tb/admissible/report.h"

#include <algorithm>

#include "tb/text.h"

namespace kilburn::admissible {

using tb::hex;

std::string text(Time time) {
  if (time == kForever) return "now";
  if (time == kAlways) return "the start";
  return "cycle " + std::to_string(cycle_of(time));
}

std::string text(const Asked& asked) {
  const arch::Request& r = asked.request;
  return std::string(arch::name(r.op)) + " of " + hex(r.va) + " in mode " + std::string(arch::name(r.mode)) +
         (r.ac ? " with AC" : "") + (r.implicit ? ", implicit" : "") + ", root " + hex(asked.context.root) + ", asid " +
         std::to_string(asked.context.asid) + ", controls " + hex(asked.context.controls) + ", accepted in " +
         text(asked.accepted);
}

std::string text(const Response& r) {
  if (r.fault != arch::Fault::none) {
    return std::string(arch::name(r.fault)) + (r.error != 0 ? ", error code " + hex(r.error) : "") +
           (r.level != 0 ? ", decided at level " + std::to_string(r.level) : "");
  }
  return "pa " + hex(r.pa) + ", page of 2^" + std::to_string(r.size) + " bytes, memory type " +
         std::to_string(r.memory_type) + (r.global ? ", global" : "");
}

namespace {

void versions_of(std::vector<std::string>& lines, const MmuView& view, u64 pa, unsigned level) {
  constexpr unsigned kShown = 8;
  lines.push_back("  level " + std::to_string(level) + " entry at " + hex(pa) + ":");
  if (!view.versions.now(pa)) {
    lines.push_back("    no such memory: bus error");
    return;
  }
  view.versions.newest_first(pa, kAlways, [&](const Version& version, unsigned age) {
    lines.push_back("    " + hex(version.value) + "  from " + text(version.from) + " to " + text(version.to));
    return age + 1 == kShown;
  });
}

}  // namespace

std::vector<std::string> details(const MmuView& view, const Asked& asked, const Response& response) {
  std::vector<std::string> lines;
  lines.push_back("request: " + text(asked));
  lines.push_back("response: " + text(response) + ", decided by " + text(response.decided));
  const auto now = arch::walk(view.format, view.settings, asked.context, asked.request,
                              [&](u64 pa) { return view.versions.now(pa); });
  lines.push_back("the translation of now: " + text(response_of(now)));
  std::vector<std::pair<u64, unsigned>> entries;
  const auto shown = [&](u64 pa, unsigned level) {
    if (std::find(entries.begin(), entries.end(), std::pair(pa, level)) == entries.end())
      entries.push_back({pa, level});
  };
  for (const arch::Step& step : now.steps) shown(step.pa, step.level);
  for (const NearMiss& miss : WitnessSearch(view, asked, response).nearest(3)) {
    std::string line = "near:";
    for (const WitnessStep& step : miss.path) {
      line += " level " + std::to_string(step.level) + " " + hex(step.version.value) + " (" + text(step.version.from) +
              " to " + text(step.version.to) + ")";
      shown(step.pa, step.level);
    }
    lines.push_back(line + "; breaks at level " + std::to_string(miss.level) + ": " + miss.reason);
  }
  lines.push_back("entries, newest version first:");
  for (const auto& [pa, level] : entries) versions_of(lines, view, pa, level);
  return lines;
}

std::vector<std::pair<std::string, u64>> summary(const Checker& checker) {
  const CheckerCounts counts = checker.counts();
  std::vector<std::pair<std::string, u64>> rows;
  for (unsigned n = 0; n < kLegalities; ++n) {
    if (counts.by_legality[n] != 0)
      rows.push_back({std::string(name(static_cast<Legality>(n))), counts.by_legality[n]});
  }
  for (std::size_t n = 1; n < counts.stale_by.size(); ++n) {
    if (counts.stale_by[n] == 0) continue;
    const bool last = n + 1 == counts.stale_by.size();
    rows.push_back({"stale by " + std::to_string(n) +
                        (last     ? " versions or more"
                         : n == 1 ? " version"
                                  : " versions"),
                    counts.stale_by[n]});
  }
  rows.push_back({"walker reads", counts.walker_reads});
  rows.push_back({"walker writes", counts.walker_writes});
  if (counts.walker_unknown != 0) rows.push_back({"walker accesses waived", counts.walker_unknown});
  rows.push_back({"invalidations", counts.invalidations});
  rows.push_back({"invalidations that ended nothing", checker.obligations().needless()});
  rows.push_back({"uses before an owed invalidation", checker.obligations().hazards()});
  rows.push_back({"rejections", counts.rejections});
  rows.push_back({"versions held", counts.versions});
  if (counts.versions_given_up != 0) rows.push_back({"versions given up", counts.versions_given_up});
  return rows;
}

}  // namespace kilburn::admissible
