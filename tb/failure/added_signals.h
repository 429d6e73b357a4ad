// SPDX-License-Identifier: Apache-2.0
//
// Signals that a run adds to the wave file that its DUT writes: kept beside it while it is open, and put into the same
// file, in scopes of their own, once the DUT has closed it. The codes of the contract's pins get their names too.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::tb {

class AddedSignals {
 public:
  // `waves`: the DUT's file. Throws EnvironmentError where nothing can be kept beside it.
  explicit AddedSignals(const std::filesystem::path& waves);

  // "twin.walker_0": text, or `bits` ones, zeros and x. Only signals that are set some time come into the file.
  unsigned add_text(std::string name) { return add(std::move(name), 0); }
  unsigned add_bits(std::string name, unsigned bits) { return add(std::move(name), bits); }
  // From the edge that begins this clock on; the last value of a clock counts.
  void set(unsigned signal, std::string_view value);
  void set(unsigned signal, arch::u64 value);
  void clock();
  void reset() { ++resets_; }  // as many clocks as it takes

  // The DUT has closed its file. Throws EnvironmentError, and the file stays as the DUT wrote it.
  void put_into_file();

 private:
  struct Signal {
    std::string name;
    unsigned bits;  // 0: text
    bool used = false, touched = false;
    std::string value, written;
  };
  struct Change {
    arch::u64 clock;
    arch::u32 resets, signal, length;
  };
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  unsigned add(std::string name, unsigned bits);
  void copy(const std::filesystem::path& to);

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> changes_;  // without a name, so that it goes with the run however that ends
  std::vector<Signal> signals_;
  std::vector<unsigned> touched_;  // in this clock
  arch::u64 clocks_ = 0;
  arch::u32 resets_ = 0;
};

}  // namespace kilburn::tb
