// SPDX-License-Identifier: Apache-2.0
//
// Blocking transport of the Mmu: the hit in a few instructions, and the general access.
#include "model/tlm/mmu.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cstring>

namespace kilburn::tlm {
namespace {

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
      info_(arch::widest_info(config.format, config.settings)),
      in_page_((u64{1} << info_.page_shift) - 1),
      instruction_{Tlb(config.tlb_entries), {}},
      data_{Tlb(config.tlb_entries), {}} {
  set_context({});
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
    request.implicit = extension->implicit;
  }
  if (trans.is_write()) request.op = arch::Op::write;
  return request;
}

// The hit. Everything that is not a plain access within one page, whose kind has been judged before and
// whose page is in direct memory, is left to access().
//
// Written for few instructions: the extension is asked for first, because that is a call and whatever is known
// before it would have to be saved, and the access is one word from there on.
[[gnu::always_inline]] inline bool Mmu::hit(Payload& trans, sc_core::sc_time& delay) {
  const auto* extension = trans.get_extension<AccessExtension>();
  u32 kind = extension != nullptr ? access_kind(*extension) : access_kind({});
  const ::tlm::tlm_command command = trans.get_command();
  const bool is_write = command == ::tlm::TLM_WRITE_COMMAND;
  if (is_write) {
    kind = as_write(kind);
  } else if (command != ::tlm::TLM_READ_COMMAND) {
    return false;
  }
  const u64 va = trans.get_address();
  Side& s = is_fetch(kind) ? instruction_ : data_;
  const Accelerator::Slot& slot = s.accelerator.slot(va, tag_);
  if (slot.key != Accelerator::key(va, tag_) || !slot.allows(kind)) [[unlikely]]
    return false;
  const u64 in_piece = va & Accelerator::kInPiece;
  const unsigned length = trans.get_data_length();
  // Length 0 becomes a long one.
  if (in_piece + (length - 1U) > Accelerator::kInPiece || trans.get_streaming_width() < length) [[unlikely]]
    return false;
  unsigned char* data = trans.get_data_ptr();
  if (data == nullptr || trans.get_byte_enable_ptr() != nullptr) [[unlikely]]
    return false;
  ++counters_.hits;
  trans.set_dmi_allowed(true);
  trans.set_response_status(::tlm::TLM_OK_RESPONSE);
  // A word, the usual length, is copied in place; the call stands last so that nothing need be saved for it.
  unsigned char* host = slot.host + in_piece;
  if (is_write) {
    delay += slot.write_time;
    length == 8 ? std::memcpy(host, data, 8) : std::memcpy(host, data, length);
  } else {
    delay += slot.read_time;
    length == 8 ? std::memcpy(data, host, 8) : std::memcpy(data, host, length);
  }
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

// Alpha with software that fills the TLB.
bool Mmu::refilled(const arch::Context& context) const {
  return config_.format != arch::Format::x86_64 && arch::layout::Controls::REFILL.test(context.controls);
}

// What the TLB alone decides; nothing where a walk has to.
std::optional<Mmu::Result> Mmu::held(const arch::Request& request, const arch::Context& context) {
  const Tlb& tlb = side(request.op).tlb;
  const TlbEntry* entry = tlb.find(request.va, context.asid);
  // Several that match are a miss to the software (rtl/README.md, Side).
  const bool refill = refilled(context);
  if (refill && entry != nullptr && tlb.several(request.va, context.asid)) entry = nullptr;
  if (entry != nullptr) {
    const arch::Translation& t = entry->translation;
    const arch::FaultReport denied = arch::check_rights(config_.format, config_.settings, t.rights, request, context);
    if (denied.code == arch::Fault::none && !arch::needs_dirty_walk(config_.format, t.rights, request)) {
      return Result{{}, arch::address_in(t, request.va), t};
    }
    if (refill) return Result{denied, 0, {}};
  }
  if (refill) return Result{{arch::Fault::miss, 0, 0, arch::Rule::alpha_refill_miss}, 0, {}};
  return std::nullopt;
}

Mmu::Result Mmu::translate(const arch::Request& request, sc_core::sc_time& delay) {
  delay += config_.hit_time;
  const arch::Context context = context_;
  Result result;
  Origin origin = Origin::tlb;
  const arch::Direct direct = arch::before_tlb(config_.format, config_.settings, request, context);
  if (direct.kind != arch::Direct::Kind::none) {
    result = {direct.fault, direct.pa, direct.translation};
    origin = Origin::address;
  } else if (const std::optional<Result> by_tlb = held(request, context)) {
    result = *by_tlb;
  } else {
    ++under_way_;
    result = walk(request, context, delay);
    leave();
    origin = Origin::walk;
  }
  if (result.fault.code != arch::Fault::none) {
    ++counters_.faults[static_cast<unsigned>(result.fault.code)];
    return result;
  }
  if (origin != Origin::walk) ++counters_.hits;
  remember(request, context, result, origin);
  return result;
}

// Lets hit() answer this kind of access next time, if the page is in direct memory. The kinds judged good
// before stay so unless the translation is a walk's or leads elsewhere.
void Mmu::remember(const arch::Request& request, const arch::Context& context, const Result& result, Origin origin) {
  Accelerator& accelerator = side(request.op).accelerator;
  Accelerator::Slot& slot = accelerator.slot(request.va, tag_);
  // The judgement holds for this context; it may have changed while a walk waited. The root is no part of it.
  const bool present = context.asid == context_.asid && context.controls == context_.controls &&
                       context.pkru == context_.pkru && context.pkrs == context_.pkrs;
  const u64 key = Accelerator::key(request.va, tag_);
  const u64 piece = result.pa & ~Accelerator::kInPiece;
  const Window* window = windows_.find(piece, Accelerator::kInPiece + 1, request.op == arch::Op::write);
  unsigned char* host = window != nullptr ? window->at(piece) : nullptr;
  if (origin == Origin::walk || slot.key != key || slot.host != host) slot.direct = 0;
  if (host == nullptr || !present) return;
  slot.key = key;
  slot.host = host;
  slot.allow(access_kind({request.op, request.mode, request.ac, request.implicit}));
  if (request.op == arch::Op::write) {
    slot.write_time = config_.hit_time + window->write_time;
  } else {
    slot.read_time = config_.hit_time + window->read_time;
  }
  // No invalidation covers what the address alone decides.
  if (origin != Origin::address) accelerator.note_size(result.translation.page_log2);
}

}  // namespace kilburn::tlm
