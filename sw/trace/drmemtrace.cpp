// SPDX-License-Identifier: Apache-2.0
//
// Lines of the view tool; its layout is that of DynamoRIO 10 and 11.
#include "sw/trace/drmemtrace.h"

#include <algorithm>

#include "sw/trace/text_fields.h"

namespace kilburn::os {

namespace {

constexpr u64 kLargest = 65536;

// The wrapped bytes of a long instruction: pairs of hexadecimal digits and nothing else.
bool instruction_bytes(std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    u64 byte = 0;
    const size_t before = text.size();
    if (!take_digits(text, 16, byte) || before - text.size() != 2) return false;
    skip_blanks(text);
  }
  return true;
}

}  // namespace

void DrmemtraceReader::fail(const char* reason) const { throw BadLine(source_.name(), source_.number(), reason); }

void DrmemtraceReader::next_part(TraceEvent& event) {
  event.kind = kind_;
  event.address = rest_at_;
  event.size = static_cast<u16>(std::min<u64>(rest_, kMaxReference));
  rest_at_ += event.size;
  rest_ -= event.size;
}

bool DrmemtraceReader::next(TraceEvent& event) {
  for (;;) {
    if (rest_ != 0) {
      next_part(event);
      return true;
    }
    std::string_view line;
    if (!source_.next(line)) return false;
    skip_blanks(line);
    if (complete_ || line.empty() || line.starts_with("Output format:") || line.starts_with("<--record") ||
        line.starts_with("----")) {
      continue;
    }
    if (line.starts_with("View tool results:")) {
      complete_ = true;
      continue;
    }
    if (record(line, event)) return true;
  }
}

bool DrmemtraceReader::record(std::string_view line, TraceEvent& event) {
  u64 number = 0;
  if (!take_digits(line, 10, number)) fail("not a line of the view tool");
  skip_blanks(line);
  if (!take_digits(line, 10, number) || !take_text(line, ":")) fail("not a line of the view tool");
  skip_blanks(line);
  if (take_text(line, "W") && (!take_digits(line, 10, number) || !take_text(line, "."))) fail("thread is malformed");
  take_text(line, "T");
  if (!take_digits(line, 10, number)) fail("thread is malformed");
  skip_blanks(line);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
  const std::string_view word = line.substr(0, std::min(line.find(' '), line.size()));
  if (word == "ifetch") {
    kind_ = TraceEvent::Kind::fetch;
  } else if (word == "read") {
    kind_ = TraceEvent::Kind::read;
  } else if (word == "write") {
    kind_ = TraceEvent::Kind::write;
  } else {
    // "non-fetched", "pref-r-L1", "iflush", "<marker: ...>", "<thread 7 exited>", wrapped instruction bytes.
    if (line.starts_with("<") || word == "non-fetched" || word.starts_with("pref") || word.ends_with("flush") ||
        instruction_bytes(line)) {
      return false;
    }
    fail("record is of an unknown kind");
  }
  line.remove_prefix(word.size());
  skip_blanks(line);
  u64 size = 0, address = 0;
  if (!take_digits(line, 10, size) || !take_text(line, " byte(s) @ 0x")) fail("size of the reference is malformed");
  if (!take_digits(line, 16, address)) fail("address of the reference is malformed");
  if (size == 0 || size > kLargest) fail("size of the reference is not 1 to 65536");
  if (address + size < address) fail("reference passes the end of the address space");
  if (!source_.terminated()) fail("last line is cut off");
  rest_at_ = address;
  rest_ = size;
  next_part(event);
  return true;
}

}  // namespace kilburn::os
