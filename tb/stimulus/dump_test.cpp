// SPDX-License-Identifier: Apache-2.0
//
// Both ports are kept full. Software changes nothing in the tables, so an answer does not depend on when its walk
// happens: only A and D bits change, and no outcome depends on those.
#include "tb/stimulus/dump_test.h"

#include <algorithm>

#include "tb/explain/explanation.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

namespace ctl = arch::layout::Controls;
namespace feature = arch::layout::Feature;
namespace inv = arch::layout::Inv;
namespace pte = arch::layout::X86Pte;

namespace {
constexpr u64 kDrainLimit = 1000000;  // cycles
constexpr u64 kInvalidateOneIn = 24;  // requests
constexpr u64 kNeighbourOneIn = 16;
constexpr u64 kDeniedOneIn = 12;
}  // namespace

DumpTest::DumpTest(Lockstep& lockstep, const ElfDump& dump, DumpMemory& memory, const DumpTables& tables,
                   const DumpTestConfig& config)
    : lockstep_(lockstep), dump_(dump), memory_(memory), tables_(tables), random_(config.seed) {
  require();
  result_.found = enumerate_mappings(dump, tables, config.most, [&](const Mapping& m) { mappings_.push_back(m); });
  if (mappings_.empty()) {
    throw DumpError(dump.name() + ": the page tables at " + hex(tables.context.root) + " hold no mapping");
  }
  // A random order; the first `count` of it if not all are wanted.
  const u64 wanted = config.count == 0 ? mappings_.size() : std::min<u64>(config.count, mappings_.size());
  for (u64 at = 0; at < wanted; ++at) {
    std::swap(mappings_[at], mappings_[at + random_.below(mappings_.size() - at)]);
  }
  mappings_.resize(wanted, Mapping(0, 0, 12, false, false, false, false));
  result_.chosen = wanted;
}

void DumpTest::require() const {
  const kilburn_dut_api& api = lockstep_.dut().api();
  const auto needs = [&](const std::string& what) {
    throw UserError(dump_.name() + " needs " + what + ", which DUT " + api.name + " does not have");
  };
  if (static_cast<arch::Format>(api.config.format) != arch::Format::x86_64) needs("the format x86-64");
  const u32 controls = tables_.context.controls;
  if (ctl::LA57.test(controls) && !feature::LA57.test(api.config.features)) needs("five levels");
  if (ctl::PKE.test(controls) && !feature::PKU.test(api.config.features)) needs("protection keys");
  if (ctl::PKS.test(controls) && !feature::PKS.test(api.config.features)) needs("supervisor protection keys");
  if (api.config.cfg_pins == 0) {
    const arch::Settings built = arch::settings_of(arch::Format::x86_64, api.config.cfg);
    if (!(built == tables_.settings)) {
      needs("a MAXPHYADDR of " + std::to_string(tables_.settings.pa_width) + " (its own is " +
            std::to_string(built.pa_width) + "; --set maxphyaddr=N chooses)");
    }
  }
}

arch::Outcome DumpTest::walk(const arch::Request& request) const {
  return arch::walk(arch::Format::x86_64, tables_.settings, tables_.context, request,
                    [&](u64 pa) { return pa + 8 > memory_.size() ? std::nullopt : std::optional(memory_.look(pa)); });
}

// Mostly an access that the mapping's rights allow.
arch::Request DumpTest::request_for(const Mapping& mapping, Side side) {
  arch::Request request;
  const u64 last = mapping.bytes() - 1;
  switch (random_.below(4)) {
    case 0:
      request.va = mapping.va();
      break;
    case 1:
      request.va = mapping.va() + last;
      break;
    default:
      request.va = mapping.va() + (random_.word() & last);
  }
  const bool denied_too = random_.one_in(kDeniedOneIn);
  for (unsigned attempt = 0; attempt < 6; ++attempt) {
    const u64 word = random_.word();
    request.op = side == Side::instruction ? arch::Op::fetch : word & 1 ? arch::Op::write : arch::Op::read;
    request.mode = word & 2 ? arch::Mode::user : arch::Mode::kernel;
    request.ac = side == Side::data && (word & 4) != 0;
    if (denied_too || walk(request).fault.code == arch::Fault::none) break;
  }
  return request;
}

// One page up or down, or an address with one bit changed.
arch::Request DumpTest::neighbour_of(const Mapping& mapping, Side side) {
  arch::Request request = request_for(mapping, side);
  switch (random_.below(3)) {
    case 0:
      request.va += mapping.bytes();
      break;
    case 1:
      request.va -= mapping.bytes();
      break;
    default:
      request.va ^= u64{1} << random_.between(12, 63);
  }
  return request;
}

// Few mappings of a kernel are executable: the instruction side takes half of those, and some that are not.
void DumpTest::choose_side() {
  const bool fetch = random_.one_in(mappings_[next_].executable() ? 2 : 2 * kDeniedOneIn);
  next_side_ = fetch ? Side::instruction : Side::data;
}

void DumpTest::offer(Side side, kilburn_req_in& pins) {
  const auto s = static_cast<unsigned>(side);
  pins.rsp_ready = 1;
  if (next_side_ != side || pins.valid || busy_[s] == 0xffff || next_ == mappings_.size()) return;
  const Mapping& mapping = mappings_[next_];
  arch::Request request;
  if (random_.one_in(kNeighbourOneIn)) {
    request = neighbour_of(mapping, side);
    ++result_.neighbours;
  } else {
    request = request_for(mapping, side);
    ++result_.mappings;
    if (++next_ < mappings_.size()) choose_side();
  }
  unsigned id = static_cast<unsigned>(random_.below(16));
  while (busy_[s] >> id & 1) id = (id + 1) & 15;
  present(request, id, pins);
  pins.valid = 1;
  busy_[s] |= static_cast<u16>(1u << id);
  open_[s][id] = {true, request, walk(request)};
  ++result_.requests;
}

