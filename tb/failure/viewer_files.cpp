// SPDX-License-Identifier: Apache-2.0
//
// Save files of the viewers.
#include "tb/failure/viewer_files.h"

#include <algorithm>
#include <sstream>

#include "tb/failure/wave_time.h"

namespace kilburn::tb {
using arch::u64;

namespace {

constexpr struct {
  const char* name;
  const char* prefix;  // of a port
} kGroups[] = {{"Instruction port", "i_"},    {"Data port", "d_"},      {"Context", "ctx_"}, {"Settings", "cfg"},
               {"Page-table memory", "mem_"}, {"Invalidation", "inv_"}, {"Counters", "evt_"}};

// The states that tell what the units are doing, where the design has them.
constexpr const char* kStates[] = {"state_q", "walk_state_q", "inv_state_q", "slot_state_q", "level_q"};

u64 time_of(const FstFile& file, const Marker& marker, u64 offset) {
  return time_of_cycle_0_at(file, offset, marker.cycle) + kTimePerCycle * marker.cycle;
}

}  // namespace

std::vector<SignalGroup> signal_groups(const FstFile& file) {
  std::vector<SignalGroup> groups = {{"Clock and reset", {}}};
  for (const char* name : {"top.clk_i", "top.rst_ni"}) {
    if (const auto* signal = file.find(name)) groups[0].signals.push_back(signal);
  }
  for (const auto& group : kGroups) {
    groups.push_back({group.name, {}});
    for (const auto& signal : file.signals()) {
      if (signal.name.starts_with(std::string("top.") + group.prefix) &&
          signal.name.find('.', 4) == std::string::npos) {
        groups.back().signals.push_back(&signal);
      }
    }
  }
  groups.push_back({"States", {}});
  for (const auto& signal : file.signals()) {
    const auto dot = signal.name.rfind('.');
    const std::string last = signal.name.substr(dot + 1);
    const bool inside = dot != std::string::npos && signal.name.find('.') != dot;
    if (inside && std::find(std::begin(kStates), std::end(kStates), last) != std::end(kStates)) {
      groups.back().signals.push_back(&signal);
    }
  }
  std::erase_if(groups, [](const SignalGroup& group) { return group.signals.empty(); });
  return groups;
}

std::string gtkwave_save_file(const FstFile& file, const std::vector<Marker>& markers, u64 offset) {
  std::ostringstream out;
  constexpr u64 kShownBefore = 50;  // cycles before the last marker, at the left edge
  const u64 last = markers.empty() ? file.begin() : time_of(file, markers.back(), offset);
  out << "[timestart] " << std::max(file.begin(), last - std::min(last, kShownBefore * kTimePerCycle))
      << "\n[size] 1600 1000\n[pos] -1 -1\n";
  // Zoom (some 65 cycles on a wide screen), the primary marker, then the markers A to Z.
  out << "*-7.000000 " << last;
  for (std::size_t n = 0; n < 26; ++n) {
    if (n < markers.size())
      out << " " << time_of(file, markers[n], offset);
    else
      out << " -1";
  }
  out << "\n";
  for (std::size_t n = 0; n < markers.size() && n < 26; ++n) {
    out << "[markername] " << static_cast<char>('A' + n) << markers[n].name << "\n";
  }
  out << "[sst_width] 200\n[signals_width] 330\n[sst_expanded] 0\n";
  for (const auto& group : signal_groups(file)) {
    out << "@200\n-" << group.name << "\n";  // a comment
    for (const auto* signal : group.signals) {
      out << (signal->bits == 1 ? "@28\n" : "@22\n") << signal->name << signal->range << "\n";  // binary, hexadecimal
    }
  }
  return out.str();
}

std::string surfer_command_file(const FstFile& file, const std::vector<Marker>& markers, u64 offset) {
  std::ostringstream out;
  for (const auto& group : signal_groups(file)) {
    out << "divider_add " << group.name << "\n";
    for (const auto* signal : group.signals) out << "variable_add " << signal->name << "\n";
  }
  for (const Marker& marker : markers) {
    out << "cursor_set " << time_of(file, marker, offset) << "\n"
        << "marker_set " << marker.name << "\n";
  }
  if (!markers.empty()) out << "goto_cursor\n";
  return out.str();
}

}  // namespace kilburn::tb
