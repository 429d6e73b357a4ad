// SPDX-License-Identifier: Apache-2.0
//
// The pin log as a file.
#include <bit>
#include <boost/crc.hpp>
#include <boost/endian/conversion.hpp>
#include <fstream>
#include <iterator>

#include "tb/errors.h"
#include "tb/second_opinion/pin_log.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u32;
using arch::u64;
using Byte = unsigned char;

namespace {

constexpr std::string_view kMagic = "KLBPINS\n";
constexpr u32 kVersion = 1;
constexpr std::size_t kSizeAt = 12, kHeaderAt = 20, kCrcBytes = 4;
constexpr std::size_t kMaxText = 4096, kMaxParameters = 64;

u32 crc_of(const std::string& text, std::size_t size) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), size);
  return crc.checksum();
}

void put_u32(std::string& to, u32 value) {
  Byte raw[4];
  boost::endian::store_little_u32(raw, value);
  to.append(reinterpret_cast<const char*>(raw), sizeof raw);
}
void put_u64(std::string& to, u64 value) {
  Byte raw[8];
  boost::endian::store_little_u64(raw, value);
  to.append(reinterpret_cast<const char*>(raw), sizeof raw);
}
void put_text(std::string& to, const std::string& text) {
  put_u32(to, static_cast<u32>(text.size()));
  to += text;
}

// Takes the parts of a file whose checksum is right; what contradicts itself all the same is an error too.
class Parts {
 public:
  Parts(const std::string& bytes, std::size_t at, std::size_t end, const std::string& file)
      : bytes_(bytes), at_(at), end_(end), file_(file) {}

  u32 take_u32() { return boost::endian::load_little_u32(raw(4)); }
  u64 take_u64() { return boost::endian::load_little_u64(raw(8)); }
  std::string take_text() {
    const u32 size = take_u32();
    if (size > kMaxText) wrong("a name of " + std::to_string(size) + " bytes");
    return std::string(reinterpret_cast<const char*>(raw(size)), size);
  }
  std::string rest() {
    std::string all = bytes_.substr(at_, end_ - at_);
    at_ = end_;
    return all;
  }
  [[noreturn]] void wrong(const std::string& what) const {
    throw UserError("the pin log " + file_ + " contradicts itself: " + what);
  }

 private:
  const Byte* raw(std::size_t size) {
    if (end_ - at_ < size) wrong("it ends in the middle of a field");
    const auto* here = reinterpret_cast<const Byte*>(bytes_.data()) + at_;
    at_ += size;
    return here;
  }
  const std::string& bytes_;
  std::size_t at_, end_;
  const std::string& file_;
};

}  // namespace

void PinLog::write(const std::filesystem::path& path) const {
  std::string bytes(kMagic);
  put_u32(bytes, kVersion);
  put_u64(bytes, 0);
  for (const std::string* text : {&header.dut, &header.rtl, &header.top, &header.bug}) put_text(bytes, *text);
  put_u32(bytes, static_cast<u32>(header.parameters.size()));
  for (const auto& parameter : header.parameters) put_text(bytes, parameter);
  put_u64(bytes, header.seed);
  put_u64(bytes, header.first_cycle);
  put_u32(bytes, header.format);
  put_u32(bytes, (header.failed ? 1u : 0u) | (header.truncated ? 2u : 0u));
  put_u64(bytes, records_);
  bytes += records_bytes_;
  boost::endian::store_little_u64(reinterpret_cast<Byte*>(bytes.data()) + kSizeAt, bytes.size() + kCrcBytes);
  put_u32(bytes, crc_of(bytes, bytes.size()));

  const std::filesystem::path part = path.string() + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::error_code ec;
  if (file) std::filesystem::rename(part, path, ec);
  if (!file || ec) throw EnvironmentError("the pin log " + path.string() + " cannot be written");
}

PinLog PinLog::read(const std::filesystem::path& path) {
  const std::string name = path.string();
  std::error_code ec;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, ec)) throw UserError("the pin log " + name + " cannot be read");
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!bytes.starts_with(kMagic.substr(0, std::min(bytes.size(), kMagic.size()))) || bytes.empty()) {
    throw UserError(name + " is not a pin log: it does not begin with KLBPINS");
  }
  const auto* raw = reinterpret_cast<const Byte*>(bytes.data());
  const bool has_size = bytes.size() >= kHeaderAt + kCrcBytes;
  if (bytes.size() >= kSizeAt) {
    const u32 version = boost::endian::load_little_u32(raw + kMagic.size());
    if (version != kVersion) {
      throw UserError("the pin log " + name + " has version " + std::to_string(version) + "; this kilburn reads " +
                      std::to_string(kVersion));
    }
  }
  const u64 size = has_size ? boost::endian::load_little_u64(raw + kSizeAt) : 0;
  if (!has_size || bytes.size() < size) {
    throw UserError("the pin log " + name + " is cut off after " + std::to_string(bytes.size()) + " bytes" +
                    (has_size ? " of " + std::to_string(size) : ""));
  }
  const std::size_t end = bytes.size() - kCrcBytes;
  const u32 stored = boost::endian::load_little_u32(raw + end), computed = crc_of(bytes, end);
  if (stored != computed || bytes.size() != size) {
    throw UserError("the pin log " + name + " is damaged: its CRC is " + hex(computed) + ", not " + hex(stored));
  }

  Parts parts(bytes, kHeaderAt, end, name);
  PinLog log;
  for (std::string* text : {&log.header.dut, &log.header.rtl, &log.header.top, &log.header.bug}) {
    *text = parts.take_text();
  }
  const u32 parameters = parts.take_u32();
  if (parameters > kMaxParameters) parts.wrong(std::to_string(parameters) + " parameters");
  for (u32 n = 0; n < parameters; ++n) log.header.parameters.push_back(parts.take_text());
  log.header.seed = parts.take_u64();
  log.header.first_cycle = parts.take_u64();
  log.header.format = parts.take_u32();
  if (log.header.format > 2) parts.wrong("page-table format " + std::to_string(log.header.format));
  const u32 flags = parts.take_u32();
  log.header.failed = (flags & 1) != 0;
  log.header.truncated = (flags & 2) != 0;
  const u64 records = parts.take_u64();
  log.records_bytes_ = parts.rest();

  const std::string& all = log.records_bytes_;
  std::size_t at = 0;
  while (at != all.size()) {
    if (all.size() - at < 4) parts.wrong("its last record is incomplete");
    const u32 mask = boost::endian::load_little_u32(reinterpret_cast<const Byte*>(all.data()) + at);
    at += 4 + 8 * static_cast<std::size_t>(std::popcount(mask));
    if (mask >> kWords != 0 || at > all.size()) {
      parts.wrong("record " + std::to_string(log.records_) + " is not that of a cycle");
    }
    ++log.records_;
  }
  if (log.records_ != records) {
    parts.wrong("it has " + std::to_string(log.records_) + " records, not " + std::to_string(records));
  }
  if (log.cycles() == 0) throw UserError("the pin log " + name + " holds no cycle");
  return log;
}

}  // namespace kilburn::tb
