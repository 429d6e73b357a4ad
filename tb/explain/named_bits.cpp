// SPDX-License-Identifier: Apache-2.0
//
// layout.def as a table.
#include "tb/explain/named_bits.h"

#include <string_view>

#include "model/arch/layout.h"

namespace kilburn::tb {
namespace {

struct NamedField {
  std::string_view layout;
  const char* name;
  arch::layout::Field field;
};

constexpr NamedField kFields[] = {
#define KILBURN_FIELD(layout, name, msb, lsb, doc) {#layout, #name, {msb, lsb}},
#include "model/arch/layout.def"
};

std::string_view name(WordLayout layout) {
  switch (layout) {
    case WordLayout::X86Pte:
      return "X86Pte";
    case WordLayout::AlphaPte:
      return "AlphaPte";
    case WordLayout::Controls:
      return "Controls";
    case WordLayout::PageFaultError:
      break;
  }
  return "PageFaultError";
}

}  // namespace

std::vector<std::string> named_bits(WordLayout layout, arch::u64 word, arch::u64 mask) {
  std::vector<std::string> names;
  for (const NamedField& named : kFields) {
    if (named.layout != name(layout) || (named.field.mask() & ~mask) != 0) continue;
    const arch::u64 value = named.field.get(word);
    if (value == 0) continue;
    const bool one_bit = named.field.msb == named.field.lsb;
    names.push_back(one_bit ? named.name : std::string(named.name) + " = " + std::to_string(value));
  }
  return names;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : between) + word;
  return line.empty() ? "none" : line;
}

}  // namespace kilburn::tb
