// SPDX-License-Identifier: Apache-2.0
//
// What leaves no trace: debug transport and translation by peeking; and direct memory on both sides.
#include <algorithm>
#include <cstring>

#include "model/tlm/mmu.h"

namespace kilburn::tlm {

void Mmu::acquire_window(::tlm::tlm_command command, u64 pa) {
  if (!config_.use_direct_memory || windows_.find(pa, 1, command == ::tlm::TLM_WRITE_COMMAND) != nullptr) return;
  const PayloadPool::Lease payload(pool_);
  PayloadPool::aim(*payload, command, pa, nullptr, 0);
  ::tlm::tlm_dmi dmi;
  if (physical_side->get_direct_mem_ptr(*payload, dmi)) windows_.add(dmi);
}

// Page-table words for peek(): never a transaction that takes time or waits.
std::optional<u64> Mmu::debug_word(u64 pa) {
  u64 word = 0;
  if (const Window* window = windows_.find(pa, 8, false)) {
    std::memcpy(&word, window->at(pa), 8);
    return word;
  }
  const PayloadPool::Lease payload(pool_);
  PayloadPool::aim(*payload, ::tlm::TLM_READ_COMMAND, pa, reinterpret_cast<unsigned char*>(&word), 8);
  if (physical_side->transport_dbg(*payload) != 8) return std::nullopt;
  return word;
}

Mmu::Result Mmu::peek(const arch::Request& request) { return settled(request).result; }

Mmu::Settled Mmu::settled(const arch::Request& request) {
  const arch::Direct direct = arch::before_tlb(config_.format, config_.settings, request, context_);
  if (direct.kind != arch::Direct::Kind::none) return {{direct.fault, direct.pa, direct.translation}};
  if (const std::optional<Result> by_tlb = held(request, context_)) return {*by_tlb};
  const arch::Outcome outcome =
      arch::walk(config_.format, config_.settings, context_, request, [this](u64 pa) { return debug_word(pa); });
  return {{outcome.fault, outcome.pa, outcome.translation}, !outcome.writes.empty()};
}

unsigned Mmu::transport_dbg(Payload& trans) {
  arch::Request request = request_of(trans);
  const unsigned total = trans.get_data_ptr() != nullptr ? trans.get_data_length() : 0;
  unsigned done = 0;
  while (done < total) {
    request.va = trans.get_address() + done;
    const auto length = static_cast<unsigned>(std::min<u64>(total - done, in_page_ + 1 - (request.va & in_page_)));
    const Result result = peek(request);
    if (result.fault.code != arch::Fault::none) break;
    const PayloadPool::Lease part(pool_);
    PayloadPool::aim(*part, trans.get_command(), result.pa, trans.get_data_ptr() + done, length);
    const unsigned passed = physical_side->transport_dbg(*part);
    done += passed;
    if (passed != length) break;
  }
  return done;
}

bool Mmu::get_direct_mem_ptr(Payload& trans, ::tlm::tlm_dmi& dmi) {
  arch::Request request = request_of(trans);
  dmi.init();
  // A refusal is about this page (IEEE 1666-2011 11.3.5).
  dmi.set_start_address(request.va & ~in_page_);
  dmi.set_end_address(request.va | in_page_);

  const auto [result, update_due] = settled(request);
  if (result.fault.code != arch::Fault::none || update_due) return false;
  const PayloadPool::Lease payload(pool_);
  PayloadPool::aim(*payload, trans.get_command(), result.pa, nullptr, 0);
  ::tlm::tlm_dmi physical;
  if (!physical_side->get_direct_mem_ptr(*payload, physical)) return false;

  // A data grant covers whichever of reading and writing both sides allow; a fetch grant only reading.
  const auto same_page = [&, &granted = result](arch::Op op) {
    if (op == request.op) return true;
    arch::Request other = request;
    other.op = op;
    const Settled by_other = settled(other);
    return by_other.result.fault.code == arch::Fault::none && !by_other.update_due &&
           by_other.result.pa == granted.pa && by_other.result.translation.page_log2 == granted.translation.page_log2;
  };
  const bool fetch = request.op == arch::Op::fetch;
  const bool read = physical.is_read_allowed() && (fetch || same_page(arch::Op::read));
  const bool write = physical.is_write_allowed() && !fetch && same_page(arch::Op::write);
  if (!(trans.is_write() ? write : read)) return false;

  const u64 offset = (u64{1} << result.translation.page_log2) - 1;
  const u64 page_pa = result.pa & ~offset;
  const u64 first_pa = std::max<u64>(page_pa, physical.get_start_address());
  const u64 last_pa = std::min<u64>(page_pa | offset, physical.get_end_address());
  const u64 page_va = request.va & ~offset;
  dmi.set_dmi_ptr(physical.get_dmi_ptr() + (first_pa - physical.get_start_address()));
  dmi.set_start_address(page_va + (first_pa - page_pa));
  dmi.set_end_address(page_va + (last_pa - page_pa));
  dmi.set_granted_access(read && write ? ::tlm::tlm_dmi::DMI_ACCESS_READ_WRITE
                         : write       ? ::tlm::tlm_dmi::DMI_ACCESS_WRITE
                                       : ::tlm::tlm_dmi::DMI_ACCESS_READ);
  dmi.set_read_latency(physical.get_read_latency() + config_.hit_time);
  dmi.set_write_latency(physical.get_write_latency() + config_.hit_time);
  const bool by_tables =
      arch::before_tlb(config_.format, config_.settings, request, context_).kind == arch::Direct::Kind::none;
  const Access asked{fetch ? arch::Op::fetch : arch::Op::read, request.mode, request.ac, request.implicit};
  grants_.add({dmi.get_start_address(), dmi.get_end_address(), first_pa, context_.asid, by_tables, result.translation,
               asked, read, write});
  return true;
}

// The pointers may be copied anywhere in the accelerators, so these start afresh.
void Mmu::invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
  windows_.drop(first, last);
  clear_accelerators();
  revoke(grants_.take_physical(first, last));
}

}  // namespace kilburn::tlm
