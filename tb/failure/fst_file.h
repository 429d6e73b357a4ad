// SPDX-License-Identifier: Apache-2.0
//
// Reading an FST wave file, with the reader that Verilator brings along (gtkwave/fstapi).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::tb {

class FstFile {
 public:
  struct Signal {
    std::string name;     // "top.mmu.u_ptw.level_q", without a range
    std::string range;    // "[2:0]" or empty
    unsigned bits = 1;    // 0: text
    unsigned handle = 0;  // signals that are wired together share one
  };
  // What a signal becomes, in ones, zeros, x and z, or its text; the first of each is its value at the start.
  using OnChange = std::function<void(arch::u64 time, unsigned handle, std::string_view value)>;

  // Throws UserError: no such file, not an FST file, or one that was never closed or is cut off.
  explicit FstFile(const std::filesystem::path&);

  const std::vector<Signal>& signals() const { return signals_; }
  const Signal* find(const std::string& name) const;  // the whole name, or all after "top."
  arch::u64 begin() const { return begin_; }
  arch::u64 end() const { return end_; }
  int time_scale() const { return time_scale_; }  // a unit of time is 10 to the power of it seconds
  // Changes of the signals with these handles up to time `to`, in the order of time.
  void read(const std::vector<unsigned>& handles, arch::u64 to, const OnChange&) const;

 private:
  struct Close {
    void operator()(void* reader) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<void, Close> reader_;
  std::vector<Signal> signals_;
  arch::u64 begin_ = 0, end_ = 0;
  int time_scale_ = 0;
};

}  // namespace kilburn::tb
