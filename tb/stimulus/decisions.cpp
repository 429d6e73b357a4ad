// SPDX-License-Identifier: Apache-2.0
//
// A round: context and request at random, tables that grant, what is to decide, the access, and often the same again.
#include "tb/stimulus/decisions.h"

#include "model/arch/layout.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;
namespace ctl = arch::layout::Controls;
namespace feature = arch::layout::Feature;
namespace pte = arch::layout::X86Pte;
namespace alpha = arch::layout::AlphaPte;
namespace inv = arch::layout::Inv;

namespace {
constexpr u64 bit(unsigned n) { return u64{1} << n; }
constexpr u64 kOutside = bit(25);  // of an address: past the memory
}  // namespace

DecisionsTest::DecisionsTest(Lockstep& lockstep, const RandomTestConfig& config)
    : lockstep_(lockstep),
      config_(config),
      random_(config.seed),
      port_(lockstep),
      x86_(config.format == arch::Format::x86_64) {}

void DecisionsTest::run() {
  while (result_.answered < config_.count) {
    if (config_.vary_settings && random_.one_in(64)) new_settings();
    round();
  }
}

void DecisionsTest::new_settings() {
  arch::Settings settings;
  if (x86_) {
    settings.pa_width = static_cast<u8>(random_.between(32, 51));
    settings.page_1g = !random_.one_in(3);
    settings.amd = random_.one_in(3);
  } else {
    settings.vms = random_.one_in(2);
    settings.chip = static_cast<arch::Chip>(random_.below(3));
    if (settings.chip == arch::chip_of(config_.format, {})) settings.chip.reset();
  }
  lockstep_.restart(settings);
  ++result_.restarts;
}

void DecisionsTest::set(u64 pa, u64 value) {
  lockstep_.memory().store64(pa, value);
  lockstep_.history().edit(lockstep_.cycle(), pa, value);
}

u64 DecisionsTest::entry_at(const Round& round, unsigned level, u64 va) const {
  const u64 base = round.maps_itself ? table(round.levels) : table(level);
  return base + 8 * arch::table_index(info(round), va, level);
}

void DecisionsTest::draw_context(Round& round) {
  const auto has = [&](arch::layout::Field what) { return what.test(config_.features); };
  u64 controls = ctl::PHYS.make(has(feature::PHYS) && random_.one_in(32));
  if (x86_) {
    controls |= random_.below(16) | ctl::PGE.make(random_.below(2));  // WP, NXE, SMEP, SMAP
    controls |= ctl::PKE.make(has(feature::PKU) && random_.one_in(2)) |
                ctl::PKS.make(has(feature::PKS) && random_.one_in(2)) |
                ctl::LA57.make(has(feature::LA57) && random_.one_in(2));
    round.context.pkru = static_cast<u32>(random_.word() & random_.word());
    round.context.pkrs = static_cast<u32>(random_.word() & random_.word());
  } else {
    controls |= ctl::SPE.make(random_.one_in(4) ? random_.below(8) : 0) |
                ctl::REFILL.make(has(feature::REFILL) && random_.one_in(4));
  }
  round.context.controls = static_cast<u32>(controls);
  round.context.asid = static_cast<u16>(random_.between(1, 3));
  round.levels = info(round).levels;
  round.context.root = table(round.levels);
}

u64 DecisionsTest::draw_address(const Round& round) {
  const arch::FormatInfo f = info(round);
  const u64 half = bit(f.va_bits - 1u);
  u64 va = random_.word();
  switch (random_.below(16)) {
    case 0:
      va = 0;
      break;
    case 1:
      va = ~u64{0};
      break;
    case 2:
      va = half - 1;
      break;
    case 3:
      va = ~half + 1;
      break;
    case 4:
      va = random_.one_in(2) ? half : ~half;  // both ends of the hole
      break;
    case 5:
      va |= bit(30) - 1;
      break;
    case 6:
      va |= bit(21) - 1;
      break;
    default:
      break;
  }
  const u64 offset = random_.one_in(8) ? 0xff8 : random_.below(512) * 8;
  va = (va & ~u64{0xfff}) | offset;
  const bool keeps_hole = (va ^ half) >> 12 == 0 || (va ^ ~half) >> 12 == 0 || random_.one_in(32);
  if (keeps_hole) return va;
  const auto sign = static_cast<std::int64_t>(va << (64 - f.va_bits)) >> (64 - f.va_bits);
  va = static_cast<u64>(sign);
  if (!x86_ && random_.one_in(8)) {  // a superpage of some chip
    static constexpr u64 kMatches[][2] = {{2, 46}, {0x7e, 41}, {0x3fffe, 30}};
    const auto& match = kMatches[random_.below(3)];
    va = ~(bit(48) - 1) | match[0] << match[1] | (va & (bit(static_cast<unsigned>(match[1])) - 1));
  }
  return va;
}