void DumpTest::offer_invalidation() {
  auto& in = lockstep_.in();
  if (in.inv_valid || result_.requests < next_invalidation_) return;
  next_invalidation_ = result_.requests + 1 + random_.below(2 * kInvalidateOneIn);
  static constexpr u8 kOps[] = {inv::PAGE, inv::PAGE,      inv::PAGE, inv::PAGE_NONGLOBAL,
                                inv::ASID, inv::NONGLOBAL, inv::ALL};
  in.inv_valid = 1;
  in.inv_op = kOps[random_.below(std::size(kOps))];
  in.inv_va = random_.pick(mappings_).va();
  in.inv_asid = tables_.context.asid;
}

void DumpTest::wrong(const std::string& what, const arch::Request& request, const std::optional<DutAnswer>& dut) {
  const ReadWord read = [&](u64 pa) {
    return pa + 8 > memory_.size() ? std::nullopt : std::optional(memory_.look(pa));
  };
  explanation_ = lines(explain(arch::Format::x86_64, tables_.settings, tables_.context, request, read, dut));
  throw DutWrong("dump", text(request) + ": " + what, lockstep_.cycle());
}

void DumpTest::check(Side side, const kilburn_req_in& pins, const kilburn_req_out& out) {
  if (!out.rsp_valid || !pins.rsp_ready) return;
  const auto s = static_cast<unsigned>(side);
  Open& open = open_[s][out.rsp_id & 15];
  if (!open.open) {
    throw DutWrong("protocol", "R3: a response with id " + std::to_string(out.rsp_id) + " answers no request",
                   lockstep_.cycle());
  }
  const DutAnswer dut = answer_of(out);
  const arch::Outcome& expected = open.expected;
  const arch::Translation& t = expected.translation;
  bool same = dut.fault == expected.fault.code;
  if (same && dut.fault == arch::Fault::none) {
    same = dut.pa == expected.pa && dut.page_log2 == t.page_log2 && dut.memory_type == t.memory_type &&
           dut.global == t.global;
  } else if (same) {
    same = dut.error == expected.fault.error;
  }
  if (!same) wrong("expected " + decision(expected) + "; the DUT's answer differs", open.request, dut);
  if (dut.fault == arch::Fault::none) {
    // SDM 4.8: whatever was used has A, and D after a write, when the answer is there.
    const arch::Outcome now = walk(open.request);
    if (!now.writes.empty()) {
      wrong("translated, but the entry at " + hex(now.writes.front().pa) + " is " + hex(now.writes.front().expect) +
                ", not " + hex(now.writes.front().desired),
            open.request, dut);
    }
    const arch::Step& leaf = now.steps.back();
    if (open.request.op == arch::Op::write && !pte::D.test(dump_.load64(leaf.pa).value_or(0))) written_.insert(leaf.pa);
  }
  open.open = false;
  busy_[s] &= static_cast<u16>(~(1u << (out.rsp_id & 15)));
  ++answered_;
  ++result_.faults[out.rsp_fault & 15];
}

void DumpTest::clock() {
  auto& in = lockstep_.in();
  const auto& out = lockstep_.out();
  check(Side::instruction, in.i, out.i);
  check(Side::data, in.d, out.d);
  const bool i_taken = in.i.valid && out.i.req_ready;
  const bool d_taken = in.d.valid && out.d.req_ready;
  const bool inv_taken = in.inv_valid && out.inv_ready;
  lockstep_.clock();
  if (i_taken) in.i.valid = 0;
  if (d_taken) in.d.valid = 0;
  if (inv_taken) in.inv_valid = 0, ++result_.invalidations;
}

// The DUT may have set A in present entries and D where a write was translated, and nothing else.
void DumpTest::check_words() {
  memory_.changed_words([&](u64 pa, u64 was, u64 now) {
    const u64 set = now & ~was;
    if ((was & ~now) != 0 || (set & ~(pte::A.mask() | pte::D.mask())) != 0 || !pte::P.test(was)) {
      throw DutWrong("dump",
                     "the word at " + hex(pa) + " was " + hex(was) + " and is now " + hex(now) +
                         ": more than A or D of a present entry",
                     lockstep_.cycle());
    }
    if (pte::D.test(set) && !written_.contains(pa)) {
      throw DutWrong("dump",
                     "the word at " + hex(pa) + " was " + hex(was) + " and is now " + hex(now) +
                         ": D is set, but no write was translated by it",
                     lockstep_.cycle());
    }
    ++result_.changed_words;
  });
}

void DumpTest::run() {
  if (!(lockstep_.settings() == tables_.settings)) lockstep_.restart(tables_.settings);
  auto& in = lockstep_.in();
  present(tables_.context, in);
  choose_side();
  while (next_ < mappings_.size()) {
    offer(Side::data, in.d);
    offer(Side::instruction, in.i);
    offer_invalidation();
    clock();
  }
  for (u64 waited = 0; in.i.valid || in.d.valid || in.inv_valid || busy_[0] || busy_[1]; ++waited) {
    if (waited > kDrainLimit) throw DutWrong("protocol", "R5: requests are never answered", lockstep_.cycle());
    in.i.rsp_ready = in.d.rsp_ready = 1;
    clock();
  }
  check_words();
}

}  // namespace kilburn::tb
