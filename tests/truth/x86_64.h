// SPDX-License-Identifier: Apache-2.0
//
// The truth table of an x86-64 leaf: from plain bits to what SDM 4.5 to 4.7 says of the access. Written from the
// manual, with bits as numbers; it shares nothing with model/arch but the vocabulary of types.h, so that the model,
// the RTL and the TLM module can all be held against it.
#pragma once

#include <string_view>

#include "model/arch/types.h"

namespace kilburn::truth {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

enum class Privilege : u8 { user, supervisor, implicit };  // implicit: of a descriptor table or TSS, with CPL 3

// One access to one page. P RSVD W U NX are effective: P and RSVD of the entry that decides, W and U of every level,
// NX of any level.
struct X86Case {
  bool p, rsvd, w, u, nx;
  arch::Op op;
  Privilege privilege;
  bool wp, smep, smap, ac, nxe, pke, pks;
  bool user_ad, user_wd;              // the key's bits in PKRU
  bool supervisor_ad, supervisor_wd;  // in IA32_PKRS
  u8 key;                             // 0 to 15

  // The case as the models take it. Controls: WP 0, NXE 1, SMEP 2, SMAP 3, PKE 4, PKS 5.
  constexpr u32 controls() const {
    return u32{wp} | u32{nxe} << 1 | u32{smep} << 2 | u32{smap} << 3 | u32{pke} << 4 | u32{pks} << 5;
  }
  // The other 15 keys have the opposite bits: a model that takes the wrong key's is found.
  constexpr u32 pkru() const { return key_register(user_ad, user_wd); }
  constexpr u32 pkrs() const { return key_register(supervisor_ad, supervisor_wd); }
  constexpr arch::Context context(u64 root = 0, u16 asid = 0) const {
    return {.root = root, .asid = asid, .controls = controls(), .pkru = pkru(), .pkrs = pkrs()};
  }
  constexpr arch::Request request(u64 va) const {
    return {.va = va,
            .op = op,
            .mode = privilege == Privilege::supervisor ? arch::Mode::kernel : arch::Mode::user,
            .ac = ac,
            .implicit = privilege == Privilege::implicit};
  }
  // The entry of a 4 KB page, accessed and dirty. RSVD sets bit 51, so MAXPHYADDR must be below 52.
  constexpr u64 leaf(u64 frame) const {
    return frame | u64{p} | u64{w} << 1 | u64{u} << 2 | 0x60 | u64{rsvd} << 51 | u64{key} << 59 | u64{nx} << 63;
  }

