// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a trace of whatever format and compression they look like, and as the payload of a compact block behind
// right checksums: they are read to the end or refused with a place.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sw/trace/compact_code.h"
#include "sw/trace/open.h"

using namespace kilburn;

namespace {

constexpr int kMost = 20000;  // events: a few bytes of .xz can hold very many

void check(const os::TraceEvent& event) {
  if (event.kind > os::TraceEvent::Kind::exit) std::abort();
  if (!event.reference()) return;
  if (event.size == 0 || event.size > os::kMaxReference || event.address + event.size < event.address) std::abort();
}

void read(std::string_view bytes, const os::TraceOptions& options) {
  try {
    const auto opened = os::open_trace_from(os::memory_bytes(bytes), "fuzz", options);
    int left = kMost;
    for (os::TraceEvent event; left > 0 && opened.reader->next(event); --left) check(event);
  } catch (const os::TraceError& e) {
    if (!std::string_view(e.what()).starts_with("fuzz:")) std::abort();
  }
}

void decode(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return;
  std::vector<std::uint8_t> payload(data, data + size);
  payload.resize(size + os::compact::kLongestEvent);
  os::compact::Decoder decoder;
  decoder.start(payload.data(), payload.data() + size);
  std::vector<os::TraceEvent> events;
  try {
    while (!decoder.at_end()) {
      events.emplace_back();
      decoder.next(events.back());
      check(events.back());
    }
  } catch (const os::compact::Decoder::Bad&) {
    events.pop_back();
  }
  // What was decoded is coded and decoded to the same again.
  os::compact::Encoder encoder;
  std::vector<std::uint8_t> again;
  for (const auto& event : events) encoder.add(event, again);
  const std::size_t length = again.size();
  again.resize(length + os::compact::kLongestEvent);
  decoder.start(again.data(), again.data() + length);
  for (const auto& event : events) {
    os::TraceEvent twice;
    decoder.next(twice);
    if (!os::same_event(event, twice)) std::abort();
  }
  if (!decoder.at_end()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes, {});
  read(bytes, {.skip_bad_lines = 5});
  read(bytes, {.bug = os::Bug::damage_ignored});
  decode(data, size);
  return 0;
}
