// SPDX-License-Identifier: Apache-2.0
//
// A test port with a TLB that forgets nothing until it is told to: what a kernel without invalidations
// gets away with on the architectural port shows here. Optionally with a store buffer of one store,
// which reaches memory late: at the next access, fault, context change or invalidation.
#pragma once

#include <cstring>
#include <vector>

#include "model/arch/walk.h"
#include "sw/hw/ports.h"
#include "sw/hw/ram.h"

namespace kilburn::os::test {

class TlbPort final : public MmuPort, public Clock {
 public:
  TlbPort(arch::Format format, RamMem& memory, bool late_stores = false)
      : format_(format), memory_(memory), late_stores_(late_stores) {}

  AccessResult access(const Access& a) override {
    ++cycles_;
    drain();
    const arch::Request request{a.va, a.op, a.mode, false};
    arch::Translation t;
    if (const FaultInfo fault = translate(request, t); fault.code != arch::Fault::none) return fault;
    const u64 pa = arch::address_in(t, a.va);
    if (a.op != arch::Op::write) {
      memory_.read(pa, a.data);
    } else if (late_stores_) {
      late_pa_ = pa;
      late_.assign(a.data.begin(), a.data.end());
    } else {
      memory_.write(pa, a.data);
    }
    return Done{pa};
  }
  void set_context(const arch::Context& context) override {
    drain();
    context_ = context;
  }
  void invalidate(Invalidate op, u64 va, u16 asid) override {
    ++invalidations_;
    std::erase_if(entries_, [&](const Entry& e) {
      const bool in_page = (e.va >> e.t.page_log2) == (va >> e.t.page_log2);
      switch (op) {
        case Invalidate::all:
          return true;
        case Invalidate::nonglobal:
          return !e.t.global;
        case Invalidate::asid:
          return !e.t.global && e.asid == asid;
        case Invalidate::page:
          return in_page && (e.t.global || e.asid == asid);
        case Invalidate::page_nonglobal:
          return in_page && !e.t.global && e.asid == asid;
      }
      return false;
    });
  }
  void wait_invalidated() override { drain(); }
  void idle(unsigned cycles) override { cycles_ += cycles; }
  // Speculation: a translation enters the TLB, and A (D for a store) is set, with no access behind it.
  void prefetch(u64 va, arch::Op op, arch::Mode mode) override {
    ++prefetches_;
    arch::Translation t;
    translate({va, op, mode, false}, t);
  }
  u64 now() const override { return cycles_; }

  // A bit of the entry held for `va` flips: of its frame, or of its rights (P62). False if none is held.
  bool flip_frame(u64 va) {
    return flip(va, [](arch::Translation& t) { t.pa ^= u64{1} << t.page_log2; });
  }
  bool flip_right(u64 va, u16 bits) {
    return flip(va, [bits](arch::Translation& t) { t.rights ^= bits; });
  }

  size_t entries() const { return entries_.size(); }
  u64 hits() const { return hits_; }
  u64 invalidations() const { return invalidations_; }
  u64 prefetches() const { return prefetches_; }

 private:
  struct Entry {
    u64 va;
    u16 asid;
    arch::Translation t;
  };

  template <class Change>
  bool flip(u64 va, Change&& change) {
    for (Entry& e : entries_) {
      if ((e.va >> e.t.page_log2) != (va >> e.t.page_log2) || e.asid != context_.asid) continue;
      change(e.t);
      return true;
    }
    return false;
  }

  void drain() {
    if (!late_.empty()) memory_.write(late_pa_, late_);
    late_.clear();
  }

  FaultInfo translate(const arch::Request& request, arch::Translation& t) {
    for (const Entry& e : entries_) {
      if ((e.va >> e.t.page_log2) != (request.va >> e.t.page_log2) || (e.asid != context_.asid && !e.t.global))
        continue;
      if (!arch::grants(format_, {}, e.t.rights, request, context_)) break;
      if (arch::needs_dirty_walk(format_, e.t.rights, request)) break;
      ++hits_;
      t = e.t;
      return {};
    }
    const auto read = [this](u64 pa) -> std::optional<u64> {
      if (!memory_.contains(pa, 8)) return std::nullopt;
      return memory_.load64(pa);
    };
    for (;;) {
      const arch::Outcome outcome = arch::walk(format_, {}, context_, request, read);
      bool again = false;
      for (const arch::EntryWrite& w : outcome.writes)
        again = again || memory_.cas64(w.pa, w.expect, w.desired) != w.expect;
      if (again) continue;
      if (outcome.fault.code != arch::Fault::none) {
        return {outcome.fault.code, request.va, outcome.fault.error, outcome.fault.level};
      }
      t = outcome.translation;
      std::erase_if(entries_, [&](const Entry& e) {
        return e.asid == context_.asid && (e.va >> e.t.page_log2) == (request.va >> e.t.page_log2);
      });
      entries_.push_back({request.va, context_.asid, t});
      return {};
    }
  }

  arch::Format format_;
  RamMem& memory_;
  bool late_stores_;
  arch::Context context_;
  std::vector<Entry> entries_;
  std::vector<std::byte> late_;
  u64 late_pa_ = 0;
  u64 cycles_ = 0, hits_ = 0, invalidations_ = 0, prefetches_ = 0;
};

}  // namespace kilburn::os::test
