// SPDX-License-Identifier: Apache-2.0
//
// The decisions of `wild`: those of model/arch, and what an illegal variant makes of them.
#pragma once

#include "model/arch/walk.h"
#include "tb/dut/models/wild_bugs.h"

namespace kilburn::tb::wild {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

class Judge {
 public:
  explicit Judge(arch::Format format) : format_(format) {}
  void reset(const arch::Settings& settings) {
    settings_ = settings;
    last_error_ = 0;
  }
  void set_bug(Bug bug) { bug_ = bug; }
  bool bug(Bug which) const { return bug_ == which; }
  const arch::Settings& settings() const { return settings_; }
  arch::FormatInfo form(u32 controls) const { return arch::info(format_, settings_, controls); }
  bool x86() const { return format_ == arch::Format::x86_64; }

  arch::Direct direct(const arch::Request&, const arch::Context&) const;
  // One entry as it was read; `parent` is the entry above it.
  arch::Judgement entry(unsigned level, u64 value, u64 parent, const arch::Accumulated& above, const arch::Request&,
                        const arch::Context&);
  // The same for a walk on nobody's behalf: rights refuse nothing, and D is not due (SDM 4.10.2.3, 4.8).
  arch::Judgement held(unsigned level, u64 value, const arch::Accumulated& above, const arch::Request&,
                       const arch::Context&) const;
  // Rights of an entry that is hit; `filled` are the controls of its walk.
  arch::FaultReport hit(u16 rights, u32 filled, const arch::Request&, const arch::Context&);

 private:
  u64 seen(unsigned level, u64 value, u64 parent, const arch::Request&, u32 controls) const;
  bool other_rights() const;
  arch::FaultReport rights(u16 rights, arch::Request, arch::Context) const;
  arch::Judgement by_rights(unsigned level, u64 seen, const arch::Accumulated&, const arch::Request&,
                            const arch::Context&) const;
  void spoil_x86(arch::FaultReport&, u64 value, const arch::Request&);
  void spoil_alpha(arch::Judgement&, unsigned level, u64 value, const arch::Request&) const;

  const arch::Format format_;
  arch::Settings settings_;
  Bug bug_ = Bug::none;
  u16 last_error_ = 0;  // for CVW1538
};

}  // namespace kilburn::tb::wild
