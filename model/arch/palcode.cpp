// SPDX-License-Identifier: Apache-2.0
//
// Alpha: the PALcode calls and trap entries of memory management.
#include "model/arch/format.h"
#include "model/arch/system.h"
#include "model/arch/walk.h"

namespace kilburn::arch {

namespace inv = layout::Inv;

Context context_of(Format format, const Settings& settings, const AlphaState& state) {
  namespace ctl = layout::Controls;
  const u64 controls =
      ctl::SPE.make(state.spe) | ctl::REFILL.make(state.refill ? 1 : 0) | ctl::PHYS.make(state.palmode ? 1 : 0);
  return {.root = u64{state.ptbr} << info(format, settings, 0).page_shift,
          .asid = state.asn,
          .controls = static_cast<u32>(controls)};
}

std::optional<Invalidation> tbi(std::int64_t code, u64 va, u16 asn) {
  switch (code) {
    case -2:
      return Invalidation{inv::ALL, 0, 0};
    case -1:
      return Invalidation{inv::NONGLOBAL, 0, 0};
    case 1:
      return Invalidation{inv::PAGE_I, va, asn};
    case 2:
      return Invalidation{inv::PAGE_D, va, asn};
    case 3:
      return Invalidation{inv::PAGE, va, asn};
    default:
      return std::nullopt;
  }
}

AlphaState swpctx(Format format, const Settings& settings, const AlphaState& state, u32 ptbr, u16 asn) {
  AlphaState next = state;
  next.ptbr = ptbr;
  next.asn = static_cast<u16>(asn & ((1u << asn_bits(chip_of(format, settings))) - 1));
  return next;
}

std::optional<MemoryFault> entmm(const Request& request, const FaultReport& fault) {
  const auto code = static_cast<u8>(fault.code);
  if (code < layout::Fault::TNV) return std::nullopt;
  const std::int64_t access = request.op == Op::fetch ? -1 : request.op == Op::write ? 1 : 0;
  return MemoryFault{request.va, static_cast<u64>(code - layout::Fault::TNV), access};
}

u32 mm_stat_of(Format format, const Settings& settings, const Request& request, std::optional<u16> rights,
               unsigned opcode, unsigned ra) {
  namespace pte = layout::AlphaPte;
  const bool bad_va = !sign_ok(info(format, settings, 0), request.va);
  const bool write = request.op == Op::write;
  u64 stat = mm_stat::WR.make(write) | mm_stat::RA.make(ra) | mm_stat::OPCODE.make(opcode);
  if (bad_va) return static_cast<u32>(stat | mm_stat::BAD_VA.mask() | mm_stat::ACV.mask());
  if (!rights) return static_cast<u32>(stat | mm_stat::DTB_MISS.mask());
  // The enables alone, without the fault-on bits, decide ACV.
  const auto enables = static_cast<u16>(*rights & ~(pte::FOR.mask() | pte::FOW.mask() | pte::FOE.mask()));
  if (!grants(format, settings, enables, request, {})) stat |= mm_stat::ACV.mask();
  if (!write && pte::FOR.test(*rights)) stat |= mm_stat::FOR.mask();
  if (write && pte::FOW.test(*rights)) stat |= mm_stat::FOW.mask();
  return static_cast<u32>(stat);
}

DataTrap data_trap(bool sign_is_ok, bool dtb_hit, bool aligned, bool granted) {
  if (sign_is_ok && !dtb_hit) return DataTrap::dtb_miss;
  if (!aligned) return DataTrap::unaligned;
  return sign_is_ok && granted ? DataTrap::none : DataTrap::fault;
}

}  // namespace kilburn::arch
