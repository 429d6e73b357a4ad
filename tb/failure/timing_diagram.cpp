// SPDX-License-Identifier: Apache-2.0
//
// Sampling and drawing. A cycle is sampled at its start, where its inputs and outputs stand side by side.
#include "tb/failure/timing_diagram.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>

#include "tb/errors.h"

namespace kilburn::tb {
using arch::u64;

namespace {

std::string readable(std::string_view bits) {
  if (bits.size() == 1) return std::string(bits);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t end = bits.size(); end > 0; end -= std::min<std::size_t>(end, 4)) {
    const auto nibble = bits.substr(end < 4 ? 0 : end - 4, std::min<std::size_t>(end, 4));
    unsigned digit = 0;
    char unknown = 0;
    for (const char c : nibble) {
      digit = digit << 1 | (c == '1');
      if (c != '0' && c != '1') unknown = c;
    }
    text += unknown ? unknown : kDigits[digit];
  }
  while (text.size() > 1 && text.back() == '0') text.pop_back();
  std::reverse(text.begin(), text.end());
  return "0x" + text;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

// Calls `run(from, to)` for each stretch of equal values.
template <class Run>
void stretches(const std::vector<std::string>& values, const Run& run) {
  for (std::size_t from = 0, to; from < values.size(); from = to) {
    for (to = from + 1; to < values.size() && values[to] == values[from];) ++to;
    run(from, to);
  }
}

std::size_t name_width(const Diagram& diagram) {
  std::size_t width = 5;
  for (const Trace& trace : diagram.traces) width = std::max(width, trace.name.size());
  return width + 2;
}

}  // namespace

Diagram sample(const FstFile& file, const std::vector<std::string>& names, u64 first, u64 last,
               const CycleTimes& time_of) {
  Diagram diagram;
  diagram.first = first;
  std::vector<unsigned> handles;
  std::unordered_map<unsigned, std::vector<std::size_t>> rows;
  for (const std::string& name : names) {
    const auto* signal = file.find(name);
    if (!signal) throw UserError("the waves have no signal " + name);
    rows[signal->handle].push_back(diagram.traces.size());
    handles.push_back(signal->handle);
    diagram.traces.push_back({signal->name.starts_with("top.") ? signal->name.substr(4) : signal->name, signal->bits,
                              std::vector<std::string>(last - first + 1)});
  }
  std::vector<u64> times;
  for (u64 cycle = first; cycle <= last; ++cycle) times.push_back(time_of(cycle));
  const u64 to = times.back();
  if (to < file.begin() || times.front() > file.end()) {
    const auto cycle = [&](u64 time) {
      const u64 offset = time_of(first) - kTimePerCycle * first;
      return std::to_string(time < offset ? 0 : (time - offset) / kTimePerCycle);
    };
    throw UserError("the waves hold cycles " + cycle(file.begin()) + " to " + cycle(file.end()) + ", not " +
                    std::to_string(first) + " to " + std::to_string(last));
  }
  file.read(handles, to, [&](u64 time, unsigned handle, std::string_view value) {
    // A change counts from the first sample at its time or later.
    const auto at = static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), time) - times.begin());
    if (at == times.size()) return;
    for (const std::size_t row : rows[handle]) {
      Trace& trace = diagram.traces[row];
      trace.values[at] = trace.bits != 0 ? readable(value) : value.empty() ? " " : std::string(value);
    }
  });
  for (Trace& trace : diagram.traces) {
    for (std::size_t n = 1; n < trace.values.size(); ++n) {
      if (trace.values[n].empty()) trace.values[n] = trace.values[n - 1];
    }
  }
  return diagram;
}

