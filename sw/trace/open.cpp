// SPDX-License-Identifier: Apache-2.0
//
// Recognising formats by their first bytes.
#include "sw/trace/open.h"

#include <algorithm>
#include <array>

#include "sw/trace/champsim.h"
#include "sw/trace/compact.h"
#include "sw/trace/din.h"
#include "sw/trace/drmemtrace.h"
#include "sw/trace/lackey.h"
#include "sw/trace/text_fields.h"

namespace kilburn::os {

namespace {

constexpr size_t kLooked = 4096;

bool drmemtrace_line(std::string_view line) {
  if (line.starts_with("Output format:") || line.starts_with("<--record")) return true;
  u64 number = 0;
  skip_blanks(line);
  if (!take_digits(line, 10, number)) return false;
  skip_blanks(line);
  return take_digits(line, 10, number) && line.starts_with(":");
}

bool din_line(std::string_view line) {
  u64 number = 0;
  skip_blanks(line);
  if (!take_digits(line, 10, number) || number > 4 || line.empty() || (line[0] != ' ' && line[0] != '\t')) return false;
  skip_blanks(line);
  if (!take_text(line, "0x")) take_text(line, "0X");
  return take_digits(line, 16, number) && (line.empty() || line[0] == ' ' || line[0] == '\t' || line[0] == '\r');
}

bool lackey_line(std::string_view line) {
  if (line.starts_with("==") || line.starts_with("--") || line.starts_with("**") || line.starts_with("SYSCALL[")) {
    return true;
  }
  return line.size() > 3 && line[2] == ' ' &&
         (line.starts_with("I ") || line.starts_with(" L") || line.starts_with(" S") || line.starts_with(" M"));
}

// The first line that says something decides. A file without text goes to the reader of lackey logs, which is the
// format most files are meant to be: its message names the first line that is wrong.
TraceFormat text_format(std::string_view first) {
  while (!first.empty()) {
    const std::string_view line = first.substr(0, first.find('\n'));
    first.remove_prefix(std::min(line.size() + 1, first.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (lackey_line(line)) return TraceFormat::lackey;
    if (drmemtrace_line(line)) return TraceFormat::drmemtrace;
    if (din_line(line)) return TraceFormat::din;
  }
  return TraceFormat::lackey;
}

bool binary(std::string_view first) {
  return std::any_of(first.begin(), first.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
  });
}

TraceFormat format_of(std::string_view first, const std::string& file) {
  const std::string_view magic(reinterpret_cast<const char*>(compact::kMagic.data()), compact::kMagic.size());
  if (first.starts_with(magic)) return TraceFormat::compact;
  if (!binary(first)) return text_format(first);
  // ChampSim traces have no magic number: the first records must be possible ones.
  const size_t records = first.size() / ChampsimReader::kRecord;
  const char* reason = records == 0 ? "shorter than a record" : nullptr;
  for (size_t n = 0; n < records && reason == nullptr; ++n) {
    reason = ChampsimReader::flaw(first.data() + n * ChampsimReader::kRecord);
  }
  if (reason == nullptr) return TraceFormat::champsim;
  throw TraceError::at_byte(file, 0,
                            "no trace: neither text nor compact, and not ChampSim (" + std::string(reason) + ")");
}

// Leaves out wrong lines, a limited number of them.
class LenientReader final : public TraceReader {
 public:
  LenientReader(std::unique_ptr<TraceReader> inner, u64 limit) : inner_(std::move(inner)), left_(limit) {}
  bool next(TraceEvent& event) override {
    for (;;) {
      try {
        return inner_->next(event);
      } catch (const BadLine&) {
        if (left_ == 0) throw;
        --left_;
      }
    }
  }
  u64 line() const override { return inner_->line(); }
  const std::string& name() const override { return inner_->name(); }

 private:
  std::unique_ptr<TraceReader> inner_;
  u64 left_;
};

}  // namespace

std::string_view name(TraceFormat format) {
  constexpr std::array<std::string_view, 5> kNames = {"lackey", "compact", "champsim", "drmemtrace", "din"};
  return kNames[static_cast<size_t>(format)];
}

OpenedTrace open_trace_from(std::unique_ptr<ByteSource> bytes, const std::string& file, const TraceOptions& options) {
  OpenedTrace opened;
  std::string first;
  try {
    opened.compression = compression_of(peek_bytes(bytes, 8));
    bytes = decompressed(std::move(bytes), opened.compression, options.bug == Bug::damage_ignored);
    first = peek_bytes(bytes, kLooked);
  } catch (const ReadFailure& failure) {
    throw TraceError::at_byte(file, 0, failure.what());
  }
  if (first.empty()) throw TraceError::at_byte(file, 0, "the file is empty");
  opened.format = format_of(first, file);
  const auto lines = [&] { return LineSource::from_bytes(std::move(bytes), file); };
  switch (opened.format) {
    case TraceFormat::lackey:
      opened.reader = std::make_unique<LackeyReader>(lines());
      break;
    case TraceFormat::compact:
      opened.reader = std::make_unique<CompactReader>(std::move(bytes), file);
      break;
    case TraceFormat::champsim:
      opened.reader = std::make_unique<ChampsimReader>(std::move(bytes), file);
      break;
    case TraceFormat::drmemtrace:
      opened.reader = std::make_unique<DrmemtraceReader>(lines());
      break;
    case TraceFormat::din:
      opened.reader = std::make_unique<DinReader>(lines());
      break;
  }
  if (options.skip_bad_lines != 0) {
    opened.reader = std::make_unique<LenientReader>(std::move(opened.reader), options.skip_bad_lines);
  }
  return opened;
}

OpenedTrace open_trace_as_found(const std::string& path, const TraceOptions& options) {
  return open_trace_from(open_bytes(path), path == "-" ? "standard input" : path, options);
}

std::unique_ptr<TraceReader> open_trace(const std::string& path, const TraceOptions& options) {
  return open_trace_as_found(path, options).reader;
}

}  // namespace kilburn::os
