// SPDX-License-Identifier: Apache-2.0
//
// From counts to what is drawn: amounts as they are, events as rates between two samples.
#include "sw/report/history.h"

#include <algorithm>
#include <map>

#include "sw/report/chart.h"

namespace kilburn::os {

namespace {

using Samples = std::span<const Sample>;

template <class Value>
std::vector<double> amounts(Samples samples, Value value) {
  std::vector<double> y;
  for (const Sample& s : samples) y.push_back(static_cast<double>(value(s)));
  return y;
}

// The sample that a rate is measured from: the one before, but the last one may have come right after it.
size_t before(Samples samples, size_t n) {
  const u64 usual = samples[1].references - samples[0].references;
  size_t from = n - 1;
  while (from > 0 && samples[n].references - samples[from].references < usual / 2) --from;
  return from;
}

// Events for 1 000 references, between the sample before and this one.
template <class Value>
std::vector<double> rates(Samples samples, Value value) {
  std::vector<double> y(samples.size(), 0);
  for (size_t n = 1; n < samples.size(); ++n) {
    const size_t from = before(samples, n);
    const u64 references = samples[n].references - samples[from].references;
    if (references == 0) continue;
    y[n] = 1000.0 * static_cast<double>(value(samples[n]) - value(samples[from])) / static_cast<double>(references);
  }
  if (y.size() > 1) y[0] = y[1];
  return y;
}

bool anything(const std::vector<double>& y) {
  return std::any_of(y.begin(), y.end(), [](double value) { return value != 0; });
}

void add(Chart& chart, std::string name, std::vector<double> y, std::string colour = {}) {
  if (anything(y)) chart.series.push_back({std::move(name), std::move(y), std::move(colour)});
}

std::string drawn(const Chart& chart) { return chart.series.empty() ? std::string() : figure(chart); }

std::string spoken(std::string_view code) {
  std::string words(code);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

Chart memory_map(Samples samples, const std::vector<double>& x) {
  Chart chart{"Memory", "page frames", x, {}, true, 0};
  double all = 0;
  for (const u64 frames : samples.front().frames) all += static_cast<double>(frames);
  chart.top = all;
  const auto of = [&](MemoryUse use, const char* colour) {
    add(chart, std::string(name(use)),
        amounts(samples, [=](const Sample& s) { return s.frames[static_cast<size_t>(use)]; }), colour);
  };
  of(MemoryUse::kernel, "s8");
  of(MemoryUse::tables, "s4");
  of(MemoryUse::cache, "s2");
  of(MemoryUse::anonymous, "s0");
  of(MemoryUse::free, "free");
  return chart;
}

Chart faults(Samples samples, const std::vector<double>& x) {
  Chart chart{"Faults", "for 1 000 references", x, {}, true, 0};
  for (size_t kind = 0; kind < kFaultKinds; ++kind) {
    add(chart, spoken(name(static_cast<FaultKind>(kind))),
        rates(samples, [=](const Sample& s) { return s.faults[kind]; }));
  }
  return chart;
}

Chart swapping(Samples samples, const std::vector<double>& x) {
  Chart chart{"Swapping", "pages for 1 000 references", x, {}, false, 0};
  add(chart, "in", rates(samples, [](const Sample& s) { return s.swapped_in; }), "s0");
  add(chart, "out", rates(samples, [](const Sample& s) { return s.swapped_out; }), "s1");
  return chart;
}

Chart fragmentation(Samples samples, const std::vector<double>& x) {
  Chart chart{"Free memory by block", "page frames in free blocks", x, {}, true, 0};
  for (size_t order = Buddy::kMaxOrder + 1; order-- > 0;) {
    const std::string size = std::to_string(1u << order) + (order == 0 ? " frame" : " frames");
    add(chart, size, amounts(samples, [=](const Sample& s) { return s.free_frames[order]; }));
  }
  return chart;
}

Chart tlb(Samples samples, const std::vector<double>& x) {
  Chart chart{"TLB", "lookups answered, per cent", x, {}, false, 100};
  std::vector<double> y(samples.size(), 100);
  bool counted = false;
  for (size_t n = 1; n < samples.size(); ++n) {
    const size_t from = before(samples, n);
    const double hits = static_cast<double>(samples[n].tlb.hits - samples[from].tlb.hits);
    const double all = hits + static_cast<double>(samples[n].tlb.misses - samples[from].tlb.misses);
    y[n] = all > 0 ? 100 * hits / all : y[n - 1];
    counted = counted || all > 0;
  }
  if (y.size() > 1) y[0] = y[1];
  if (counted) add(chart, "hits", std::move(y));
  return chart;
}

// The processes that were largest over the run have a colour each, the others one together.
Chart residents(Samples samples, const std::vector<double>& x) {
  Chart chart{"Resident pages", "by process", x, {}, true, 0};
  std::map<u32, u64> weight;
  for (const Sample& s : samples) {
    for (const Sample::Resident& r : s.residents) {
      if (r.process != 0) weight[r.process] += r.pages;
    }
  }
  std::vector<std::pair<u64, u32>> largest;
  for (const auto& [process, pages] : weight) largest.emplace_back(pages, process);
  std::sort(largest.rbegin(), largest.rend());
  if (largest.size() > Sample::kResidents) largest.resize(Sample::kResidents);
  std::sort(largest.begin(), largest.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<double> others = amounts(samples, [](const Sample& s) {
    u64 sum = s.other_pages;
    for (const Sample::Resident& r : s.residents) sum += r.pages;
    return sum;
  });
  for (const auto& entry : largest) {
    std::vector<double> y = amounts(samples, [&](const Sample& s) {
      u64 pages = 0;
      for (const Sample::Resident& r : s.residents) pages += r.process == entry.second ? r.pages : 0;
      return pages;
    });
    for (size_t n = 0; n < y.size(); ++n) others[n] -= y[n];
    add(chart, "process " + std::to_string(entry.second), std::move(y));
  }
  add(chart, "others", std::move(others), "s8");
  return chart;
}

Chart working_set(Samples samples, const std::vector<double>& x) {
  Chart chart{"Working sets", "pages", x, {}, false, 0};
  add(chart, "used since last aged", amounts(samples, [](const Sample& s) { return s.young_pages; }), "s2");
  add(chart, "in the swap area", amounts(samples, [](const Sample& s) { return s.slots_used; }), "s1");
  return chart;
}

Chart invalidations(Samples samples, const std::vector<double>& x) {
  Chart chart{"Invalidations", "for 1 000 references", x, {}, false, 0};
  add(chart, "all CPUs", rates(samples, [](const Sample& s) { return s.invalidations; }), "s4");
  return chart;
}

}  // namespace

std::string history_charts(Samples samples) {
  if (samples.size() < 2) return {};
  const std::vector<double> x = amounts(samples, [](const Sample& s) { return s.references; });
  std::string html;
  for (const auto& chart : {memory_map, faults, swapping, fragmentation, tlb, residents, working_set, invalidations}) {
    html += drawn(chart(samples, x));
  }
  return html;
}

}  // namespace kilburn::os
