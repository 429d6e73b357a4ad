// SPDX-License-Identifier: Apache-2.0
//
// The three ignorable payload extensions of the TLM modules: who asks, why a translation failed,
// and a 64-bit compare-and-swap.
//
// Extensions that an initiator keeps as members or on the stack must be taken out of the payload
// (clear_extension) before either is destroyed: a payload deletes what it still holds.
#pragma once

#include <tlm>

#include "model/arch/walk.h"

namespace kilburn::tlm {

using Payload = ::tlm::tlm_generic_payload;

// What the command and address of a payload do not say; the fields are those of arch::Request.
struct Access {
  // A write command is always Op::write. A read command is what `op` says: read; fetch; or write,
  // for the read half of a read-modify-write, which must be allowed to store (trap T30).
  arch::Op op = arch::Op::read;
  arch::Mode mode = arch::Mode::kernel;
  bool ac = false;
  bool implicit = false;

  bool operator==(const Access&) const = default;
};

// Virtual side. Without it an access is an explicit data access in mode kernel with AC clear.
struct AccessExtension : ::tlm::tlm_extension<AccessExtension>, Access {
  ::tlm::tlm_extension_base* clone() const override { return new AccessExtension(*this); }
  void copy_from(const ::tlm::tlm_extension_base& from) override { *this = static_cast<const AccessExtension&>(from); }
};

// Virtual side: meaningful only beside TLM_ADDRESS_ERROR_RESPONSE. Code none then says that the
// translation was good and the physical side refused the address. The initiator attaches it; to a
// reference-counted payload (has_mm) that lacks one the Mmu attaches one that the payload owns.
struct FaultExtension : ::tlm::tlm_extension<FaultExtension> {
  arch::FaultReport fault;
  arch::u64 va = 0;  // first byte of the access in the page that faulted (trap T32)

  ::tlm::tlm_extension_base* clone() const override { return new FaultExtension(*this); }
  void copy_from(const ::tlm::tlm_extension_base& from) override { *this = static_cast<const FaultExtension&>(from); }
};

// Physical side: turns a TLM_IGNORE_COMMAND of 8 bytes, 8-byte aligned, whose data is the new word,
// into an atomic compare-and-swap. The command is IGNORE and not WRITE so that a target that does
// not know the extension stores nothing; `served` then stays false and the initiator falls back to
// a read and a write in one process activation, which is atomic unless the target waits in between.
struct CasExtension : ::tlm::tlm_extension<CasExtension> {
  arch::u64 expect = 0;  // host byte order, as is the data
  arch::u64 old = 0;     // target: the word before
  bool matched = false;  // target: old == expect, and the new word is stored
  bool served = false;   // target: the extension was understood (also when the response is an error)

  ::tlm::tlm_extension_base* clone() const override { return new CasExtension(*this); }
  void copy_from(const ::tlm::tlm_extension_base& from) override { *this = static_cast<const CasExtension&>(from); }
};

}  // namespace kilburn::tlm
