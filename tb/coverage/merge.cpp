// SPDX-License-Identifier: Apache-2.0
//
// Sums over runs; a greedy cover that looks again only at runs whose gain may still be the largest.
#include "tb/coverage/merge.h"

#include <algorithm>
#include <queue>

#include "tb/errors.h"

namespace kilburn::coverage {
namespace fs = std::filesystem;

void Merged::add(RunCoverage run) {
  for (const auto& [bin, count] : run.hits) {
    counts_[bin] = count > ~u64{0} - counts_[bin] ? ~u64{0} : counts_[bin] + count;
  }
  runs_.push_back(std::move(run));
}

Merged merge(const std::vector<fs::path>& places) {
  Merged merged;
  for (const fs::path& place : places) {
    std::error_code ec;
    if (!fs::exists(place, ec)) throw tb::UserError("there is no folder " + place.string());
    std::vector<fs::path> files;
    if (!fs::is_directory(place, ec)) {
      files.push_back(place);
    } else {
      fs::recursive_directory_iterator entry(place, fs::directory_options::skip_permission_denied, ec);
      for (; !ec && entry != fs::recursive_directory_iterator(); entry.increment(ec)) {
        if (entry->path().filename() == kFileName) files.push_back(entry->path());
      }
      if (ec) throw tb::UserError("the folder " + place.string() + " cannot be read: " + ec.message());
      if (files.empty()) {
        throw tb::UserError("no run in " + place.string() + " has a " + kFileName +
                            ": kilburn run --coverage leaves one");
      }
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) merged.add(read_file(file));
  }
  return merged;
}

Tally& Tally::operator+=(const Tally& t) {
  hit += t.hit;
  reachable += t.reachable;
  unreachable += t.unreachable;
  illegal += t.illegal;
  wrong += t.wrong;
  refuted += t.refuted;
  return *this;
}

Tally tally(const Merged& merged, const Item& item) {
  Tally t;
  for (u32 bin = item.offset; bin < item.offset + item.size; ++bin) {
    const bool hit = merged.hit(bin);
    switch (Model::get().standing(bin)) {
      case Standing::reachable:
        ++t.reachable;
        t.hit += hit;
        break;
      case Standing::unreachable:
        ++t.unreachable;
        t.refuted += hit;
        break;
      case Standing::illegal:
        ++t.illegal;
        t.wrong += hit;
        break;
    }
  }
  return t;
}

Tally tally(const Merged& merged) {
  Tally sum;
  for (const Item& item : Model::get().items()) sum += tally(merged, item);
  return sum;
}

std::vector<Ranked> rank(const Merged& merged) {
  const Model& model = Model::get();
  std::vector<bool> have(kAllBins);
  const auto gain = [&](std::size_t run) {
    u32 bins = 0;
    for (const auto& [bin, count] : merged.runs()[run].hits) {
      bins += !have[bin] && model.standing(bin) == Standing::reachable;
    }
    return bins;
  };
  // The first of equals is the earlier one, so the order of the runs decides nothing else.
  const auto less = [](const Ranked& a, const Ranked& b) {
    return a.gained != b.gained ? a.gained < b.gained : a.run > b.run;
  };
  std::priority_queue<Ranked, std::vector<Ranked>, decltype(less)> queue(less);
  for (std::size_t run = 0; run < merged.runs().size(); ++run) queue.push({run, gain(run)});
  std::vector<Ranked> chosen;
  while (!queue.empty()) {
    Ranked best = queue.top();
    queue.pop();
    const u32 now = gain(best.run);  // a gain only ever shrinks
    if (now == 0) continue;
    if (now != best.gained) {
      queue.push({best.run, now});
      continue;
    }
    chosen.push_back(best);
    for (const auto& [bin, count] : merged.runs()[best.run].hits) have[bin] = true;
  }
  return chosen;
}

Trend trend(const Merged& now, const Merged& before) {
  Trend found;
  for (u32 bin = 0; bin < kAllBins; ++bin) {
    if (Model::get().standing(bin) != Standing::reachable || now.hit(bin) == before.hit(bin)) continue;
    (now.hit(bin) ? found.gained : found.lost).push_back(bin);
  }
  return found;
}

}  // namespace kilburn::coverage
