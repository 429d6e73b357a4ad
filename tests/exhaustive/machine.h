// SPDX-License-Identifier: Apache-2.0
//
// What a case runs on: memory with page tables, a context, accesses and invalidations; the architectural walk itself
// or a DUT in lockstep.
#pragma once

#include <memory>
#include <string>

#include "model/arch/walk.h"

namespace kilburn::exhaustive {

using arch::Context;
using arch::Fault;
using arch::Format;
using arch::Mode;
using arch::Op;
using arch::Request;
using arch::Settings;
using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

struct Response {
  Fault fault = Fault::none;
  u16 err = 0;
  u8 level = 0;
  u64 pa = 0;
  u8 size = 0;
  u8 mt = 0;
  bool global = false;
};

class Machine {
 public:
  static constexpr u64 kMemoryBytes = 1 << 20;

  virtual ~Machine() = default;
  Context context;

  // In reset with these settings; memory stays as it is.
  virtual void restart(const Settings&) = 0;
  virtual const Settings& settings() const = 0;
  virtual Response access(const Request&) = 0;
  virtual void invalidate(unsigned op, u64 va, u16 asid) = 0;
  virtual u64 load(u64 pa) = 0;
  virtual void store(u64 pa, u64 value) = 0;
  virtual void finish() = 0;  // the last checks of a run
  virtual u64 cycles() const = 0;
  // False: answers always come from the tables as they are.
  virtual bool caches() const = 0;
  // Keeps what rtl/README.md lets it keep, so that an answer from the TLB can be foretold.
  virtual bool keeps() const = 0;
};

// "walk": arch::walk() called directly. Others: "arch", "tlm", "mmu", "mmu-tiny" or the path of a library, by their
// pins; `bug` is a seeded bug of the library and `exact` asks for the twin where the DUT claims to be exact.
std::unique_ptr<Machine> make_machine(const std::string& name, Format, const std::string& bug = {}, bool exact = true);

}  // namespace kilburn::exhaustive
