// SPDX-License-Identifier: Apache-2.0
//
// Blocking transport of the Mmu: the hit in a few instructions, the general access, context and
// invalidation.
#include "model/tlm/mmu.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cstring>

namespace kilburn::tlm {
namespace {

constexpr u16 kAsidMask = 0xFFF;

// Copies between payload and memory for the bytes that are enabled.
void copy_enabled(Payload& trans, unsigned offset, unsigned length, unsigned char* host) {
  unsigned char* data = trans.get_data_ptr() + offset;
  const unsigned char* enable = trans.get_byte_enable_ptr();
  if (enable == nullptr) {
    trans.is_write() ? std::memcpy(host, data, length) : std::memcpy(data, host, length);
    return;
  }
  for (unsigned i = 0; i < length; ++i) {
    if (enable[(offset + i) % trans.get_byte_enable_length()] != TLM_BYTE_ENABLED) continue;
    trans.is_write() ? host[i] = data[i] : data[i] = host[i];
  }
}

// Attributes that no page can make good; TLM_OK_RESPONSE if there are none (IEEE 1666-2011 14.8 to 14.12).
::tlm::tlm_response_status malformed(const Payload& trans) {
  if (trans.get_command() == ::tlm::TLM_IGNORE_COMMAND) return ::tlm::TLM_OK_RESPONSE;
  if (trans.get_data_length() == 0 || trans.get_streaming_width() < trans.get_data_length()) {
    return ::tlm::TLM_BURST_ERROR_RESPONSE;
  }
  if (trans.get_data_ptr() == nullptr) return ::tlm::TLM_GENERIC_ERROR_RESPONSE;
  if (trans.get_byte_enable_ptr() != nullptr && trans.get_byte_enable_length() == 0) {
    return ::tlm::TLM_GENERIC_ERROR_RESPONSE;
  }
  return ::tlm::TLM_OK_RESPONSE;
}

}  // namespace

Mmu::Mmu(const sc_core::sc_module_name& name, const MmuConfig& config)
    : sc_module(name),
      config_(config),
      info_(arch::info(config.format)),
      in_page_((u64{1} << info_.page_shift) - 1),
      instruction_{Tlb(config.tlb_entries), {}},
      data_{Tlb(config.tlb_entries), {}} {
  virtual_side.bind(*this);
  physical_side.bind(*this);
  SC_HAS_PROCESS(Mmu);
  SC_THREAD(serve);
}

arch::Request Mmu::request_of(const Payload& trans) const {
  arch::Request request;
  request.va = trans.get_address();
  if (const auto* extension = trans.get_extension<AccessExtension>()) {
    request.op = extension->op;
    request.mode = extension->mode;
    request.ac = extension->ac;
  }
  if (trans.is_write()) request.op = arch::Op::write;
  return request;
}

// The hit. Everything that is not a plain access within one page, whose kind has been judged before and
// whose page is in direct memory, is left to access().
[[gnu::always_inline]] inline bool Mmu::hit(Payload& trans, sc_core::sc_time& delay) {
  const ::tlm::tlm_command command = trans.get_command();
  const bool is_write = command == ::tlm::TLM_WRITE_COMMAND;
  auto op = is_write ? arch::Op::write : arch::Op::read;
  arch::u32 kind = access_bit(op, arch::Mode::kernel, false);
  if (const auto* extension = trans.get_extension<AccessExtension>()) {
    if (!is_write) op = extension->op;
    kind = access_bit(op, extension->mode, extension->ac);
  }
  const u64 va = trans.get_address();
  const unsigned length = trans.get_data_length();
  const Accelerator::Slot& slot = side(op).accelerator.slot(va);
  const u64 in_piece = va & Accelerator::kInPiece;
  const bool plain = command != ::tlm::TLM_IGNORE_COMMAND && trans.get_byte_enable_ptr() == nullptr &&
                     trans.get_data_ptr() != nullptr && trans.get_streaming_width() >= length;
  // Length 0 wraps and fails the last comparison.
  if (slot.key != Accelerator::key(va, context_.asid) || (slot.direct & kind) == 0 || !plain ||
      u64{length} - 1 > Accelerator::kInPiece - in_piece) [[unlikely]] {
    return false;
  }
  delay += is_write ? slot.write_time : slot.read_time;
  ++counters_.hits;
  trans.set_dmi_allowed(true);
  trans.set_response_status(::tlm::TLM_OK_RESPONSE);
  unsigned char* host = slot.host + in_piece;
  unsigned char* data = trans.get_data_ptr();
  // A word, the usual length, is copied in place; the call stands last so that nothing need be saved for it.
  unsigned char* to = is_write ? host : data;
  const unsigned char* from = is_write ? data : host;
  length == 8 ? std::memcpy(to, from, 8) : std::memcpy(to, from, length);
  return true;
}

bool Mmu::complete_at_once(Payload& trans, sc_core::sc_time& delay) { return hit(trans, delay); }

void Mmu::b_transport(Payload& trans, sc_core::sc_time& delay) {
  if (!hit(trans, delay)) access(trans, delay);
}

void Mmu::access(Payload& trans, sc_core::sc_time& delay) {
  trans.set_dmi_allowed(false);
  if (auto* extension = trans.get_extension<FaultExtension>()) *extension = FaultExtension{};
  if (const auto status = malformed(trans); status != ::tlm::TLM_OK_RESPONSE) {
    trans.set_response_status(status);
    return;
  }
  ++under_way_;
  const arch::Request request = request_of(trans);
  const unsigned length = trans.get_data_length();
  if (length > in_page_ + 1 - (request.va & in_page_)) {
    access_pages(trans, request, delay);
  } else if (const Result result = translate(request, delay); result.fault.code != arch::Fault::none) {
    report_fault(trans, result, request.va);
  } else {
    forward(trans, {request.va, result.pa, 0, length}, delay);
  }
  leave();
}

void Mmu::leave() {
  if (--under_way_ != 0 || !idle_wanted_) return;
  idle_wanted_ = false;
  idle_.notify();
}

// An access that crosses pages: translates every page, the lowest first (trap T32), then moves the data.
void Mmu::access_pages(Payload& trans, arch::Request request, sc_core::sc_time& delay) {
  boost::container::small_vector<Piece, 4> pieces;
  const unsigned total = trans.get_data_length();
  for (unsigned offset = 0; offset < total;) {
    const u64 va = trans.get_address() + offset;
    const auto length = static_cast<unsigned>(std::min<u64>(total - offset, in_page_ + 1 - (va & in_page_)));
    request.va = va;
    const Result result = translate(request, delay);
    if (result.fault.code != arch::Fault::none) {
      report_fault(trans, result, va);
      return;
    }
    pieces.push_back({va, result.pa, offset, length});
    offset += length;
  }
  if (trans.get_command() == ::tlm::TLM_IGNORE_COMMAND) {
    trans.set_response_status(::tlm::TLM_COMMAND_ERROR_RESPONSE);
    return;
  }
  trans.set_response_status(::tlm::TLM_OK_RESPONSE);
  for (const Piece& piece : pieces) {
    transfer_piece(trans, piece, delay);
    if (trans.is_response_error()) return;
  }
}

void Mmu::report_fault(Payload& trans, const Result& result, u64 va) {
  trans.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  auto* extension = trans.get_extension<FaultExtension>();
  if (extension == nullptr && trans.has_mm()) {
    extension = new FaultExtension;
    trans.set_auto_extension(extension);
  }
  if (extension == nullptr) return;
  extension->fault = result.fault;
  extension->va = va;
}

// An access within one page: by direct memory, or the initiator's own payload goes on with its address
// replaced (an interconnect may change that, IEEE 1666-2011 14.7), so extensions travel along.
void Mmu::forward(Payload& trans, const Piece& piece, sc_core::sc_time& delay) {
  const bool ignore = trans.get_command() == ::tlm::TLM_IGNORE_COMMAND;
  const Window* window = ignore ? nullptr : windows_.find(piece.pa, piece.length, trans.is_write());
  if (window != nullptr) {
    copy_enabled(trans, 0, piece.length, window->at(piece.pa));
    delay += trans.is_write() ? window->write_time : window->read_time;
    trans.set_dmi_allowed(true);
    trans.set_response_status(::tlm::TLM_OK_RESPONSE);
    return;
  }
  trans.set_address(piece.pa);
  physical_side->b_transport(trans, delay);
  trans.set_address(piece.va);
  if (trans.is_response_ok() && trans.is_dmi_allowed() && !ignore) acquire_window(trans.get_command(), piece.pa);
}

// A part of an access that crosses pages, by a payload of our own.
void Mmu::transfer_piece(Payload& trans, const Piece& piece, sc_core::sc_time& delay) {
  if (const Window* window = windows_.find(piece.pa, piece.length, trans.is_write())) {
    copy_enabled(trans, piece.offset, piece.length, window->at(piece.pa));
    delay += trans.is_write() ? window->write_time : window->read_time;
    return;
  }
  const PayloadPool::Lease part(pool_);
  PayloadPool::aim(*part, trans.get_command(), piece.pa, trans.get_data_ptr() + piece.offset, piece.length);
  std::vector<unsigned char> enable;
  if (const unsigned char* pattern = trans.get_byte_enable_ptr()) {
    enable.resize(piece.length);
    for (unsigned i = 0; i < piece.length; ++i) {
      enable[i] = pattern[(piece.offset + i) % trans.get_byte_enable_length()];
    }
    part->set_byte_enable_ptr(enable.data());
    part->set_byte_enable_length(piece.length);
  }
  physical_side->b_transport(*part, delay);
  trans.set_response_status(part->get_response_status());
  if (part->is_response_ok() && part->is_dmi_allowed()) acquire_window(trans.get_command(), piece.pa);
}

Mmu::Result Mmu::translate(const arch::Request& request, sc_core::sc_time& delay) {
  delay += config_.hit_time;
  const arch::Context context = context_;
  const arch::Direct direct = arch::before_tlb(config_.format, request, context.controls);
  if (direct.kind == arch::Direct::Kind::fault) {
    ++counters_.faults[static_cast<unsigned>(direct.fault.code)];
    return {direct.fault, 0, {}};
  }
  Result result;
  if (direct.kind == arch::Direct::Kind::translated) {
    ++counters_.hits;
    result = {{}, direct.pa, direct.translation};
    remember(request, context, result, false);
    return result;
  }
  const TlbEntry* entry = side(request.op).tlb.find(request.va, context.asid);
  if (entry != nullptr && arch::grants(config_.format, entry->translation.rights, request, context.controls) &&
      !arch::needs_dirty_walk(config_.format, entry->translation.rights, request)) {
    ++counters_.hits;
    result = {{}, arch::address_in(entry->translation, request.va), entry->translation};
    remember(request, context, result, false);
    return result;
  }
  ++under_way_;
  result = walk(request, context, delay);
  leave();
  if (result.fault.code == arch::Fault::none) {
    remember(request, context, result, true);
  } else {
    ++counters_.faults[static_cast<unsigned>(result.fault.code)];
  }
  return result;
}

// Lets hit() answer this kind of access next time, if the page is in direct memory. The kinds judged good
// before stay so unless the translation is `fresh` or leads elsewhere.
void Mmu::remember(const arch::Request& request, const arch::Context& context, const Result& result, bool fresh) {
  Accelerator& accelerator = side(request.op).accelerator;
  Accelerator::Slot& slot = accelerator.slot(request.va);
  const u64 key = Accelerator::key(request.va, context.asid);
  const u64 piece = result.pa & ~Accelerator::kInPiece;
  const Window* window = windows_.find(piece, Accelerator::kInPiece + 1, request.op == arch::Op::write);
  unsigned char* host = window != nullptr ? window->at(piece) : nullptr;
  if (fresh || slot.key != key || slot.host != host) slot.direct = 0;
  // The judgement holds for these controls; they may have changed while a walk waited.
  if (host == nullptr || context.controls != context_.controls) return;
  slot.key = key;
  slot.host = host;
  slot.direct |= access_bit(request.op, request.mode, request.ac);
  if (request.op == arch::Op::write) {
    slot.write_time = config_.hit_time + window->write_time;
  } else {
    slot.read_time = config_.hit_time + window->read_time;
  }
  accelerator.note_size(result.translation.page_log2);
}

void Mmu::set_context(const arch::Context& context) {
  const arch::Context before = context_;
  context_ = context;
  context_.asid &= kAsidMask;
  if (context_.controls != before.controls) {
    instruction_.accelerator.clear();
    data_.accelerator.clear();
    revoke(grants_.take_all());
  } else if (context_.asid != before.asid) {
    revoke(grants_.take_other_spaces());
  }
}

void Mmu::invalidate(Invalidate op, u64 va, u16 asid) {
  ++counters_.invalidations;
  if (is_page_operation(op) && !arch::sign_ok(info_, va)) return;
  ++invalidation_epoch_;
  idle_wanted_ |= busy();
  const Invalidation inv{op, va, static_cast<u16>(asid & kAsidMask)};
  const auto apply = [&](Side& s) {
    s.tlb.invalidate(inv);
    is_page_operation(op) ? s.accelerator.drop(va) : s.accelerator.clear();
  };
  if (op != Invalidate::page_d) apply(instruction_);
  if (op != Invalidate::page_i) apply(data_);
  revoke(grants_.take_covered(inv));
}

void Mmu::revoke(const VirtualGrants::Ranges& ranges) {
  for (const auto& [first, last] : ranges) virtual_side->invalidate_direct_mem_ptr(first, last);
}

}  // namespace kilburn::tlm
