// SPDX-License-Identifier: Apache-2.0
//
// The pins of the MMU (rtl/README.md, "Ports") as the twin sees them. The layout is that of the
// C contract in tb/dut/dut.h, field by field and without padding, so that a cycle of the twin and a
// cycle of a device compare with one memcmp; tb asserts sizes and offsets.
#pragma once

#include <type_traits>

#include "model/arch/types.h"

namespace kilburn::uarch {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

// One request port, MMU inputs.
struct ReqIn {
  u64 va = 0;
  u8 id = 0;  // 4 bits
  u8 valid = 0;
  u8 write = 0;     // store; not looked at on the instruction port
  u8 mode = 0;      // arch::Mode
  u8 ac = 0;        // EFLAGS.AC; not looked at on the instruction port
  u8 implicit = 0;  // x86-64 implicit supervisor access; not looked at on the instruction port
  u8 rsp_ready = 0;
  u8 pad = 0;  // 0
};

// One request port, MMU outputs. Every rsp_ field is 0 while rsp_valid is 0.
struct ReqOut {
  u64 rsp_pa = 0;   // 0 on a fault
  u16 rsp_err = 0;  // x86-64 error code of a PF, else 0
  u8 req_ready = 0;
  u8 rsp_valid = 0;
  u8 rsp_id = 0;
  u8 rsp_fault = 0;   // arch::Fault
  u8 rsp_level = 0;   // level of the entry that decided a walk's fault, else 0
  u8 rsp_size = 0;    // log2 bytes; 0 on a fault
  u8 rsp_mt = 0;      // {PAT, PCD, PWT}; 0 on a fault
  u8 rsp_global = 0;  // 0 on a fault
  u8 pad[6] = {};     // 0
};

struct PinsIn {
  u64 ctx_root = 0;  // 52 bits
  u32 ctx_ctl = 0;   // layout.def Controls
  u32 ctx_asid = 0;  // 12 bits
  u32 ctx_pkru = 0;  // protection-key rights of user pages
  u32 ctx_pkrs = 0;  // of supervisor pages
  ReqIn i;
  ReqIn d;
  u64 inv_va = 0;
  u64 inv_pte = 0;   // the entry of FILL_I and FILL_D
  u32 inv_asid = 0;  // 12 bits
  u8 inv_valid = 0;
  u8 inv_op = 0;  // layout.def Inv
  u8 mem_req_ready = 0;
  u8 mem_rsp_valid = 0;
  u64 mem_rsp_data = 0;  // the word read, or the word before the compare-and-swap
  u32 cfg = 0;           // layout.def Config; constant from reset on
  u8 mem_rsp_id = 0;
  u8 mem_rsp_match = 0;  // the compare-and-swap wrote
  u8 mem_rsp_err = 0;    // bus error
  u8 evt_sel = 0;        // layout.def Event
};

struct PinsOut {
  ReqOut i;
  ReqOut d;
  u64 mem_req_addr = 0;  // every mem_req_ field is 0 while mem_req_valid is 0
  u64 mem_req_cmp = 0;   // 0 for a read
  u64 mem_req_data = 0;  // 0 for a read
  u32 evt_count = 0;     // the counter that evt_sel chose in the cycle before
  u8 mem_req_valid = 0;
  u8 mem_req_op = 0;  // layout.def MemOp
  u8 mem_req_id = 0;  // the walker's number
  u8 inv_ready = 0;
  u8 inv_ack = 0;
  u8 pad[7] = {};  // 0
};

// One entry of a TLB or paging-structure cache in architectural terms, as a probe shows it. An invalid entry is all 0.
struct TlbEntry {
  u64 va = 0;  // first byte of the page, bits above the virtual width 0
  u64 pa = 0;  // first byte of the frame
  u16 asid = 0;
  u16 rights = 0;  // x86-64: layout.def X86Rights; Alpha: PTE<15:0>
  u8 valid = 0;
  u8 size = 0;  // log2 bytes
  u8 global = 0;
  u8 mt = 0;
};

// memcmp sees every byte: a struct with padding would compare bytes that nobody wrote.
static_assert(std::has_unique_object_representations_v<ReqIn> && sizeof(ReqIn) == 16);
static_assert(std::has_unique_object_representations_v<ReqOut> && sizeof(ReqOut) == 24);
static_assert(std::has_unique_object_representations_v<PinsIn> && sizeof(PinsIn) == 96);
static_assert(std::has_unique_object_representations_v<PinsOut> && sizeof(PinsOut) == 88);
static_assert(std::has_unique_object_representations_v<TlbEntry> && sizeof(TlbEntry) == 24);

}  // namespace kilburn::uarch
