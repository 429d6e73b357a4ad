// SPDX-License-Identifier: Apache-2.0
//
// Any trace: the format and the compression are known by the contents, never by the name alone.
#pragma once

#include <memory>
#include <string>

#include "sw/core/bugs.h"
#include "sw/trace/byte_source.h"
#include "sw/trace/event.h"

namespace kilburn::os {

enum class TraceFormat : u8 { lackey, compact, champsim, drmemtrace, din };
std::string_view name(TraceFormat);

struct TraceOptions {
  u64 skip_bad_lines = 0;  // text formats: as many wrong lines are left out before one is an error
  Bug bug = Bug::none;     // M22
};

struct OpenedTrace {
  std::unique_ptr<TraceReader> reader;
  TraceFormat format = TraceFormat::lackey;
  Compression compression = Compression::none;
};

// "-" is standard input. Throws UserError if the file cannot be opened, TraceError if it is of no known format.
std::unique_ptr<TraceReader> open_trace(const std::string& path, const TraceOptions& = {});
OpenedTrace open_trace_as_found(const std::string& path, const TraceOptions& = {});
OpenedTrace open_trace_from(std::unique_ptr<ByteSource>, const std::string& name, const TraceOptions& = {});

}  // namespace kilburn::os