void DecisionsTest::draw_request(Round& round) {
  arch::Request& r = round.request;
  r.op = static_cast<arch::Op>(random_.below(3));
  r.mode = static_cast<arch::Mode>(x86_ ? 3 * random_.below(2) : random_.below(4));
  const bool data = r.op != arch::Op::fetch;
  r.ac = data && random_.one_in(2);
  r.implicit = x86_ && data && feature::IMPLICIT.test(config_.features) && random_.one_in(4);
  r.va = draw_address(round);
  round.maps_itself = random_.one_in(32);
  if (!round.maps_itself) return;
  const arch::FormatInfo f = info(round);
  const u64 slot = random_.below(bit(f.index_bits));
  r.va = random_.below(512) * 8;
  for (unsigned level = 1; level <= f.levels; ++level) r.va |= slot << (f.page_shift + f.index_bits * (level - 1));
  r.va = static_cast<u64>(static_cast<std::int64_t>(r.va << (64 - f.va_bits)) >> (64 - f.va_bits));
}

// An entry that is present and stands in nobody's way; what decides nothing is random.
u64 DecisionsTest::granting(const Round& round, unsigned level) {
  const unsigned shift = info(round).page_shift;
  if (!x86_) {
    const u64 frame = level == 1 && !round.maps_itself
                          ? random_.below(bit(20))
                          : (round.maps_itself ? table(round.levels) : table(level - 1)) >> shift;
    return frame << 32 | random_.below(bit(16)) << 16 | alpha::V.mask() | 0xff00 | alpha::ASM.make(random_.one_in(4)) |
           alpha::GH.make(random_.below(4));
  }
  u64 e = pte::P.mask() | pte::RW.mask() | pte::US.mask() | random_.below(16) << 3 | pte::G.make(random_.below(2)) |
          random_.below(8) << 9 | random_.below(128) << 52 | pte::PKEY.make(random_.below(16));
  if (level != round.leaf || round.maps_itself) {
    e |= round.maps_itself ? table(round.levels) : table(level - 1);
    if (lockstep_.settings().amd && level >= 4) e &= ~pte::G.mask();
    return e;
  }
  const unsigned page = 12 + 9 * (level - 1);
  e |= (random_.word() & (bit(lockstep_.settings().pa_width) - 1)) >> page << page;
  if (level == 1) return e | pte::PS.make(random_.below(2));
  return e | pte::PS.mask() | pte::PAT_LARGE.make(random_.below(2));
}

void DecisionsTest::build(const Round& round) {
  for (unsigned level = round.levels; level >= round.leaf; --level) {
    u64 e = granting(round, level);
    if (x86_ && !round.maps_itself) {
      // Half of the rounds: a supervisor's page, by one level. Sometimes a right less.
      if (random_.one_in(2 * round.levels)) e &= ~pte::US.mask();
      if (random_.one_in(3 * round.levels)) e &= ~pte::RW.mask();
      if (ctl::NXE.test(round.context.controls) && random_.one_in(3 * round.levels)) e |= pte::NX.mask();
    }
    set(entry_at(round, level, round.request.va), e);
  }
}

// An access that differs in the index of one level, so that walks of the round begin below it.
void DecisionsTest::neighbour(const Round& round) {
  const arch::FormatInfo f = info(round);
  arch::Request request;
  request.va = round.request.va ^ bit(f.page_shift + f.index_bits * (round.apart - 1u));
  request.mode = arch::Mode::kernel;
  request.ac = true;
  arch::Context context = round.context;
  if (x86_) {
    context.controls &= ~static_cast<u32>(ctl::PKE.mask() | ctl::PKS.mask() | ctl::SMAP.mask());
  } else {
    context.controls &= ~static_cast<u32>(ctl::REFILL.mask() | ctl::SPE.mask());
  }
  if (!arch::sign_ok(f, request.va)) return;
  set(entry_at(round, round.apart, request.va), granting(round, round.apart));
  translate(context, request);
}

