// SPDX-License-Identifier: Apache-2.0
//
// Random programs as events, and events through readers and writers, as the tests of sw/trace need them.
#pragma once

#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "sw/core/random.h"
#include "sw/trace/compact.h"
#include "sw/trace/lackey_writer.h"
#include "sw/trace/open.h"
#include "tests/catch.h"

namespace kilburn::os::test {

using Kind = TraceEvent::Kind;

inline TraceEvent reference(Kind kind, u64 address, u16 size) {
  TraceEvent e;
  e.kind = kind;
  e.address = address;
  e.size = size;
  return e;
}

// What a lackey log can say: mostly references near the last ones, also at both ends of the address space, and
// every system call.
inline std::vector<TraceEvent> random_events(u64 seed, size_t count) {
  Random random(seed);
  std::vector<TraceEvent> events;
  u64 pc = 0x401000, data = 0x1fff000000;
  const auto wide = [&] { return random.next() >> random.below(64); };
  while (events.size() < count) {
    TraceEvent e;
    if (random.below(50) != 0) {
      e.kind = static_cast<Kind>(random.below(4));
      e.size = static_cast<u16>(random.below(8) == 0 ? 1 + random.below(kMaxReference) : u64{1} << random.below(6));
      u64& last = e.kind == Kind::fetch ? pc : data;
      switch (random.below(8)) {
        case 0:
          last = wide();
          break;
        case 1:
          last = ~wide();
          break;
        default:
          last += random.below(2) == 0 ? random.below(64) : random.next() >> (40 + random.below(20));
      }
      e.address = last;
      if (e.address + e.size < e.address) e.address = last = ~u64{0} - e.size;
      if (e.kind == Kind::fetch) pc += e.size;
    } else {
      e.kind = static_cast<Kind>(4 + random.below(8));
      switch (e.kind) {
        case Kind::map:
          e.file = random.below(2) == 0 ? 0 : static_cast<u32>(1 + random.below(1000));
          e.offset = e.file == 0 ? 0 : wide();
          [[fallthrough]];
        case Kind::protect:
          e.rights = with_read(static_cast<unsigned>(random.below(8)));
          [[fallthrough]];
        case Kind::unmap:
          e.address = wide();
          e.length = wide();
          break;
        case Kind::remap:
          e.old_address = wide();
          e.old_length = wide();
          e.address = wide();
          e.length = wide();
          break;
        case Kind::brk:
          e.address = wide();
          break;
        case Kind::fork:
          e.pid = static_cast<u32>(1 + random.below(0xffffffff));
          break;
        default:
          break;
      }
    }
    events.push_back(e);
  }
  return events;
}

inline std::string lackey_text(const std::vector<TraceEvent>& events) {
  std::string text;
  for (const TraceEvent& e : events) append_lackey(e, text);
  return text;
}

inline std::string compact_file(const std::vector<TraceEvent>& events) {
  char* bytes = nullptr;
  size_t size = 0;
  std::FILE* file = open_memstream(&bytes, &size);
  CompactWriter writer(file);
  for (const TraceEvent& e : events) writer.add(e);
  writer.finish();
  std::fclose(file);
  const std::string whole(bytes, size);
  std::free(bytes);
  return whole;
}

inline std::string packed(const std::string& plain, Compression kind) {
  namespace io = boost::iostreams;
  std::ostringstream out;
  {
    io::filtering_ostream stream;
    if (kind == Compression::gzip) stream.push(io::gzip_compressor());
    if (kind == Compression::xz) stream.push(io::lzma_compressor());
    if (kind == Compression::zstd) stream.push(io::zstd_compressor());
    stream.push(out);
    stream << plain;
  }
  return out.str();
}

inline std::vector<TraceEvent> read_all(TraceReader& reader) {
  std::vector<TraceEvent> events;
  for (TraceEvent e; reader.next(e);) events.push_back(e);
  return events;
}
inline std::vector<TraceEvent> read_bytes(std::string_view bytes, const TraceOptions& options = {}) {
  return read_all(*open_trace_from(memory_bytes(bytes), "trace", options).reader);
}
// The message of the TraceError that reading ends with, "" if none.
inline std::string refused(std::string_view bytes, const TraceOptions& options = {}) {
  try {
    read_bytes(bytes, options);
  } catch (const TraceError& e) {
    return e.what();
  }
  return "";
}

inline bool same(const std::vector<TraceEvent>& a, const std::vector<TraceEvent>& b) {
  if (a.size() != b.size()) return false;
  for (size_t n = 0; n < a.size(); ++n) {
    if (!same_event(a[n], b[n])) {
      UNSCOPED_INFO("event " << n << " of " << a.size() << " differs");
      return false;
    }
  }
  return true;
}

}  // namespace kilburn::os::test
