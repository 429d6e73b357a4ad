// SPDX-License-Identifier: Apache-2.0
//
// Save files of the viewers.
#include "tb/failure/viewer_files.h"

#include <algorithm>
#include <sstream>

#include "tb/failure/pin_codes.h"
#include "tb/failure/wave_time.h"

namespace kilburn::tb {
using arch::u64;

namespace {

constexpr struct {
  const char* name;
  const char* prefix;  // of a signal
  bool deep;           // in scopes of that scope too
  bool folded;
} kGroups[] = {{"Verdict", "verdict.", false, false},
               {"Transactions", "transactions.", false, false},
               {"Instruction port", "top.i_", false, false},
               {"Data port", "top.d_", false, false},
               {"Context", "top.ctx_", false, false},
               {"Settings", "top.cfg", false, false},
               {"Page-table memory", "top.mem_", false, false},
               {"Invalidation", "top.inv_", false, false},
               {"Counters", "top.evt_", false, true},
               {"Reference: misses and walkers", "twin.", false, false},
               {"Reference: expected outputs", "expected.", false, true},
               {"Reference: instruction TLB", "twin.i_tlb.", true, true},
               {"Reference: data TLB", "twin.d_tlb.", true, true},
               {"Reference: L2 TLB", "twin.l2.", true, true},
               {"Reference: structure caches", "twin.psc.", true, true}};

// The states that tell what the units are doing, where the design has them.
constexpr const char* kStates[] = {"inv_state_q", "prefetch_state_q", "state_q"};

// GTKWave's: ASCII, binary, an enumeration of the file, hexadecimal; at the right end of its place.
const char* format_of(const FstFile::Signal& signal) {
  if (signal.bits == 0) return "@820";
  if (codes_of_pin(signal.name.substr(signal.name.rfind('.') + 1)) != nullptr) return "@10000020";
  return signal.bits == 1 ? "@28" : "@22";
}

// A word of a command.
std::string one_word(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
}

void put_markers(std::ostream& out, const std::vector<Marker>& markers, const CycleTimes& time_of) {
  // A marker goes to a time (Surfer 0.4 and later; its manual leaves the word out, and the cursor is there as well).
  for (const Marker& marker : markers) {
    const u64 time = time_of(marker.cycle);
    out << "cursor_set " << time << "\n"
        << "marker_set " << one_word(marker.name) << " " << time << "\n";
  }
  if (!markers.empty()) out << "goto_cursor\n";
}

}  // namespace

std::vector<SignalGroup> signal_groups(const FstFile& file) {
  std::vector<SignalGroup> groups = {{"Clock and reset", {}}};
  for (const char* name : {"top.clk_i", "top.rst_ni"}) {
    if (const auto* signal = file.find(name)) groups[0].signals.push_back(signal);
  }
  for (const auto& group : kGroups) {
    groups.push_back({group.name, {}, group.folded});
    const std::string_view prefix = group.prefix;
    const std::size_t scope = prefix.find_last_of('.') + 1;
    for (const auto& signal : file.signals()) {
      if (signal.name.starts_with(prefix) && (group.deep || signal.name.find('.', scope) == std::string::npos)) {
        groups.back().signals.push_back(&signal);
      }
    }
  }
  groups.push_back({"States", {}});
  for (const auto& signal : file.signals()) {
    const auto dot = signal.name.rfind('.');
    const std::string last = signal.name.substr(dot + 1);
    const bool inside = signal.name.starts_with("top.") && signal.name.find('.') != dot;
    if (inside && std::find(std::begin(kStates), std::end(kStates), last) != std::end(kStates)) {
      groups.back().signals.push_back(&signal);
    }
  }
  std::erase_if(groups, [](const SignalGroup& group) { return group.signals.empty(); });
  return groups;
}

std::string gtkwave_save_file(const FstFile& file, const std::vector<Marker>& markers, u64 offset) {
  std::ostringstream out;
  const CycleTimes time_of(file, offset);
  constexpr u64 kShownBefore = 25;  // cycles before the last marker, at the left edge
  const u64 last = markers.empty() ? file.begin() : time_of(markers.back().cycle);
  out << "[timestart] " << std::max(file.begin(), last - std::min(last, kShownBefore * kTimePerCycle))
      << "\n[size] 1600 1000\n[pos] -1 -1\n";
  // Zoom (some 33 cycles on a wide screen), the primary marker, then the markers A to Z.
  out << "*-6.000000 " << last;
  for (std::size_t n = 0; n < 26; ++n) {
    if (n < markers.size())
      out << " " << time_of(markers[n].cycle);
    else
      out << " -1";
  }
  out << "\n";
  for (std::size_t n = 0; n < markers.size() && n < 26; ++n) {
    out << "[markername] " << static_cast<char>('A' + n) << markers[n].name << "\n";
  }
  out << "[sst_width] 200\n[signals_width] 330\n[sst_expanded] 0\n";
  for (const auto& group : signal_groups(file)) {
    out << (group.folded ? "@c00200\n-" : "@800200\n-") << group.name << "\n";
    for (const auto* signal : group.signals) {
      out << format_of(*signal) << "\n" << signal->name << signal->range << "\n";
    }
    out << (group.folded ? "@1401200\n" : "@1000200\n") << "-group_end\n";
  }
  return out.str();
}

std::string surfer_command_file(const FstFile& file, const std::vector<Marker>& markers, u64 offset) {
  std::ostringstream out;
  const CycleTimes time_of(file, offset);
  for (const auto& group : signal_groups(file)) {
    if (group.folded) continue;
    out << "divider_add " << one_word(group.name) << "\n";
    for (const auto* signal : group.signals) out << "variable_add " << signal->name << "\n";
  }
  put_markers(out, markers, time_of);
  return out.str();
}

std::string surfer_command_file_of_transactions(const FstFile& waves, const std::vector<Marker>& markers, u64 offset) {
  std::ostringstream out;
  out << "stream_add tr\n";  // all of them
  put_markers(out, markers, CycleTimes(waves, offset));
  return out.str();
}

}  // namespace kilburn::tb