void DecisionsTest::spoil_x86(Round& round) {
  const bool nxe = ctl::NXE.test(round.context.controls);
  auto level = static_cast<unsigned>(random_.between(round.leaf, round.levels));
  u64 pa = entry_at(round, level, round.request.va);
  u64 e = entry(pa);
  const unsigned width = lockstep_.settings().pa_width;
  switch (random_.below(9)) {
    case 0:
      e &= ~pte::P.mask();
      break;
    case 1:
      if (width < 52) e |= bit(static_cast<unsigned>(random_.between(width, 51)));
      break;
    case 2:
      e |= pte::NX.mask();  // reserved, or a right less
      break;
    case 3:
      level = static_cast<unsigned>(random_.between(3, round.levels));
      pa = entry_at(round, level, round.request.va);
      e = entry(pa) | pte::PS.mask();
      if (level == 3) e &= ~(bit(30) - bit(13));
      break;
    case 4:
      if (round.leaf > 1)
        e = entry(pa = entry_at(round, round.leaf, round.request.va)) |
            bit(static_cast<unsigned>(random_.between(13, round.leaf == 2 ? 20 : 29)));
      break;
    case 5:
      level = static_cast<unsigned>(random_.between(4, round.levels));
      e = entry(pa = entry_at(round, level, round.request.va)) | pte::G.mask();
      break;
    case 6:
      if (level == round.levels) {
        round.context.root |= kOutside;
        return;
      }
      if (level + 1 > round.leaf) e = entry(pa = entry_at(round, level + 1, round.request.va)) | kOutside;
      break;
    case 7:
      e &= ~(random_.one_in(2) ? pte::RW.mask() : pte::US.mask());
      break;
    default:
      e = nxe ? e | pte::NX.mask() : e & ~pte::RW.mask();
      break;
  }
  set(pa, e);
}

void DecisionsTest::spoil_alpha(Round& round) {
  const auto level = static_cast<unsigned>(random_.between(1, round.levels));
  const u64 pa = entry_at(round, level, round.request.va);
  const u64 e = entry(pa);
  if (random_.one_in(4)) {
    if (level == round.levels) {
      round.context.root |= kOutside;
    } else {
      const u64 above = entry_at(round, level + 1, round.request.va);
      set(above, entry(above) | (kOutside >> info(round).page_shift) << 32);
    }
    return;
  }
  if (level == 1 || random_.one_in(3)) {
    // Every image of a leaf that decides.
    const u64 leaf = entry_at(round, 1, round.request.va);
    set(leaf, (entry(leaf) & ~u64{0xff0e}) | (random_.below(bit(16)) & 0xff0e));
    if (random_.one_in(2)) set(leaf, entry(leaf) ^ alpha::V.mask());
    return;
  }
  const u64 drop = random_.one_in(4) ? 0 : alpha::V.mask();
  set(pa, (e & ~drop) ^ alpha::KRE.make(random_.below(2)));
}

DutAnswer DecisionsTest::translate(const arch::Context& context, const arch::Request& request) {
  const DutAnswer answer = port_.translate(context, request);
  ++result_.answered;
  ++result_.faults[static_cast<unsigned>(answer.fault) & 15];
  return answer;
}

void DecisionsTest::access(const Round& round) {
  const bool refill = !x86_ && ctl::REFILL.test(round.context.controls);
  const auto now =
      arch::walk(config_.format, lockstep_.settings(), round.context, round.request, [&](u64 pa) -> std::optional<u64> {
        if (pa + 8 > kMemoryBytes) return std::nullopt;
        return entry(pa);
      });
  const DutAnswer answer = translate(round.context, round.request);
  if (round.way != Way::empty || refill) return;
  ++result_.compared;
  const bool same = answer.fault == now.fault.code && answer.error == now.fault.error &&
                    (answer.fault != arch::Fault::none || answer.pa == now.pa);
  if (same) return;
  throw DutWrong("architecture",
                 text(round.request) + ": answered " + std::string(arch::name(answer.fault)) + ", error code " +
                     hex(answer.error) + ", pa " + hex(answer.pa) + "; the architecture's walk gives " +
                     std::string(arch::name(now.fault.code)) + ", " + hex(now.fault.error) + ", " + hex(now.pa),
                 lockstep_.cycle());
}

