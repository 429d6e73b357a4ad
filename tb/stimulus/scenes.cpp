// SPDX-License-Identifier: Apache-2.0
//
// What the scenes share: tables, pins, and their order.
#include "tb/stimulus/scenes.h"

#include "model/arch/layout.h"
#include "tb/stimulus/single_access.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;
namespace ctl = arch::layout::Controls;
namespace pte = arch::layout::X86Pte;
namespace alpha = arch::layout::AlphaPte;

namespace {
constexpr u64 bit(unsigned n) { return u64{1} << n; }
}  // namespace

ScenesTest::ScenesTest(Lockstep& lockstep, const RandomTestConfig& config)
    : lockstep_(lockstep), config_(config), random_(config.seed), x86_(config.format == arch::Format::x86_64) {
  lockstep_.in().i.rsp_ready = lockstep_.in().d.rsp_ready = 1;
}

void ScenesTest::run() {
  do {
    x86_ ? rules_x86() : rules_alpha();
    changes();
    if (x86_) {
      crowds();
      refused_beside();
    }
    timings();
    targets();
    corners();
    replacements();
  } while (result_.answered < config_.count);
}

void ScenesTest::restart(const arch::Settings& settings) {
  if (!config_.vary_settings) return;
  drain();
  lockstep_.restart(settings);
  ++result_.restarts;
}

// --- tables ---------------------------------------------------------------------------------------
ScenesTest::Path ScenesTest::path_to(u64 va, unsigned leaf, u32 controls) {
  Path path;
  path.context.controls = controls;
  path.context.asid = static_cast<u16>(random_.between(1, 3));
  path.va = va;
  path.levels = info(path).levels;
  path.leaf = leaf;
  path.context.root = table(path.levels);
  return path;
}

ScenesTest::Path ScenesTest::draw_path(unsigned leaf, u32 controls) {
  Path path = path_to(0, leaf, controls);
  const arch::FormatInfo f = info(path);
  // Indices with neighbours on both sides, in the first line of eight entries of sixteen: changes of single index bits
  // stay inside the table.
  for (unsigned level = 1; level <= path.levels; ++level) {
    const u64 index = random_.between(1, 15) * 16 + random_.between(1, 6);
    path.va |= index << (f.page_shift + f.index_bits * (level - 1));
  }
  path.va |= random_.below(512) * 8;
  if (random_.one_in(2)) path.va |= ~(bit(f.va_bits - 1u) - 1);  // the upper half
  return path;
}

u64 ScenesTest::entry_at(const Path& path, unsigned level, u64 va) const {
  return table(level) + 8 * arch::table_index(info(path), va, level);
}

u64 ScenesTest::points_to(u64 e, u64 to) const {
  if (x86_) return (e & ~pte::FRAME.mask()) | to;
  return (e & 0xffffffff) | to >> arch::info(config_.format).page_shift << 32;
}

u64 ScenesTest::granting(const Path& path, unsigned level) {
  if (!x86_) {
    const u64 e = alpha::V.mask() | 0xff00 | random_.below(bit(16)) << 16 | random_.below(bit(20)) << 32;
    // Above the last level no bit but V counts.
    return level == 1 ? e : points_to(e ^ (random_.below(bit(16)) & 0xff7e), table(level - 1));
  }
  u64 e = pte::P.mask() | pte::RW.mask() | pte::US.mask() | pte::A.mask() | random_.below(4) << 3 |
          random_.below(8) << 9 | random_.below(128) << 52 | pte::PKEY.make(random_.below(16));
  if (level != path.leaf) {
    e |= pte::D.make(random_.below(2));
    if (!(lockstep_.settings().amd && level >= 4)) e |= pte::G.make(random_.below(2));
    return points_to(e, table(level - 1));
  }
  const unsigned page = 12 + 9 * (level - 1);
  const u64 frame = (random_.word() & (bit(lockstep_.settings().pa_width) - 1)) >> page << page;
  e |= frame | pte::D.mask();
  if (level == 1) return e | pte::PS.make(random_.below(2));  // PAT
  return e | pte::PS.mask() | pte::PAT_LARGE.make(random_.below(2));
}

void ScenesTest::build(const Path& path) {
  for (unsigned level = path.levels; level >= path.leaf; --level) set(entry_at(path, level), granting(path, level));
}

u64 ScenesTest::neighbour(const Path& path, unsigned level) {
  const arch::FormatInfo f = info(path);
  const u64 va = path.va ^ bit(f.page_shift + f.index_bits * (level - 1u) + 3u);  // in another line
  set(entry_at(path, level, va), granting(path, level));
  return va;
}

