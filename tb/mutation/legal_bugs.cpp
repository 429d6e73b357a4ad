// SPDX-License-Identifier: Apache-2.0
//
// The lists of legal_bugs.def.
#include "tb/mutation/legal_bugs.h"

#include <span>

#include "model/arch/format.h"

namespace kilburn::mutation {
namespace {

constexpr unsigned bit(arch::Format format) { return 1U << static_cast<unsigned>(format); }
constexpr unsigned kX86 = bit(arch::Format::x86_64);
constexpr unsigned kAlphaFormats = bit(arch::Format::alpha) | bit(arch::Format::alpha_x64);
constexpr unsigned kEveryFormat = kAlphaFormats | kX86;

struct Entry {
  std::string_view dut, id;
  unsigned formats;
  std::string_view text;
};

constexpr Entry kLegal[] = {
#define KILBURN_LEGAL_BUG(dut, id, formats, reason) {dut, id, formats, reason},
#define KILBURN_DIRECTED_BUG(dut, id, formats, test)
#include "tb/mutation/legal_bugs.def"
#undef KILBURN_LEGAL_BUG
#undef KILBURN_DIRECTED_BUG
};
constexpr Entry kDirected[] = {
#define KILBURN_LEGAL_BUG(dut, id, formats, reason)
#define KILBURN_DIRECTED_BUG(dut, id, formats, test) {dut, id, formats, test},
#include "tb/mutation/legal_bugs.def"
#undef KILBURN_LEGAL_BUG
#undef KILBURN_DIRECTED_BUG
};

std::optional<std::string_view> find(std::span<const Entry> list, std::string_view dut, std::string_view id,
                                     arch::Format format) {
  for (const Entry& entry : list) {
    if (entry.id != id || (entry.formats & bit(format)) == 0) continue;
    const std::string file = "kilburn_dut_" + std::string(entry.dut) + "-" + std::string(arch::name(format)) + ".so";
    if (dut == entry.dut || dut == file || dut.ends_with("/" + file)) return entry.text;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> legal_reason(std::string_view dut, std::string_view id, arch::Format format) {
  return find(kLegal, dut, id, format);
}

std::optional<std::string_view> directed_test(std::string_view dut, std::string_view id, arch::Format format) {
  return find(kDirected, dut, id, format);
}

}  // namespace kilburn::mutation
