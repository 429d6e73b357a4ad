// SPDX-License-Identifier: Apache-2.0
//
// Names, ranges and formats of the settings.
#include "tb/app/settings.h"

#include <charconv>

#include "tb/errors.h"

namespace kilburn::tb {
namespace {

using arch::Settings;

struct Setting {
  const char* name;
  bool x86;  // else the Alpha formats
  unsigned low, high;
  const char* help;
};

constexpr Setting kSettings[] = {
    {"maxphyaddr", true, 32, 52, "width of a physical address; default 40"},
    {"page1g", true, 0, 1, "1 GB pages; default 1"},
    {"amd", true, 0, 1, "bit 8 of PML4 and PML5 entries is reserved; default 0"},
    {"vms", false, 0, 1, "four-mode VMS layout of the enable bits; default 0, OSF, which the OS writes"},
    {"chip", false, 4, 6, "whose superpages and fills: 4, 5, 6 for EV4, EV5, EV6; default 5, alpha-x64 6"},
};

}  // namespace

Settings parse_settings(arch::Format format, const Settings& usual, const std::vector<std::string>& words) {
  Settings settings = usual;
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const Setting* setting = nullptr;
    for (const Setting& s : kSettings) {
      if (name == s.name) setting = &s;
    }
    if (equals == std::string::npos || setting == nullptr) {
      throw UserError("--set needs NAME=VALUE with a NAME of maxphyaddr, page1g, amd, vms, chip, not \"" + word + "\"");
    }
    if (setting->x86 != (format == arch::Format::x86_64)) {
      throw UserError("--set " + name + " does not apply to format " + std::string(arch::name(format)));
    }
    const char* first = word.data() + equals + 1;
    const char* last = word.data() + word.size();
    unsigned value = 0;
    const auto [end, error] = std::from_chars(first, last, value);
    if (error != std::errc() || end != last || value < setting->low || value > setting->high) {
      throw UserError("--set " + name + " needs a whole number from " + std::to_string(setting->low) + " to " +
                      std::to_string(setting->high) + ", not \"" + std::string(first, last) + "\"");
    }
    if (name == "maxphyaddr") settings.pa_width = static_cast<arch::u8>(value);
    if (name == "page1g") settings.page_1g = value != 0;
    if (name == "amd") settings.amd = value != 0;
    if (name == "vms") settings.vms = value != 0;
    if (name == "chip") settings.chip = static_cast<arch::Chip>(value - 4);
  }
  return settings;
}

std::vector<std::string> setting_words(const Settings& settings) {
  const Settings usual;
  std::vector<std::string> words;
  if (settings.pa_width != usual.pa_width) words.push_back("maxphyaddr=" + std::to_string(settings.pa_width));
  if (settings.page_1g != usual.page_1g) words.push_back("page1g=0");
  if (settings.amd) words.push_back("amd=1");
  if (settings.vms) words.push_back("vms=1");
  if (settings.chip) words.push_back("chip=" + std::to_string(static_cast<unsigned>(*settings.chip) + 4));
  return words;
}

std::string settings_help() {
  std::string text = "Settings:\n";
  for (const Setting& s : kSettings) {
    std::string line = std::string("  --set ") + s.name + "=N";
    line.resize(27, ' ');
    text += line + s.help + (s.x86 ? " (x86-64)" : " (Alpha formats)") + "\n";
  }
  return text;
}

}  // namespace kilburn::tb
