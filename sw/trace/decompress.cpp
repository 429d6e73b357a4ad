// SPDX-License-Identifier: Apache-2.0
//
// Decompression through Boost.Iostreams.
#include <array>
#include <boost/iostreams/categories.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <istream>

#include "sw/trace/byte_source.h"
#include "sw/trace/zstd_frames.h"

namespace kilburn::os {

namespace {
namespace io = boost::iostreams;

constexpr std::streamsize kPiece = 64 * 1024;

// A ByteSource as a device that the filters read from.
class Device {
 public:
  using char_type = char;
  using category = io::source_tag;
  Device(ByteSource& source, ZstdFrames* frames) : source_(&source), frames_(frames) {}
  std::streamsize read(char* out, std::streamsize n) {
    const size_t got = source_->read(out, static_cast<size_t>(n));
    if (frames_ != nullptr) frames_->feed({out, got});
    return got == 0 ? -1 : static_cast<std::streamsize>(got);
  }

 private:
  ByteSource* source_;
  ZstdFrames* frames_;  // null for other formats
};

class DecompressedBytes final : public ByteSource {
 public:
  DecompressedBytes(std::unique_ptr<ByteSource> packed, Compression kind, bool ignore_damage)
      : packed_(std::move(packed)), kind_(kind), ignore_damage_(ignore_damage) {
    switch (kind) {
      case Compression::gzip:
        stream_.push(io::gzip_decompressor(io::zlib::default_window_bits, kPiece), kPiece);
        break;
      case Compression::xz:
        stream_.push(io::lzma_decompressor(kPiece), kPiece);
        break;
      case Compression::zstd:
        stream_.push(io::zstd_decompressor(kPiece), kPiece);
        break;
      case Compression::none:
        break;
    }
    stream_.push(Device(*packed_, kind == Compression::zstd ? &frames_ : nullptr), kPiece);
    // Without this a damaged stream only sets badbit, which looks like the end (M22).
    if (!ignore_damage) stream_.exceptions(std::ios::badbit);
  }

  size_t read(char* out, size_t n) override {
    try {
      stream_.read(out, static_cast<std::streamsize>(n));
    } catch (const ReadFailure&) {
      throw;
    } catch (const std::exception&) {
      fail();
    }
    const auto got = static_cast<size_t>(stream_.gcount());
    if (got == 0 && !frames_.complete() && !ignore_damage_) fail();
    return got;
  }

 private:
  [[noreturn]] void fail() const {
    throw ReadFailure("the " + std::string(name(kind_)) + " data is damaged or cut off");
  }

  std::unique_ptr<ByteSource> packed_;
  Compression kind_;
  bool ignore_damage_;
  ZstdFrames frames_;  // stays complete for other formats
  io::filtering_istream stream_;
};

}  // namespace

Compression compression_of(std::string_view first) {
  if (first.starts_with("\x1f\x8b")) return Compression::gzip;  // RFC 1952 2.3.1
  if (first.starts_with(std::string_view("\xfd"
                                         "7zXZ\0",
                                         6)))
    return Compression::xz;                                             // .xz format 2.1.1.1
  if (first.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;  // RFC 8878 3.1.1
  return Compression::none;
}

std::string_view name(Compression kind) {
  constexpr std::array<std::string_view, 4> kNames = {"plain", "gzip", "xz", "zstd"};
  return kNames[static_cast<size_t>(kind)];
}

std::unique_ptr<ByteSource> decompressed(std::unique_ptr<ByteSource> packed, Compression kind, bool ignore_damage) {
  if (kind == Compression::none) return packed;
  return std::make_unique<DecompressedBytes>(std::move(packed), kind, ignore_damage);
}

}  // namespace kilburn::os