std::string to_text(const Diagram& diagram) {
  constexpr std::size_t kColumn = 4;
  const std::size_t left = name_width(diagram);
  const std::size_t cycles = diagram.traces.empty() ? 0 : diagram.traces[0].values.size();
  std::ostringstream out;
  // A number every five cycles, and a tick there.
  std::string numbers(left, ' '), ticks(left, ' ');
  for (std::size_t n = 0; n < cycles; ++n) {
    const bool numbered = (diagram.first + n) % 5 == 0 || n == 0;
    if (numbered && numbers.size() <= left + kColumn * n) {
      numbers = padded(numbers, left + kColumn * n) + std::to_string(diagram.first + n) + " ";
    }
    ticks += numbered ? "|   " : "'   ";
  }
  out << padded("cycle", left) << numbers.substr(std::min(left, numbers.size())) << "\n" << ticks << "\n";
  std::map<std::string, std::string> legend;
  for (const Trace& trace : diagram.traces) {
    std::string line;
    stretches(trace.values, [&](std::size_t from, std::size_t to) {
      const std::size_t width = kColumn * (to - from);
      const std::string& value = trace.values[from];
      if (trace.bits == 1) {
        line += value.empty() ? std::string(width, '?')
                              : std::string(width, value == "1"   ? '#'
                                                   : value == "0" ? '_'
                                                                  : value[0]);
        return;
      }
      std::string shown = value;
      if (shown.size() + 1 > width) {
        auto& label = legend[value];
        if (label.empty()) label = "*" + std::to_string(legend.size());
        shown = label;
      }
      line += padded("|" + shown, width).substr(0, width);
    });
    out << padded(trace.name, left) << line << "\n";
  }
  for (const Marker& marker : diagram.markers) {
    if (marker.cycle < diagram.first || marker.cycle >= diagram.first + cycles) continue;
    out << std::string(left + kColumn * (marker.cycle - diagram.first), ' ') << "^ " << marker.name << ", cycle "
        << marker.cycle << "\n";
  }
  std::vector<std::pair<std::size_t, std::string>> labels;
  for (const auto& [value, label] : legend) labels.emplace_back(std::stoul(label.substr(1)), value);
  std::sort(labels.begin(), labels.end());
  for (const auto& [number, value] : labels) out << "  *" << number << " " << value << "\n";
  return out.str();
}

std::string to_svg(const Diagram& diagram) {
  constexpr std::size_t kColumn = 36, kRow = 26, kHigh = 16, kTop = 30;  // px
  const std::size_t left = 8 * name_width(diagram);
  const std::size_t cycles = diagram.traces.empty() ? 0 : diagram.traces[0].values.size();
  const std::size_t width = left + kColumn * cycles + 10;
  const std::size_t bottom = kTop + kRow * diagram.traces.size();
  const std::size_t height = bottom + 18 * diagram.markers.size() + 10;
  std::ostringstream out;
  out << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\"" << height
      << "\" font-family=\"monospace\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  const auto line = [&](std::size_t x1, std::size_t y1, std::size_t x2, std::size_t y2, const char* color) {
    out << "<line x1=\"" << x1 << "\" y1=\"" << y1 << "\" x2=\"" << x2 << "\" y2=\"" << y2 << "\" stroke=\"" << color
        << "\"/>\n";
  };
  const auto write = [&](std::size_t x, std::size_t y, const std::string& text, const char* color) {
    out << "<text x=\"" << x << "\" y=\"" << y << "\" fill=\"" << color << "\">" << escaped(text) << "</text>\n";
  };
  for (std::size_t n = 0; n < cycles; ++n) {
    line(left + kColumn * n, kTop - 8, left + kColumn * n, bottom, "#dddddd");
    if ((diagram.first + n) % 5 == 0 || n == 0)
      write(left + kColumn * n, 16, std::to_string(diagram.first + n), "#666666");
  }
  for (std::size_t row = 0; row < diagram.traces.size(); ++row) {
    const Trace& trace = diagram.traces[row];
    const std::size_t high = kTop + kRow * row, low = high + kHigh;
    write(6, low - 3, trace.name, "black");
    stretches(trace.values, [&](std::size_t from, std::size_t to) {
      const std::size_t x1 = left + kColumn * from, x2 = left + kColumn * to;
      const std::string& value = trace.values[from];
      if (trace.bits == 1 && (value == "0" || value == "1")) {
        const std::size_t y = value == "1" ? high : low;
        line(x1, y, x2, y, "#006400");
        if (from != 0) line(x1, high, x1, low, "#006400");
        return;
      }
      out << "<rect x=\"" << x1 << "\" y=\"" << high << "\" width=\"" << x2 - x1 << "\" height=\"" << kHigh
          << "\" fill=\"" << (value.find_first_of("zX?") != std::string::npos || value.empty() ? "#ffdddd" : "#eef4ff")
          << "\" stroke=\"#204080\"><title>" << escaped(trace.name + " = " + value) << "</title></rect>\n";
      const std::size_t room = (x2 - x1 - 4) / 7;
      if (room >= 3) write(x1 + 3, low - 4, value.size() <= room ? value : value.substr(0, room - 1) + "~", "black");
    });
  }
  std::size_t y = bottom + 14;
  for (const Marker& marker : diagram.markers) {
    if (marker.cycle < diagram.first || marker.cycle >= diagram.first + cycles) continue;
    const std::size_t x = left + kColumn * (marker.cycle - diagram.first);
    line(x, kTop - 8, x, y - 8, "#c00000");
    write(x + 3, y, marker.name + ", cycle " + std::to_string(marker.cycle), "#c00000");
    y += 18;
  }
  out << "</svg>\n";
  return out.str();
}

