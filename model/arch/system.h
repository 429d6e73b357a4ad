// SPDX-License-Identifier: Apache-2.0
//
// What the operations on system registers do to translation, as pure functions: the state that follows and the
// TLB maintenance that is due, or the exception. x86-64 here is IA-32e paging (SDM 2.5, 4.1, 4.10.4); Alpha is the
// OSF/1 PALcode's side of memory management.
#pragma once

#include <boost/container/static_vector.hpp>
#include <optional>
#include <string_view>

#include "model/arch/judgement.h"
#include "model/arch/layout.h"
#include "model/arch/types.h"

namespace kilburn::arch {

// One operation of the TLB maintenance port.
struct Invalidation {
  u8 code = layout::Inv::ALL;  // layout.def Inv
  u64 va = 0;                  // of the page operations
  u16 asid = 0;                // of ASID and the page operations

  bool operator==(const Invalidation&) const = default;
};

// --- x86-64 ---------------------------------------------------------------------------------------

// Bits of the control registers, IA32_EFER and RFLAGS that translation depends on (SDM 2.5, 2.2.1, 2.3).
namespace cr0 {
inline constexpr layout::Field PE{0, 0}, WP{16, 16}, NW{29, 29}, CD{30, 30}, PG{31, 31};
}
namespace cr3 {
inline constexpr layout::Field PCID{11, 0}, FRAME{51, 12}, NO_FLUSH{63, 63};
}
namespace cr4 {
inline constexpr layout::Field PAE{5, 5}, PGE{7, 7}, LA57{12, 12}, PCIDE{17, 17}, SMEP{20, 20}, SMAP{21, 21},
    PKE{22, 22}, PKS{24, 24};
}
namespace efer {
inline constexpr layout::Field SCE{0, 0}, LME{8, 8}, LMA{10, 10}, NXE{11, 11};
}
namespace rflags {
inline constexpr layout::Field AC{18, 18};
}

struct X86State {
  u64 cr0 = 0;
  u64 cr3 = 0;
  u64 cr4 = 0;
  u64 efer = 0;
  u64 rflags = 2;
  u32 pkru = 0;
  u32 pkrs = 0;  // IA32_PKRS

  bool operator==(const X86State&) const = default;
};

// What every translation depends on. The PCID counts only with CR4.PCIDE (SDM 4.10.1); PHYS is CR0.PG = 0.
Context context_of(const X86State&);
// An access at privilege level `cpl`; AC comes from RFLAGS (SDM 4.6.1).
Request request_of(const X86State&, u64 va, Op, unsigned cpl, bool implicit = false);

enum class Exception : u8 {
  none,
  general_protection,  // #GP(0)
  invalid_opcode,      // #UD
  outside,             // architecturally fine, but leaves IA-32e paging for a mode that this model does not have
};

struct SystemResult {
  Exception exception = Exception::none;
  std::string_view reason;  // of the exception
  X86State state;           // as before if there is an exception
  boost::container::static_vector<Invalidation, 2> due;
};

// SDM volume 2, MOV to control registers; 4.10.4.1 for what they invalidate.
SystemResult mov_cr0(const X86State&, u64 value);
SystemResult mov_cr3(const X86State&, u64 value, const Settings&);  // bit 63 of the operand: no invalidation
SystemResult mov_cr4(const X86State&, u64 value);
SystemResult wrmsr_efer(const X86State&, u64 value);
SystemResult wrmsr_pkrs(const X86State&, u64 value);
SystemResult wrpkru(const X86State&, u32 value, u32 ecx = 0, u32 edx = 0);
SystemResult invlpg(const X86State&, u64 va);
// `descriptor` is the low half of INVPCID_DESC (PCID in bits 11:0), `va` the high half.
SystemResult invpcid(const X86State&, u64 type, u64 descriptor, u64 va);

// --- Alpha ----------------------------------------------------------------------------------------

struct AlphaState {
  u32 ptbr = 0;          // page frame number of the top table
  u16 asn = 0;           // address space number
  u8 spe = 0;            // superpage enables SPE<2:0>
  bool palmode = false;  // translation off
  bool refill = false;   // misses are PALcode's to serve

  bool operator==(const AlphaState&) const = default;
};
Context context_of(Format, const Settings&, const AlphaState&);

// Bits of the address space number that a chip keeps (EV4 6, EV5 7, EV6 8).
constexpr unsigned asn_bits(Chip chip) { return chip == Chip::ev4 ? 6 : chip == Chip::ev5 ? 7 : 8; }

// CALL_PAL tbi: -2 TBIA, -1 TBIAP, 1 TBISI, 2 TBISD, 3 TBIS; any other code does nothing (trap T96).
std::optional<Invalidation> tbi(std::int64_t code, u64 va, u16 asn);

// CALL_PAL swpctx loads PTBR and ASN of the new process and invalidates nothing, not even for the same ASN with
// another PTBR (trap T97).
AlphaState swpctx(Format, const Settings&, const AlphaState&, u32 ptbr, u16 asn);

// What entMM gets (LX mm/fault.c): a0 the address, a1 MMCSR (0 TNV, 1 ACV, 2 FOR, 3 FOE, 4 FOW), a2 -1 for a fetch,
// 0 for a load, 1 for a store. nullopt: no memory-management fault.
struct MemoryFault {
  u64 a0 = 0;
  u64 a1 = 0;
  std::int64_t a2 = 0;

  bool operator==(const MemoryFault&) const = default;
};
std::optional<MemoryFault> entmm(const Request&, const FaultReport&);

// The 21164's MM_STAT after a data access that the DTB did not let pass (EV5 5.2).
namespace mm_stat {
inline constexpr layout::Field WR{0, 0}, ACV{1, 1}, FOR{2, 2}, FOW{3, 3}, DTB_MISS{4, 4}, BAD_VA{5, 5}, RA{10, 6},
    OPCODE{16, 11};
}
// `rights` are those of the entry that matched, nullopt if none did. Each bit tells of its own condition: ACV and FOW
// may both be set (trap T85); a failed sign check sets BAD_VA and ACV, and no DTB_MISS.
u32 mm_stat_of(Format, const Settings&, const Request&, std::optional<u16> rights, unsigned opcode, unsigned ra);
// MMCSR from it, as PALcode's DFAULT flow has it: an access violation outranks the fault-on bits.
constexpr u64 mmcsr_of(u32 stat) { return mm_stat::ACV.test(stat) ? 1 : stat >> 1 & 7; }

// Which entry of PALcode a data access takes. Both the 21064's table 4-2 and the 21164's order of vectors (EV5 6.4.2)
// say: a miss is served before alignment is looked at, unless the sign check fails (traps T88, T89).
enum class DataTrap : u8 { none, dtb_miss, unaligned, fault };
DataTrap data_trap(bool sign_ok, bool dtb_hit, bool aligned, bool granted);

// Whether PALcode steps over the instruction instead of reporting its fault or alignment trap: FETCH and FETCH_M
// (opcode 0x18), and loads to R31 or F31 (trap T99).
constexpr bool dismissed(Op op, unsigned opcode, unsigned ra) {
  return op != Op::fetch && (opcode == 0x18 || (op == Op::read && ra == 31));
}

}  // namespace kilburn::arch
