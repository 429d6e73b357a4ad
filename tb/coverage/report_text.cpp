// SPDX-License-Identifier: Apache-2.0
//
// The table of points, the holes with what reaches them, the ranking, the trend.
#include <algorithm>
#include <cstdio>
#include <ostream>

#include "tb/coverage/report.h"
#include "tb/text.h"

namespace kilburn::coverage {

namespace {

std::string percent(u32 hit, u32 all) {
  if (all == 0) return "-";
  char text[16];
  // Never rounded up to 100.
  const double part = 100.0 * hit / all;
  std::snprintf(text, sizeof text, "%.1f %%", hit == all ? 100.0 : std::min(part, 99.9));
  return text;
}

void row(std::ostream& out, const std::string& name, const Tally& t) {
  char text[160];
  std::snprintf(text, sizeof text, "  %-26s %8u %10u %12u  %8s", name.c_str(), t.hit, t.reachable, t.unreachable,
                percent(t.hit, t.reachable).c_str());
  out << text;
  if (t.wrong != 0) out << "  illegal bins hit: " << t.wrong;
  if (t.refuted != 0) out << "  called unreachable and hit: " << t.refuted;
  out << "\n";
}

void holes(std::ostream& out, const Merged& merged, std::size_t most) {
  const Model& model = Model::get();
  for (const Item& item : model.items()) {
    std::size_t open = 0;
    for (u32 bin = item.offset; bin < item.offset + item.size; ++bin) {
      if (!merged.owed(bin)) continue;
      if (open++ == 0) out << "\n  " << item.id << ", " << item.says << ": " << item.hint << "\n";
      if (most == 0 || open <= most) out << "    " << item.bin_text(bin) << "\n";
    }
    if (most != 0 && open > most) out << "    and " << open - most << " more\n";
  }
  for (u32 bin = 0; bin < kAllBins; ++bin) {
    if (!merged.hit(bin) || model.standing(bin) != Standing::unreachable) continue;
    const Item& item = model.item_of(bin);
    out << "  hit, though called unreachable: " << item.id << ": " << item.bin_text(bin) << " (" << model.reason(bin)
        << ")\n";
  }
}

}  // namespace

void print_report(std::ostream& out, const Merged& merged, const Wanted& wanted) {
  out << "kilburn coverage  " << tb::grouped(merged.runs().size()) << " runs, model " << Model::get().fingerprint()
      << "\n\n"
      << "  point or cross                  hit  reachable  unreachable\n";
  for (const Item& item : Model::get().items()) row(out, item.id, tally(merged, item));
  out << "\n";
  const Tally all = tally(merged);
  row(out, "all", all);
  if (wanted.holes) {
    if (all.hit == all.reachable && all.refuted == 0) {
      out << "\n  no holes\n";
    } else {
      holes(out, merged, wanted.most);
    }
  }
  if (!wanted.rank) return;
  const auto chosen = rank(merged);
  out << "\n  " << chosen.size() << " of " << merged.runs().size() << " runs keep the coverage\n";
  for (const Ranked& r : chosen) {
    char gained[32];
    std::snprintf(gained, sizeof gained, "  %8u  ", r.gained);
    out << gained << merged.runs()[r.run].command << "\n";
  }
}

void print_trend(std::ostream& out, const Trend& trend, std::size_t most) {
  const auto list = [&](const char* what, const std::vector<u32>& bins) {
    out << "\n  " << what << " " << bins.size() << "\n";
    std::size_t shown = 0;
    for (const u32 bin : bins) {
      if (most != 0 && shown++ == most) {
        out << "    and " << bins.size() - most << " more\n";
        return;
      }
      const Item& item = Model::get().item_of(bin);
      out << "    " << item.id << ": " << item.bin_text(bin) << "\n";
    }
  };
  list("gained", trend.gained);
  list("lost", trend.lost);
}

}  // namespace kilburn::coverage