WaveComparison compare(const FstFile& first, u64 first_offset, const FstFile& second, u64 second_offset) {
  WaveComparison result;
  struct Pair {
    std::string name;
    bool is_text;
    std::string value[2];
    std::string shown(unsigned n) const { return is_text ? value[n] : readable(value[n]); }
  };
  std::vector<Pair> pairs;
  std::unordered_map<unsigned, std::vector<std::size_t>> rows[2];
  std::vector<unsigned> handles[2];
  for (const auto& signal : first.signals()) {
    const auto* other = second.find(signal.name);
    if (!other || other->bits != signal.bits) {
      result.only_in_one.push_back(signal.name);
      continue;
    }
    rows[0][signal.handle].push_back(pairs.size());
    rows[1][other->handle].push_back(pairs.size());
    handles[0].push_back(signal.handle);
    handles[1].push_back(other->handle);
    pairs.push_back({signal.name, signal.bits == 0, {}});
  }
  for (const auto& signal : second.signals()) {
    if (!first.find(signal.name)) result.only_in_one.push_back(signal.name);
  }
  result.signals = pairs.size();
  // Only where both files hold something; before its first change a signal has the value of its file's start.
  const FstFile* files[] = {&first, &second};
  const u64 offsets[] = {first_offset, second_offset};
  const auto relative = [&](unsigned n, u64 time) { return static_cast<std::int64_t>(time - offsets[n]); };
  const std::int64_t from = std::max(relative(0, first.begin()), relative(1, second.begin()));
  const std::int64_t to = std::min(relative(0, first.end()), relative(1, second.end()));
  if (from > to) throw UserError("the two files have no cycle in common");
  struct Change {
    unsigned file;
    unsigned handle;
    std::string value;
  };
  std::map<std::int64_t, std::vector<Change>> changes;
  for (unsigned n = 0; n < 2; ++n) {
    files[n]->read(handles[n], static_cast<u64>(to + static_cast<std::int64_t>(offsets[n])),
                   [&](u64 time, unsigned handle, std::string_view value) {
                     const std::int64_t at = std::max(relative(n, time), from);
                     if (at <= to) changes[at].push_back({n, handle, std::string(value)});
                   });
  }
  for (const auto& [time, all] : changes) {
    std::vector<std::size_t> touched;
    for (const Change& change : all) {
      for (const std::size_t row : rows[change.file][change.handle]) {
        pairs[row].value[change.file] = change.value;
        touched.push_back(row);
      }
    }
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    std::vector<std::size_t> differing;
    for (const std::size_t row : touched) {
      if (pairs[row].value[0] == pairs[row].value[1]) continue;
      differing.push_back(row);
    }
    if (differing.empty()) continue;
    // The DUT says more than what is told of it, a port more than what is deep inside.
    const auto depth = [&](std::size_t row) {
      const std::string& name = pairs[row].name;
      return std::pair(!name.starts_with("top."), std::count(name.begin(), name.end(), '.'));
    };
    std::stable_sort(differing.begin(), differing.end(),
                     [&](std::size_t l, std::size_t r) { return depth(l) < depth(r); });
    const Pair& pair = pairs[differing[0]];
    result.different = true;
    result.at = {static_cast<u64>(time), pair.name, pair.shown(0), pair.shown(1), {}};
    for (std::size_t n = 1; n < differing.size(); ++n) result.at.others.push_back(pairs[differing[n]].name);
    break;
  }
  return result;
}

}  // namespace kilburn::tb
