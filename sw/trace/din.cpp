// SPDX-License-Identifier: Apache-2.0
//
// Lines of din traces.
#include "sw/trace/din.h"

#include "sw/trace/text_fields.h"

namespace kilburn::os {

bool DinReader::next(TraceEvent& event) {
  constexpr u64 kUsual = 4;
  constexpr TraceEvent::Kind kKinds[] = {TraceEvent::Kind::read, TraceEvent::Kind::write, TraceEvent::Kind::fetch,
                                         TraceEvent::Kind::read};
  const auto fail = [&](const char* reason) { throw BadLine(source_.name(), source_.number(), reason); };
  for (std::string_view line; source_.next(line);) {
    skip_blanks(line);
    if (line.empty()) continue;
    u64 label = 0, address = 0;
    if (!take_digits(line, 10, label) || label > 4) fail("label of the reference is not 0 to 4");
    if (line.empty() || (line[0] != ' ' && line[0] != '\t')) fail("no blank behind the label");
    skip_blanks(line);
    if (!take_text(line, "0x")) take_text(line, "0X");
    if (!take_digits(line, 16, address)) fail("address of the reference is malformed");
    if (!line.empty() && line[0] != ' ' && line[0] != '\t' && line[0] != '\r')
      fail("address of the reference is malformed");
    if (!source_.terminated()) fail("last line is cut off");
    if (label == 4) continue;
    const u16 size = size_within_granule(address, kUsual);
    if (address + size < address) fail("reference passes the end of the address space");
    event.kind = kKinds[label];
    event.address = address;
    event.size = size;
    return true;
  }
  return false;
}

}  // namespace kilburn::os
