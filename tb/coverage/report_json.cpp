// SPDX-License-Identifier: Apache-2.0
//
// The merged coverage for programs: figures by item, every hole with its words.
#include <boost/json.hpp>

#include "tb/coverage/report.h"

namespace kilburn::coverage {
namespace json = boost::json;

namespace {

json::object figures(const Tally& t) {
  return {{"hit", t.hit},         {"reachable", t.reachable}, {"unreachable", t.unreachable},
          {"illegal", t.illegal}, {"illegal_hit", t.wrong},   {"unreachable_hit", t.refuted}};
}

}  // namespace

std::string json_report(const Merged& merged) {
  const Model& model = Model::get();
  json::array items;
  for (const Item& item : model.items()) {
    json::object entry = figures(tally(merged, item));
    entry["id"] = item.id;
    entry["says"] = item.says;
    json::array open;
    for (u32 bin = item.offset; bin < item.offset + item.size; ++bin) {
      if (merged.owed(bin)) open.emplace_back(item.bin_text(bin));
    }
    if (!open.empty()) entry["reached_by"] = item.hint;
    entry["holes"] = std::move(open);
    items.push_back(std::move(entry));
  }
  json::array ranked;
  for (const Ranked& r : rank(merged)) {
    ranked.push_back(json::object{{"run", merged.runs()[r.run].command}, {"gained", r.gained}});
  }
  json::object report = {{"model", model.fingerprint()},
                         {"runs", merged.runs().size()},
                         {"all", figures(tally(merged))},
                         {"items", std::move(items)},
                         {"ranked", std::move(ranked)}};
  return json::serialize(report) + "\n";
}

}  // namespace kilburn::coverage