// What software does after a miss, and the access again, of this mode and of others.
void DecisionsTest::answer_misses(const Round& round) {
  auto& in = lockstep_.in();
  in.inv_op = round.request.op == arch::Op::fetch ? inv::FILL_I : inv::FILL_D;
  in.inv_va = round.request.va;
  in.inv_asid = round.context.asid;
  in.inv_pte = entry(entry_at(round, 1, round.request.va)) | alpha::V.mask();
  in.inv_valid = 1;
  for (bool taken = false; !taken;) {
    taken = lockstep_.out().inv_ready != 0;
    lockstep_.clock();
  }
  in.inv_valid = 0;
  while (!lockstep_.out().inv_ack) lockstep_.clock();
  lockstep_.clock();
  arch::Request again = round.request;
  for (unsigned n = 0; n < 3; ++n) {
    translate(round.context, again);
    again.mode = static_cast<arch::Mode>(random_.below(4));
    if (again.op != arch::Op::fetch) again.op = static_cast<arch::Op>(random_.below(2));
  }
}

// One to three bits that mean something.
u64 DecisionsTest::changed(const Round& round, unsigned level, u64 e) {
  for (u64 n = random_.between(1, 3); n != 0; --n) {
    if (!x86_) {
      const auto which = static_cast<unsigned>(random_.below(20));
      if (which < 16) e ^= bit(which) & ~u64{0x80};
      if (which >= 16 && level == 1) e ^= bit(which + 16);
      continue;
    }
    static constexpr u8 kBits[] = {0, 1, 2, 5, 6, 7, 8, 59, 60, 63};
    const u64 which = random_.below(12);
    if (which < 10 && kBits[which] == 7 && (level != round.leaf || level == 1)) continue;  // a size is a leaf's
    if (which < 10) e ^= bit(kBits[which]);
    if (which >= 10 && level == round.leaf) e ^= bit(static_cast<unsigned>(random_.between(3 + 9 * level, 31)));
  }
  return e;
}

void DecisionsTest::look_ahead(const Round& round) {
  const arch::FormatInfo f = info(round);
  if (round.leaf != 1 || arch::table_index(f, round.request.va, 1) == 0) return;
  arch::Request before = round.request;
  before.va -= bit(f.page_shift);
  set(entry_at(round, 1, before.va), granting(round, 1));
  arch::Context context = round.context;
  if (!x86_) context.controls &= ~static_cast<u32>(ctl::REFILL.mask());
  port_.invalidate(inv::PAGE, before.va, context.asid);
  translate(context, before);
  for (unsigned n = 0; n < 60; ++n) lockstep_.clock();
}

void DecisionsTest::wait_for(const kilburn_req_out& out) {
  while (!out.rsp_valid) lockstep_.clock();
}
void DecisionsTest::give(kilburn_req_in& pins, const kilburn_req_out& out) {
  pins.valid = 1;
  for (bool taken = false; !taken;) {
    taken = out.req_ready != 0;
    lockstep_.clock();
  }
  pins.valid = 0;
}

// The requester is slow: the entry changes, and is invalidated, while the answer stands at the port.
void DecisionsTest::held_answer(const Round& round, unsigned level, bool merged) {
  auto& in = lockstep_.in();
  const bool fetch = round.request.op == arch::Op::fetch;
  kilburn_req_in& pins = fetch ? in.i : in.d;
  const kilburn_req_out& out = fetch ? lockstep_.out().i : lockstep_.out().d;
  present(round.context, in);
  present(round.request, 0, pins);
  pins.rsp_ready = 1;
  give(pins, out);
  // A second one that finds the first under way waits for its walk; the answer to either is taken first.
  if (merged && !out.rsp_valid && out.req_ready) {
    present(round.request, 1, pins);
    give(pins, out);
    wait_for(out);
    ++result_.answered;
    ++result_.faults[out.rsp_fault & 15];
    lockstep_.clock();
  }
  pins.rsp_ready = 0;
  wait_for(out);
  const u64 pa = entry_at(round, level, round.request.va);
  set(pa, random_.one_in(2) ? granting(round, level) : changed(round, level, entry(pa)));
  if (random_.one_in(2)) port_.invalidate(static_cast<u8>(random_.below(4)), round.request.va, round.context.asid);
  ++result_.answered;
  ++result_.faults[out.rsp_fault & 15];
  pins.rsp_ready = 1;
  lockstep_.clock();
}

