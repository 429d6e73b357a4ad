// SPDX-License-Identifier: Apache-2.0
//
// Finds a DUT library by name or path, checks its contract, and owns one instance of it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/arch/types.h"
#include "tb/dut/dut.h"

namespace kilburn::tb {

// A loaded DUT library. The library stays loaded for the life of the process: a Verilated model
// registers static data that does not survive dlclose.
class DutLibrary {
 public:
  // `name_or_path`: a path to a shared library if it has a '/' or ends in ".so", else a name, looked
  // up with the format as kilburn_dut_NAME-FORMAT.so in dut_folder(). Throws UserError: no such
  // library, not a DUT, another contract version, another format. "arch", "tlm" and those of
  // wild_dut_names() are models, in this process.
  static DutLibrary load(const std::string& name_or_path, arch::Format format);
  // A library by its functions, for a DUT that is linked in or wrapped; `api` must outlive it.
  static DutLibrary wrap(const kilburn_dut_api& api, const std::filesystem::path& path) {
    return DutLibrary(&api, path);
  }

  const kilburn_dut_api& api() const { return *api_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  DutLibrary(const kilburn_dut_api* api, std::filesystem::path path) : api_(api), path_(std::move(path)) {}
  const kilburn_dut_api* api_;
  std::filesystem::path path_;
};

// $KILBURN_DUTS if set, else the folder `duts` beside the running program.
std::filesystem::path dut_folder();

struct DutName {
  std::string name;  // without the format
  arch::Format format;
  std::filesystem::path path;
};
// The libraries in dut_folder(), sorted by name and format.
std::vector<DutName> installed_duts();

// One instance. Not copyable: it may hold an open wave file.
class Dut {
 public:
  Dut(const DutLibrary& library, arch::u64 seed);  // seed is never 0
  ~Dut();
  Dut(const Dut&) = delete;
  Dut& operator=(const Dut&) = delete;

  const kilburn_dut_api& api() const { return api_; }
  void reset(arch::u32 cfg, kilburn_dut_out& out) { api_.reset(self_, cfg, &out); }
  void clock(const kilburn_dut_in& in, kilburn_dut_out& out) { api_.clock(self_, &in, &out); }
  bool can_probe() const { return api_.probe != nullptr; }
  bool probe(int side, arch::u32 index, kilburn_tlb_entry& entry) const {
    return api_.probe(self_, side, index, &entry) == 0;
  }
  // Throws UserError where the DUT cannot trace, EnvironmentError where the file cannot be written.
  void open_waves(const std::filesystem::path&);
  void close_waves() noexcept;
  // Throws UserError if the library has no such bug. "" is none.
  void select_bug(const std::string& id);

 private:
  const kilburn_dut_api& api_;
  void* self_;
  bool waves_ = false;
};

}  // namespace kilburn::tb