 private:
  constexpr u32 key_register(bool ad, bool wd) const {
    const u32 bits = u32{ad} | u32{wd} << 1;
    const u32 others = 0x55555555u * (bits ^ 3u);
    return (others & ~(3u << (2 * key))) | bits << (2 * key);
  }
};

struct X86Expected {
  bool fault;
  u16 error;              // page-fault error code; 0 without a fault
  std::string_view rule;  // "x86.smap"; "" without a fault
};

// Of several refusals the rule names the first of: XD, SMEP, SMAP, R/W, key. The error code does not depend on it.
constexpr X86Expected expected(const X86Case& c) {
  using arch::Op;
  const bool user = c.privilege == Privilege::user;
  const bool data = c.op != Op::fetch;
  const bool write = c.op == Op::write;

  // SDM 4.7. W/R 2, U/S 4, I/D 16: of the access. I/D only with SMEP, or with XD in use.
  const u32 access = (write ? 2u : 0u) | (user ? 4u : 0u) | (!data && (c.nxe || c.smep) ? 16u : 0u);
  const auto refuse = [&](u32 cause, std::string_view rule) {
    return X86Expected{true, static_cast<u16>(cause | access), rule};
  };
  if (!c.p) return refuse(0, "x86.not_present");  // P = 0: no other bit of the entry is looked at
  if (c.rsvd || (c.nx && !c.nxe)) return refuse(1 | 8, "x86.reserved");

  // SDM 4.6.1, one clause of the manual a line: "" allows.
  const auto access_rights = [&]() -> std::string_view {
    switch (c.privilege) {
      case Privilege::user:
        if (!c.u) return "x86.user.supervisor_page";
        if (write) return c.w ? "" : "x86.user.read_only";
        if (!data) return c.nx ? "x86.user.nx" : "";
        return "";
      case Privilege::supervisor:
      case Privilege::implicit: {
        if (!data) {
          if (c.nx) return "x86.supervisor.nx";
          return c.u && c.smep ? "x86.smep" : "";
        }
        const bool explicit_with_ac = c.privilege == Privilege::supervisor && c.ac;
        if (c.u && c.smap && !explicit_with_ac) return "x86.smap";
        return write && c.wp && !c.w ? "x86.wp" : "";
      }
    }
    return "";
  };
  // SDM 4.6.2: PKRU for user-mode addresses, PKRS for supervisor-mode ones, data accesses only. A write is stopped by
  // WD if it is the user's or WP is set. PK is 0 when a user asks for a supervisor page (trap T31).
  bool key = false;
  if (data && c.u && c.pke) key = c.user_ad || (c.user_wd && write && (user || c.wp));
  if (data && !c.u && !user && c.pks) key = c.supervisor_ad || (c.supervisor_wd && write && c.wp);

  const std::string_view rule = access_rights();
  if (!rule.empty()) return refuse(key ? 1 | 32 : 1, rule);
  if (key) return refuse(1 | 32, c.u ? "x86.key.user" : "x86.key.supervisor");
  return {false, 0, ""};
}

// Every combination; the key runs through all 16.
inline constexpr u32 kX86Cases = 9u << 16;
constexpr X86Case x86_case(u32 n) {
  const auto bit = [&](unsigned at) { return (n >> at & 1) != 0; };
  const u32 who = n >> 16;
  return {.p = bit(0),
          .rsvd = bit(1),
          .w = bit(2),
          .u = bit(3),
          .nx = bit(4),
          .op = static_cast<arch::Op>(who % 3),
          .privilege = static_cast<Privilege>(who / 3),
          .wp = bit(5),
          .smep = bit(6),
          .smap = bit(7),
          .ac = bit(8),
          .nxe = bit(9),
          .pke = bit(10),
          .pks = bit(11),
          .user_ad = bit(12),
          .user_wd = bit(13),
          .supervisor_ad = bit(14),
          .supervisor_wd = bit(15),
          .key = static_cast<u8>((n ^ n >> 4 ^ n >> 8 ^ n >> 13) & 15)};
}

// How many cases translate, counted by hand from SDM 4.6 (P = 1, RSVD = 0), as products of what each part leaves
// open: [privilege][operation]. 3 pairs of (NX, NXE) have no reserved bit, 2 of them no NX. A key's register and
// enable have 8 states, of which 6 let a read pass, and 5 a write that WD binds. A supervisor write has 2 x 6 states
// of (W, key) with WP = 0 and 1 x 5 with WP = 1.
inline constexpr u32 kX86Allowed[3][3] = {
    {2 * 3 * 16 * 6 * 8, 3 * 16 * 5 * 8, 2 * 2 * 16 * 8 * 8},
    {2 * 3 * 16 * 8 * 6 + 2 * 3 * 4 * 3 * 6 * 8, 17 * 3 * 8 * 8 + 17 * 3 * 2 * 3 * 8,
     2 * 2 * 16 * 8 * 8 + 2 * 2 * 8 * 8 * 8},
    {2 * 3 * 16 * 8 * 6 + 2 * 3 * 8 * 6 * 8, 17 * 3 * 8 * 8 + 17 * 3 * 4 * 8, 2 * 2 * 16 * 8 * 8 + 2 * 2 * 8 * 8 * 8},
};

}  // namespace kilburn::truth
