// SPDX-License-Identifier: Apache-2.0
//
// The walk of the Mmu: model/arch judges each entry, this reads and updates them on the physical side.
#include <bit>
#include <cstring>

#include "model/tlm/mmu.h"

namespace kilburn::tlm {

// Page-table words and the hosts that run this are little endian.
static_assert(std::endian::native == std::endian::little);

Mmu::Result Mmu::walk(const arch::Request& request, const arch::Context& context, sc_core::sc_time& delay) {
  Result result;
  if (!walk_directly(request, context, delay, result)) {
    // The settings may be others after a restart.
    const auto once = [&](auto rules) { return walk_once<decltype(rules)>(request, context, delay, result); };
    while (!arch::with_rules(config_.format, config_.settings, context.controls, once)) ++counters_.restarts;
  }
  if (result.fault.code == arch::Fault::none) {
    ++counters_.fills;
    side(request.op).tlb.fill(request.va, context.asid, result.translation);
  } else if (result.fault.code == arch::Fault::page) {
    drop_faulting(request.va, context.asid);
  }
  return result;
}

// The usual walk: every word lies in direct memory and no update is due, so that nothing can come in between
// and the pure walk is the whole story. False, and nothing has happened, if it is not so.
bool Mmu::walk_directly(const arch::Request& request, const arch::Context& context, sc_core::sc_time& delay,
                        Result& result) {
  const Window* window = nullptr;
  bool all_direct = true;
  sc_core::sc_time reading;
  const arch::Outcome outcome =
      arch::walk(config_.format, config_.settings, context, request, [&](u64 pa) -> std::optional<u64> {
        if (window == nullptr || !window->holds(pa, 8)) window = windows_.find(pa, 8, false);
        if (window == nullptr) {
          all_direct = false;
          return std::nullopt;
        }
        reading += config_.walk_time;
        reading += window->read_time;
        u64 word = 0;
        std::memcpy(&word, window->at(pa), 8);
        return word;
      });
  if (!all_direct || !outcome.writes.empty()) return false;
  ++counters_.walks;
  counters_.reads += outcome.steps.size();
  delay += reading;
  result = {outcome.fault, outcome.pa, outcome.translation};
  return true;
}

// The general walk, one entry after the other as hardware does it.
// False if an invalidation came in between: what was read may not be used any more (trap T61), nor may
// an update that follows from it be written (trap T51).
template <class Rules>
bool Mmu::walk_once(const arch::Request& request, const arch::Context& context, sc_core::sc_time& delay,
                    Result& result) {
  using Kind = arch::Judgement::Kind;
  constexpr arch::FormatInfo kInfo = Rules::kInfo;
  constexpr u64 kRootBits = ((u64{1} << 52) - 1) & (~u64{0} << kInfo.page_shift);
  const u64 epoch = invalidation_epoch_;
  ++counters_.walks;
  u64 table = context.root & kRootBits;
  arch::Accumulated accumulated;
  for (unsigned level = kInfo.levels; level > 0; --level) {
    const arch::FaultReport bus_error{arch::Fault::bus, 0, static_cast<u8>(level), arch::Rule::walk_bus};
    const u64 pa = arch::entry_address(kInfo, table, request.va, level);
    std::optional<u64> word = read_word(pa, delay);
    if (epoch != invalidation_epoch_) return false;
    if (!word) {
      result.fault = bus_error;
      return true;
    }
    arch::Judgement judged;
    for (;;) {
      judged = Rules::judge_entry(config_.settings, level, *word, accumulated, request, context);
      if (judged.kind != Kind::update) [[likely]]
        break;
      const std::optional<Update> update = update_word({pa, *word, judged.desired}, delay);
      if (epoch != invalidation_epoch_) return false;
      if (!update) {
        result.fault = bus_error;
        return true;
      }
      // What memory holds now is judged afresh, whoever wrote it (trap T44).
      word = update->matched ? judged.desired : update->old;
    }
    switch (judged.kind) {
      case Kind::table:
        table = judged.next;
        accumulated = judged.accumulated;
        break;
      case Kind::translated:
        result = {{}, arch::address_in(judged.translation, request.va), judged.translation};
        return true;
      case Kind::update:
      case Kind::fault:
        result.fault = judged.fault;
        return true;
    }
  }
  return true;
}

std::optional<u64> Mmu::read_word(u64 pa, sc_core::sc_time& delay) {
  delay += config_.walk_time;
  ++counters_.reads;
  u64 word = 0;
  if (const Window* window = windows_.find(pa, 8, false)) {
    std::memcpy(&word, window->at(pa), 8);
    delay += window->read_time;
    return word;
  }
  if (!transport_word(::tlm::TLM_READ_COMMAND, pa, word, delay)) return std::nullopt;
  return word;
}

std::optional<Mmu::Update> Mmu::update_word(const arch::EntryWrite& write, sc_core::sc_time& delay) {
  delay += config_.walk_time;
  std::optional<Update> update;
  const Window* readable = windows_.find(write.pa, 8, false);
  const Window* writable = windows_.find(write.pa, 8, true);
  if (readable != nullptr && writable != nullptr) {
    // One process runs at a time and nothing here waits, so this is one access (trap T42), of all 64 bits
    // (trap T43).
    update.emplace();
    std::memcpy(&update->old, readable->at(write.pa), 8);
    update->matched = update->old == write.expect;
    if (update->matched) std::memcpy(writable->at(write.pa), &write.desired, 8);
    delay += writable->write_time;
  } else {
    update = update_by_transport(write, delay);
  }
  if (update) ++(update->matched ? counters_.updates : counters_.failed_updates);
  return update;
}

std::optional<Mmu::Update> Mmu::update_by_transport(const arch::EntryWrite& write, sc_core::sc_time& delay) {
  u64 word = write.desired;
  CasExtension cas;
  cas.expect = write.expect;
  {
    const PayloadPool::Lease payload(pool_);
    PayloadPool::aim(*payload, ::tlm::TLM_IGNORE_COMMAND, write.pa, reinterpret_cast<unsigned char*>(&word), 8);
    payload->set_extension(&cas);
    physical_side->b_transport(*payload, delay);
    payload->clear_extension<CasExtension>();
    if (cas.served) {
      if (payload->is_response_error()) return std::nullopt;
      if (payload->is_dmi_allowed()) acquire_window(::tlm::TLM_WRITE_COMMAND, write.pa);
      return Update{cas.matched, cas.old};
    }
  }
  // The target does not know the extension and has stored nothing.
  Update update;
  if (!transport_word(::tlm::TLM_READ_COMMAND, write.pa, update.old, delay)) return std::nullopt;
  update.matched = update.old == write.expect;
  if (update.matched) {
    word = write.desired;
    if (!transport_word(::tlm::TLM_WRITE_COMMAND, write.pa, word, delay)) return std::nullopt;
  }
  return update;
}

bool Mmu::transport_word(::tlm::tlm_command command, u64 pa, u64& word, sc_core::sc_time& delay) {
  const PayloadPool::Lease payload(pool_);
  PayloadPool::aim(*payload, command, pa, reinterpret_cast<unsigned char*>(&word), 8);
  physical_side->b_transport(*payload, delay);
  if (payload->is_response_error()) return false;
  if (payload->is_dmi_allowed()) acquire_window(command, pa);
  return true;
}

void Mmu::drop_faulting(u64 va, u16 asid) {
  for (Side* s : {&instruction_, &data_}) {
    s->tlb.drop(va, asid);
    drop_from(s->accelerator, va);
  }
  revoke(grants_.take_covered({Invalidate::page, va, asid}));
}

}  // namespace kilburn::tlm