// What the first answer after a change of an entry comes from, whether that was invalidated, and what it says.
void DecisionsTest::changed_round() {
  Round round;
  draw_context(round);
  draw_request(round);
  round.maps_itself = false;
  round.context.controls &= ~static_cast<u32>(ctl::PHYS.mask() | ctl::SPE.mask());
  if (!arch::sign_ok(info(round), round.request.va)) return;
  if (x86_) round.leaf = static_cast<unsigned>(random_.between(1, 3));
  const bool refill = !x86_ && ctl::REFILL.test(round.context.controls);
  std::array ways = {Way::empty, Way::neighbour, Way::same, Way::ahead};
  round.way = random_.pick(ways);
  round.apart = static_cast<unsigned>(random_.between(round.leaf, round.levels - 1u));
  port_.invalidate(inv::ALL);
  for (unsigned level = round.levels; level >= round.leaf; --level) {
    set(entry_at(round, level, round.request.va), granting(round, level));
  }
  const auto level = static_cast<unsigned>(random_.between(round.leaf, round.levels));
  const u64 pa = entry_at(round, level, round.request.va);
  translate(round.context, round.request);
  if (round.way != Way::same) {
    port_.invalidate(inv::ALL);
    if (random_.one_in(2)) {
      // Met once as it is now, so that what follows changes it.
      set(pa, changed(round, level, entry(pa)));
      translate(round.context, round.request);
      port_.invalidate(inv::ALL);
    }
  } else if (random_.one_in(2)) {
    round.request.op = round.request.op == arch::Op::fetch ? arch::Op::read : arch::Op::fetch;
    if (round.request.op == arch::Op::fetch) round.request.ac = round.request.implicit = false;
  }
  if (round.way == Way::neighbour) neighbour(round);
  if (round.way == Way::ahead) look_ahead(round);
  if (refill && random_.one_in(2)) answer_misses(round);
  held_answer(round, level, random_.one_in(3));
}

void DecisionsTest::round() {
  if (random_.one_in(3)) return changed_round();
  Round round;
  round.way = static_cast<Way>(random_.below(3));
  draw_context(round);
  draw_request(round);
  if (x86_ && !round.maps_itself) round.leaf = static_cast<unsigned>(random_.between(1, 3));
  round.apart = static_cast<unsigned>(random_.between(round.leaf, round.levels - 1u));
  if (round.maps_itself) round.way = Way::empty;
  build(round);
  if (round.way == Way::empty) {
    if (!random_.one_in(3)) x86_ ? spoil_x86(round) : spoil_alpha(round);
    port_.invalidate(inv::ALL);
  } else {
    port_.invalidate(inv::ALL);
    neighbour(round);
    if (!random_.one_in(4)) x86_ ? spoil_x86(round) : spoil_alpha(round);
    if (round.way == Way::stale) {
      const u64 leaf = entry_at(round, round.leaf, round.request.va);
      set(leaf, entry(leaf) & ~u64{1});
    }
  }
  access(round);
  if (!x86_ && ctl::REFILL.test(round.context.controls)) return answer_misses(round);
  if (round.way != Way::empty || random_.one_in(2)) return;
  if (random_.one_in(4)) {
    // The page that has just been used, by its first address or by another.
    const u64 inside = random_.one_in(2) ? bit(30) - 1 : 0;
    port_.invalidate(static_cast<u8>(random_.below(7)), round.request.va & ~inside, round.context.asid);
    return;
  }
  // From the L1 TLB, or from the L2 TLB by the other side.
  if (random_.one_in(2)) round.request.op = random_.one_in(2) ? arch::Op::read : arch::Op::fetch;
  if (round.request.op == arch::Op::fetch) round.request.ac = round.request.implicit = false;
  translate(round.context, round.request);
}

}  // namespace kilburn::tb