// The structure cache of that level, and those above it, hold the way to the address; the ones below do not.
void ScenesTest::warm_up(const Path& path, unsigned level) {
  if (level == 0) return;
  arch::Context context = path.context;
  context.controls &= x86_ ? static_cast<u32>(ctl::NXE.mask() | ctl::PGE.mask() | ctl::LA57.mask()) : 0;
  arch::Request beside;
  beside.va = neighbour(path, level - 1);
  beside.mode = arch::Mode::kernel;
  translate(context, beside);
}

void ScenesTest::set(u64 pa, u64 value) {
  lockstep_.memory().store64(pa, value);
  lockstep_.history().edit(lockstep_.cycle(), pa, value);
}

// --- the pins -------------------------------------------------------------------------------------
void ScenesTest::clock() {
  const auto& in = lockstep_.in();
  const auto& out = lockstep_.out();
  const auto take = [&](const kilburn_req_in& pins, const kilburn_req_out& port, unsigned side) {
    if (!port.rsp_valid || !pins.rsp_ready) return;
    busy_[side] = static_cast<u16>(busy_[side] & ~(1u << (port.rsp_id & 15)));
    last_ = answer_of(port);
    ++result_.answered;
    ++result_.faults[port.rsp_fault & 15];
  };
  take(in.i, out.i, 0);
  take(in.d, out.d, 1);
  lockstep_.clock();
}

void ScenesTest::give(const arch::Context& context, const arch::Request& request) {
  auto& in = lockstep_.in();
  const bool fetch = request.op == arch::Op::fetch;
  kilburn_req_in& pins = fetch ? in.i : in.d;
  const kilburn_req_out& out = fetch ? lockstep_.out().i : lockstep_.out().d;
  u16& busy = busy_[fetch ? 0 : 1];
  while (busy == 0xffff) clock();
  do next_id_ = (next_id_ + 1) & 15;
  while (busy >> next_id_ & 1);
  const unsigned id = next_id_;
  present(context, in);
  present(request, id, pins);
  pins.valid = 1;
  for (bool taken = false; !taken;) {
    taken = out.req_ready != 0;
    clock();
  }
  busy = static_cast<u16>(busy | 1u << id);
  pins.valid = 0;
}

void ScenesTest::drain() {
  lockstep_.in().i.rsp_ready = lockstep_.in().d.rsp_ready = 1;
  while (busy_[0] | busy_[1]) clock();
}

DutAnswer ScenesTest::translate(const arch::Context& context, const arch::Request& request) {
  give(context, request);
  const bool fetch = request.op == arch::Op::fetch;
  while (busy_[fetch ? 0 : 1]) clock();
  return last_;
}

void ScenesTest::judged(const arch::Context& context, const arch::Request& request, unsigned warm) {
  if (warm != 0) {
    translate(context, request);
    return;
  }
  invalidate(arch::layout::Inv::ALL);
  const auto now =
      arch::walk(config_.format, lockstep_.settings(), context, request, [&](u64 pa) -> std::optional<u64> {
        if (pa + 8 > kMemoryBytes) return std::nullopt;
        return entry(pa);
      });
  const DutAnswer answer = translate(context, request);
  ++result_.compared;
  const bool same = answer.fault == now.fault.code && answer.error == now.fault.error &&
                    (answer.fault != arch::Fault::none || answer.pa == now.pa);
  if (same) return;
  throw DutWrong("architecture",
                 text(request) + ": answered " + std::string(arch::name(answer.fault)) + ", error code " +
                     hex(answer.error) + ", pa " + hex(answer.pa) + "; the architecture's walk gives " +
                     std::string(arch::name(now.fault.code)) + ", " + hex(now.fault.error) + ", " + hex(now.pa),
                 lockstep_.cycle());
}

// Taken in this cycle, or as soon as the MMU is ready for it.
void ScenesTest::offer(u8 op, u64 va, u16 asid, u64 entry_to_fill) {
  auto& in = lockstep_.in();
  in.inv_op = op;
  in.inv_va = va;
  in.inv_asid = asid;
  in.inv_pte = entry_to_fill;
  in.inv_valid = 1;
  for (bool taken = false; !taken;) {
    taken = lockstep_.out().inv_ready != 0;
    clock();
  }
  in.inv_valid = 0;
  ++result_.invalidations;
}

void ScenesTest::invalidate(u8 op, u64 va, u16 asid, u64 entry_to_fill) {
  offer(op, va, asid, entry_to_fill);
  while (!lockstep_.out().inv_ack) clock();
  clock();
}

}  // namespace kilburn::tb
