// SPDX-License-Identifier: Apache-2.0
//
// The blocks of the file are looked at before the reader sees it, which trusts them.
#include "tb/failure/fst_file.h"

#include <fstapi.h>

#include <algorithm>
#include <fstream>

#include "tb/errors.h"

namespace kilburn::tb {
using arch::u64;

namespace {

// A block is its type, its length in 8 bytes from here on, high byte first, and its contents.
void check_blocks(const std::filesystem::path& path) {
  std::error_code ec;
  if (!std::filesystem::is_regular_file(path, ec)) throw UserError("there are no waves at " + path.string());
  std::ifstream in(path, std::ios::binary);
  const u64 size = std::filesystem::file_size(path, ec);
  if (!in || ec) throw UserError("the waves " + path.string() + " cannot be read");
  bool header = false, geometry = false, hierarchy = false;
  for (u64 at = 0; at < size;) {
    unsigned char head[9] = {};
    in.seekg(static_cast<std::streamoff>(at));
    in.read(reinterpret_cast<char*>(head), sizeof head);
    u64 length = 0;
    for (unsigned n = 1; n < 9; ++n) length = length << 8 | head[n];
    const bool first = at == 0;
    if (first && (!in || head[0] != FST_BL_HDR || length != 329)) {
      // gzip around the whole file is allowed; nobody here writes it.
      throw UserError(path.string() + " is not an FST wave file");
    }
    if (!in || length < 8 || length > size - at - 1) {
      throw UserError("the waves " + path.string() + " are cut off: a part that begins at byte " + std::to_string(at) +
                      " is incomplete");
    }
    header |= head[0] == FST_BL_HDR;
    geometry |= head[0] == FST_BL_GEOM;
    hierarchy |= head[0] == FST_BL_HIER || head[0] == FST_BL_HIER_LZ4 || head[0] == FST_BL_HIER_LZ4DUO;
    at += length + 1;
  }
  if (!header || !geometry || !hierarchy) {
    throw UserError("the waves " + path.string() + " were never closed: the list of signals is missing");
  }
}

}  // namespace

void FstFile::Close::operator()(void* reader) const { fstReaderClose(reader); }

FstFile::FstFile(const std::filesystem::path& path) : path_(path) {
  check_blocks(path);
  reader_.reset(fstReaderOpen(path.c_str()));
  if (!reader_) throw UserError(path.string() + " is not an FST wave file");
  begin_ = fstReaderGetStartTime(reader_.get());
  end_ = fstReaderGetEndTime(reader_.get());
  time_scale_ = fstReaderGetTimescale(reader_.get());
  std::vector<std::string> scopes;
  while (const fstHier* item = fstReaderIterateHier(reader_.get())) {
    if (item->htyp == FST_HT_SCOPE) {
      scopes.emplace_back(item->u.scope.name);
    } else if (item->htyp == FST_HT_UPSCOPE) {
      if (!scopes.empty()) scopes.pop_back();
    } else if (item->htyp == FST_HT_VAR) {
      Signal signal;
      for (const auto& scope : scopes) signal.name += scope + ".";
      const std::string name = item->u.var.name;
      // "va [63:0]", "mem[3] [7:0]", "va[63:0]": what has a colon is the range, what has none belongs to the name.
      const auto bracket = name.rfind('[');
      const bool has_range = bracket != std::string::npos && name.find(':', bracket) != std::string::npos;
      std::string base = has_range ? name.substr(0, bracket) : name;
      while (!base.empty() && base.back() == ' ') base.pop_back();
      signal.name += base;
      if (has_range) signal.range = name.substr(bracket);
      signal.bits = item->u.var.typ == FST_VT_GEN_STRING ? 0 : item->u.var.length;
      signal.handle = item->u.var.handle;
      signals_.push_back(std::move(signal));
    }
  }
}

const FstFile::Signal* FstFile::find(const std::string& name) const {
  for (const Signal& signal : signals_) {
    if (signal.name == name || signal.name == "top." + name) return &signal;
  }
  return nullptr;
}

void FstFile::read(const std::vector<unsigned>& handles, u64 to, const OnChange& on_change) const {
  fstReaderClrFacProcessMaskAll(reader_.get());
  for (const unsigned handle : handles) fstReaderSetFacProcessMask(reader_.get(), handle);
  fstReaderSetLimitTimeRange(reader_.get(), begin_, to);
  const auto callback = [](void* data, uint64_t time, fstHandle handle, const unsigned char* value) {
    (*static_cast<const OnChange*>(data))(time, handle, reinterpret_cast<const char*>(value));
  };
  const auto text = [](void* data, uint64_t time, fstHandle handle, const unsigned char* value, uint32_t length) {
    (*static_cast<const OnChange*>(data))(time, handle, {reinterpret_cast<const char*>(value), length});
  };
  if (!fstReaderIterBlocks2(reader_.get(), callback, text, const_cast<OnChange*>(&on_change), nullptr)) {
    throw UserError("the waves " + path_.string() + " cannot be read");
  }
}

}  // namespace kilburn::tb
