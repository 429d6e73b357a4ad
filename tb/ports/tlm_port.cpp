// SPDX-License-Identifier: Apache-2.0
//
// Accesses as TLM transactions.
#include "tb/ports/tlm_port.h"

#include <cstring>
#include <stdexcept>

#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {
namespace {

tlm::MmuConfig mmu_config(arch::Format format, const arch::Settings& settings) {
  tlm::MmuConfig config;
  config.format = format;
  config.settings = settings;
  return config;
}

tlm::MemoryConfig memory_config(arch::u64 bytes) {
  tlm::MemoryConfig config;
  config.bytes = bytes;
  return config;
}

}  // namespace

TlmPort::TlmPort(const sc_core::sc_module_name& name, arch::Format format, const arch::Settings& settings,
                 arch::u64 bytes)
    : sc_core::sc_module(name), mmu_("mmu", mmu_config(format, settings)), memory_("memory", memory_config(bytes)) {
  socket_.bind(mmu_.virtual_side);
  mmu_.physical_side.bind(memory_.socket);
}

os::AccessResult TlmPort::access(const os::Access& access) {
  const bool write = access.op == arch::Op::write;
  who_.op = access.op;
  who_.mode = access.mode;
  payload_.set_command(write ? ::tlm::TLM_WRITE_COMMAND : ::tlm::TLM_READ_COMMAND);
  payload_.set_address(access.va);
  payload_.set_data_ptr(reinterpret_cast<unsigned char*>(access.data.data()));
  payload_.set_data_length(static_cast<unsigned>(access.data.size()));
  payload_.set_streaming_width(static_cast<unsigned>(access.data.size()));
  payload_.set_byte_enable_ptr(nullptr);
  payload_.set_dmi_allowed(false);
  payload_.set_response_status(::tlm::TLM_INCOMPLETE_RESPONSE);
  // The extensions are members of this port, so they leave the payload before it could delete them.
  payload_.set_extension(&who_);
  payload_.set_extension(&fault_);
  socket_->b_transport(payload_, delay_);
  payload_.clear_extension(&who_);
  payload_.clear_extension(&fault_);
  // The payload does not say where the data was; asking again has no effect and consults the same TLB.
  if (payload_.is_response_ok()) return os::Done{mmu_.peek({access.va, access.op, access.mode, false}).pa};
  if (payload_.get_response_status() != ::tlm::TLM_ADDRESS_ERROR_RESPONSE || fault_.fault.code == arch::Fault::none) {
    throw DutWrong("end-to-end", "the TLM model's access ends with " + payload_.get_response_string(), now());
  }
  return os::FaultInfo{fault_.fault.code, access.va, fault_.fault.error, fault_.fault.level};
}

void TlmPort::invalidate(os::Invalidate op, arch::u64 va, arch::u16 asid) {
  mmu_.invalidate(static_cast<tlm::Invalidate>(op), va, asid);
}

bool TlmPort::tlb_fill(arch::u64 va, arch::u16 asid, arch::u64 word, bool fetch) {
  mmu_.invalidate(fetch ? tlm::Invalidate::fill_i : tlm::Invalidate::fill_d, va, asid, word);
  return true;
}

// A loosely timed model finishes the access at once: a speculative walk that the OS then races with.
void TlmPort::prefetch(arch::u64 va, arch::Op op, arch::Mode mode) {
  sc_core::sc_time unused;
  mmu_.translate({va, op, mode, false}, unused);
}

arch::u64 TlmPort::cas64(arch::u64 pa, arch::u64 expect, arch::u64 desired) {
  const arch::u64 old = load64(pa);
  if (old == expect) store64(pa, desired);
  return old;
}

void TlmPort::read(arch::u64 pa, std::span<std::byte> out) {
  if (pa > size() || size() - pa < out.size()) throw std::out_of_range("physical address outside memory");
  std::memcpy(out.data(), memory_.data() + pa, out.size());
}

void TlmPort::write(arch::u64 pa, std::span<const std::byte> in) {
  if (pa > size() || size() - pa < in.size()) throw std::out_of_range("physical address outside memory");
  std::memcpy(memory_.data() + pa, in.data(), in.size());
}

}  // namespace kilburn::tb
