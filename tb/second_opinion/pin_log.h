// SPDX-License-Identifier: Apache-2.0
//
// Every pin of a DUT in every cycle since its last reset, in memory and as a file, to be replayed in another simulator.
//
// The file is little-endian: magic, version, size of the file, header, one record a cycle, CRC-32 of all before it.
// A record is a mask of the 64-bit words that changed since the record before, then those words; the first record is
// the reset, with the configuration pins and the outputs after it.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "model/arch/types.h"
#include "tb/dut/dut.h"

namespace kilburn::tb {

// One clock: the inputs of a cycle and the outputs of the next one, which they led to.
struct PinCycle {
  kilburn_dut_in in;
  kilburn_dut_out out;
};

struct PinLogHeader {
  std::string dut;                      // as --dut names it
  std::string rtl;                      // folder of the sources in this project, "rtl" or "rtl/small"; else empty
  std::string top;                      // top module; empty if not known
  std::string bug;                      // seeded bug, or empty
  std::vector<std::string> parameters;  // of the top module, "IEntries=2"
  arch::u64 seed = 1;
  arch::u64 first_cycle = 0;  // of the run, in which the outputs after reset stand
  arch::u32 format = 0;       // layout.def Format
  bool failed = false;        // the run found the DUT wrong
  bool truncated = false;     // the run went on after the last cycle
};

class PinLog {
 public:
  static constexpr arch::u64 kMaxCycles = 1000000;
  static constexpr std::size_t kInWords = 12, kOutWords = 11, kWords = kInWords + kOutWords;
  using Words = std::array<arch::u64, kWords>;

  PinLogHeader header;

  // A reset: forgets all cycles.
  void start(arch::u32 cfg, const kilburn_dut_out& after);
  // One clock. Beyond kMaxCycles it only marks the log as truncated.
  void add(const PinCycle&);

  arch::u64 cycles() const { return records_ == 0 ? 0 : records_ - 1; }  // clocks since reset
  bool started() const { return records_ != 0; }

  // Reads from the reset on.
  class Reader {
   public:
    explicit Reader(const PinLog& log) : log_(log) {}
    // False at the end. The first is the reset.
    bool next(PinCycle&);
    const Words& words() const { return words_; }

   private:
    const PinLog& log_;
    std::size_t position_ = 0;
    Words words_{};
  };

  // Throws EnvironmentError.
  void write(const std::filesystem::path&) const;
  // Throws UserError for a file that is missing, no pin log, of another version, cut off or damaged.
  static PinLog read(const std::filesystem::path&);

  static Words pack(const PinCycle&);
  static PinCycle unpack(const Words&);

 private:
  void append(const Words&);

  std::string records_bytes_;
  arch::u64 records_ = 0;
  Words last_{};
};

}  // namespace kilburn::tb
