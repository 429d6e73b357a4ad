// SPDX-License-Identifier: Apache-2.0
//
// The page: figures, a folded table of bins an item, the runs that would do, what changed.
#include <cstdio>
#include <sstream>

#include "tb/coverage/markup.h"
#include "tb/coverage/report.h"
#include "tb/text.h"

namespace kilburn::coverage {

namespace {

constexpr const char* kHead =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Coverage</title><style>"
    ":root{color-scheme:light dark;--line:#8886;--open:#c62828;--faint:#6b6b6b}"
    "@media(prefers-color-scheme:dark){:root{--open:#ff8a80;--faint:#a0a0a0}}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:auto;padding:1rem}"
    "h1{font-size:1.4rem}summary{cursor:pointer;display:flex;gap:1rem;align-items:center;flex-wrap:wrap}"
    "summary::before{content:'\\25b8'}details[open]>summary::before{content:'\\25be'}"
    "summary b{min-width:15rem}summary b~span:not(.faint){min-width:7rem}details{border-bottom:1px solid "
    "var(--line);padding:.3rem 0}"
    "meter{width:9rem}table{border-collapse:collapse;margin:.5rem 0;font-size:13px}"
    "td,th{border-bottom:1px solid var(--line);padding:.1rem .6rem;text-align:left;overflow-wrap:anywhere}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}.open{color:var(--open)}.faint{color:var(--faint)}"
    "code{font-size:12px;overflow-wrap:anywhere}</style></head><body>\n";

void bins(std::ostringstream& out, const Merged& merged, const Item& item, const char* heading, Standing standing,
          bool hit) {
  const Model& model = Model::get();
  std::ostringstream rows;
  std::size_t count = 0;
  for (u32 bin = item.offset; bin < item.offset + item.size; ++bin) {
    if (model.standing(bin) != standing || (standing == Standing::reachable && merged.hit(bin) != hit)) continue;
    ++count;
    rows << "<tr><td>" << markup(item.bin_text(bin)) << "</td><td class=\"n\">" << merged.counts()[bin] << "</td>";
    if (standing != Standing::reachable) rows << "<td>" << markup(model.reason(bin)) << "</td>";
    rows << "</tr>\n";
  }
  if (count == 0) return;
  const bool open = standing == Standing::reachable && !hit;
  out << "<details" << (open ? " open" : "") << "><summary" << (open ? " class=\"open\"" : "") << ">" << heading << " ("
      << count << ")</summary><table>\n"
      << rows.str() << "</table></details>\n";
}

void section(std::ostringstream& out, const Merged& merged, const Item& item) {
  const Tally t = tally(merged, item);
  char share[16];
  std::snprintf(share, sizeof share, "%.4f", t.reachable == 0 ? 1.0 : static_cast<double>(t.hit) / t.reachable);
  out << "<details id=\"" << markup(item.id) << "\"><summary><b>" << markup(item.id) << "</b><meter value=\"" << share
      << "\" aria-label=\"" << markup(item.id) << "\"></meter><span" << (t.hit < t.reachable ? " class=\"open\"" : "")
      << ">" << t.hit << " of " << t.reachable << "</span><span class=\"faint\">" << markup(item.says)
      << "</span></summary>\n";
  if (t.hit < t.reachable) out << "<p>A hole is reached by: " << markup(item.hint) << "</p>\n";
  bins(out, merged, item, "open", Standing::reachable, false);
  bins(out, merged, item, "hit", Standing::reachable, true);
  bins(out, merged, item, "unreachable", Standing::unreachable, false);
  bins(out, merged, item, "illegal", Standing::illegal, false);
  out << "</details>\n";
}

void changes(std::ostringstream& out, const char* what, const std::vector<u32>& bins) {
  out << "<details><summary>" << what << " (" << bins.size() << ")</summary><table>\n";
  for (const u32 bin : bins) {
    const Item& item = Model::get().item_of(bin);
    out << "<tr><td>" << markup(item.id) << "</td><td>" << markup(item.bin_text(bin)) << "</td></tr>\n";
  }
  out << "</table></details>\n";
}

}  // namespace

std::string html_report(const Merged& merged, const Trend* against) {
  std::ostringstream out;
  const Tally all = tally(merged);
  out << kHead << "<h1>Functional coverage: " << tb::grouped(all.hit) << " of " << tb::grouped(all.reachable)
      << " reachable bins</h1>\n<p>" << tb::grouped(merged.runs().size()) << " runs, model <code>"
      << Model::get().fingerprint() << "</code>; " << tb::grouped(all.unreachable)
      << " bins are unreachable, each with its reason, " << tb::grouped(all.illegal) << " illegal.</p>\n";
  if (all.wrong + all.refuted != 0) {
    out << "<p class=\"open\">" << all.wrong << " illegal bins and " << all.refuted
        << " bins called unreachable were hit.</p>\n";
  }
  if (against != nullptr) {
    out << "<h2>Against the earlier folder</h2>\n";
    changes(out, "gained", against->gained);
    changes(out, "lost", against->lost);
  }
  out << "<h2>Points and crosses</h2>\n";
  for (const Item& item : Model::get().items()) section(out, merged, item);
  const auto chosen = rank(merged);
  out << "<h2>Runs that keep the coverage</h2>\n<details><summary>" << chosen.size() << " of " << merged.runs().size()
      << "</summary><table><tr><th>gained</th><th>run</th></tr>\n";
  for (const Ranked& r : chosen) {
    out << "<tr><td class=\"n\">" << r.gained << "</td><td><code>" << markup(merged.runs()[r.run].command)
        << "</code></td></tr>\n";
  }
  out << "</table></details>\n</body></html>\n";
  return out.str();
}

}  // namespace kilburn::coverage
