// SPDX-License-Identifier: Apache-2.0
//
// Adapter of rtl/mmu.sv to the contract of dut.h: pins to and from structs, and the view of its TLBs.
//
// One library a format and size: the parameters come as KILBURN_DUT_PARAM_* (tb/dut/KilburnDut.cmake).

#include <cstring>
#include <new>

#include "tb/dut/dut.h"
#include "tb/dut/verilated_dut.h"

#ifdef KILBURN_DUT_BUGS
#include KILBURN_DUT_BUGS  // kBugs: what each seeded bug is; the n-th has number n in the RTL
#endif

namespace {

using Dut = kilburn::tb::VerilatedDut<KILBURN_DUT_MODEL>;

constexpr std::uint32_t kFormat = KILBURN_DUT_PARAM_Format;
constexpr bool kX86 = kFormat == 0;
constexpr bool kAlpha = kFormat == 1;
constexpr std::uint32_t kPageShift = kAlpha ? 13 : 12;

// The configuration where nobody drives the pins (layout.def Config): x86-64 with MAXPHYADDR 40 and 1 GB pages,
// or the chip that the Alpha format is named after.
constexpr std::uint32_t kChipEv5 = 1, kChipEv6 = 2;
constexpr std::uint32_t kConfig = kX86 ? 40u | 1u << 6 : (kAlpha ? kChipEv5 : kChipEv6) << 9;
// layout.def Feature: LA57, PKU, PKS, IMPLICIT and PHYS; REFILL and PHYS.
constexpr std::uint32_t kFeatures = kX86 ? 0b101111u : 0b110000u;

void drive(KILBURN_DUT_MODEL& pins, const kilburn_dut_in& in) {
  pins.cfg_i = in.cfg;
  pins.ctx_root_i = in.ctx_root;
  pins.ctx_asid_i = static_cast<SData>(in.ctx_asid);
  pins.ctx_ctl_i = in.ctx_ctl;
  pins.ctx_pkru_i = in.ctx_pkru;
  pins.ctx_pkrs_i = in.ctx_pkrs;

  pins.i_req_valid_i = in.i.valid;
  pins.i_req_id_i = in.i.id;
  pins.i_req_va_i = in.i.va;
  pins.i_req_mode_i = in.i.mode;
  pins.i_rsp_ready_i = in.i.rsp_ready;

  pins.d_req_valid_i = in.d.valid;
  pins.d_req_id_i = in.d.id;
  pins.d_req_va_i = in.d.va;
  pins.d_req_mode_i = in.d.mode;
  pins.d_req_write_i = in.d.write;
  pins.d_req_ac_i = in.d.ac;
  pins.d_req_implicit_i = in.d.implicit;
  pins.d_rsp_ready_i = in.d.rsp_ready;

  pins.inv_valid_i = in.inv_valid;
  pins.inv_op_i = in.inv_op;
  pins.inv_va_i = in.inv_va;
  pins.inv_asid_i = static_cast<SData>(in.inv_asid);
  pins.inv_pte_i = in.inv_pte;

  pins.mem_req_ready_i = in.mem_req_ready;
  pins.mem_rsp_valid_i = in.mem_rsp_valid;
  pins.mem_rsp_id_i = in.mem_rsp_id;
  pins.mem_rsp_data_i = in.mem_rsp_data;
  pins.mem_rsp_match_i = in.mem_rsp_match;
  pins.mem_rsp_err_i = in.mem_rsp_err;
  pins.evt_sel_i = in.evt_sel;
}

void sample(const KILBURN_DUT_MODEL& pins, kilburn_dut_out& out) {
  out.i.rsp_pa = pins.i_rsp_pa_o;
  out.i.rsp_err = pins.i_rsp_err_o;
  out.i.req_ready = pins.i_req_ready_o;
  out.i.rsp_valid = pins.i_rsp_valid_o;
  out.i.rsp_id = pins.i_rsp_id_o;
  out.i.rsp_fault = pins.i_rsp_fault_o;
  out.i.rsp_level = pins.i_rsp_level_o;
  out.i.rsp_size = pins.i_rsp_size_o;
  out.i.rsp_mt = pins.i_rsp_mt_o;
  out.i.rsp_global = pins.i_rsp_global_o;
  std::memset(out.i.pad, 0, sizeof out.i.pad);

  out.d.rsp_pa = pins.d_rsp_pa_o;
  out.d.rsp_err = pins.d_rsp_err_o;
  out.d.req_ready = pins.d_req_ready_o;
  out.d.rsp_valid = pins.d_rsp_valid_o;
  out.d.rsp_id = pins.d_rsp_id_o;
  out.d.rsp_fault = pins.d_rsp_fault_o;
  out.d.rsp_level = pins.d_rsp_level_o;
  out.d.rsp_size = pins.d_rsp_size_o;
  out.d.rsp_mt = pins.d_rsp_mt_o;
  out.d.rsp_global = pins.d_rsp_global_o;
  std::memset(out.d.pad, 0, sizeof out.d.pad);

  out.mem_req_addr = pins.mem_req_addr_o;
  out.mem_req_cmp = pins.mem_req_cmp_o;
  out.mem_req_data = pins.mem_req_data_o;
  out.evt_count = pins.evt_count_o;
  out.mem_req_valid = pins.mem_req_valid_o;
  out.mem_req_op = pins.mem_req_op_o;
  out.mem_req_id = pins.mem_req_id_o;
  out.inv_ready = pins.inv_ready_o;
  out.inv_ack = pins.inv_ack_o;
  std::memset(out.pad, 0, sizeof out.pad);
}

Dut& dut(void* self) { return *static_cast<Dut*>(self); }

void* create(std::uint64_t seed) { return new (std::nothrow) Dut(seed); }

void destroy(void* self) { delete static_cast<Dut*>(self); }

void reset(void* self, std::uint32_t cfg, kilburn_dut_out* out) {
  kilburn_dut_in quiet = {};
  quiet.cfg = cfg;
  drive(dut(self).pins(), quiet);
  dut(self).reset();
  sample(dut(self).pins(), *out);
}

void clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
  Dut& d = dut(self);
  drive(d.pins(), *in);
  d.clock();
  sample(d.pins(), *out);
}

// The stored form of an entry: tlb_entry_pkg.sv.
constexpr unsigned kVpnBits = 45;

void translate_entry(std::uint64_t key, std::uint64_t mask, std::uint64_t data, kilburn_tlb_entry& entry) {
  const auto size_class = static_cast<std::uint32_t>(data >> 19) & 3u;
  entry.valid = 1;
  entry.va = (key & ((1ull << kVpnBits) - 1)) << kPageShift;
  entry.asid = static_cast<std::uint16_t>(key >> kVpnBits);
  entry.pa = (data >> 22 & 0xffffffffffull) << 12;
  entry.rights = static_cast<std::uint16_t>(data);
  entry.mt = static_cast<std::uint8_t>(data >> 16 & 7u);
  entry.size = static_cast<std::uint8_t>(kPageShift + (kX86 ? 9u : 3u) * size_class);
  entry.global = static_cast<std::uint8_t>((mask >> kVpnBits & 1u) ^ 1u);
}

int probe(void* self, int side, std::uint32_t index, kilburn_tlb_entry* entry) {
  auto* root = dut(self).pins().rootp;
  std::memset(entry, 0, sizeof *entry);
  if (side == 0 && index < KILBURN_DUT_PARAM_IEntries) {
    if (root->mmu__DOT__u_i_side__DOT__valid_q >> index & 1u) {
      translate_entry(root->mmu__DOT__u_i_side__DOT__key_q[index], root->mmu__DOT__u_i_side__DOT__mask_q[index],
                      root->mmu__DOT__u_i_side__DOT__data_q[index], *entry);
    }
    return 0;
  }
  if (side == 1 && index < KILBURN_DUT_PARAM_DEntries) {
    if (root->mmu__DOT__u_d_side__DOT__valid_q >> index & 1u) {
      translate_entry(root->mmu__DOT__u_d_side__DOT__key_q[index], root->mmu__DOT__u_d_side__DOT__mask_q[index],
                      root->mmu__DOT__u_d_side__DOT__data_q[index], *entry);
    }
    return 0;
  }
  return -1;
}

int waves_open(void* self, const char* path) { return dut(self).waves_open(path) ? 0 : -1; }

void waves_close(void* self) { dut(self).waves_close(); }

#ifdef KILBURN_DUT_BUGS
int set_bug(void* self, const char* id) {
  auto& selected = dut(self).pins().__PVT__mmu_bug_pkg->selected;
  if (*id == '\0') {
    selected = 0;
    return 0;
  }
  const std::size_t length = std::strlen(id);
  for (IData number = 1; kBugs[number - 1] != nullptr; ++number) {
    const char* bug = kBugs[number - 1];
    if (std::strncmp(bug, id, length) == 0 && bug[length] == '\t') {
      selected = number;
      return 0;
    }
  }
  return -1;
}
#endif

constexpr kilburn_dut_api kApi = {
    KILBURN_DUT_MAGIC,
    KILBURN_DUT_ABI,
    sizeof(kilburn_dut_api),
    sizeof(kilburn_dut_in),
    sizeof(kilburn_dut_out),
    sizeof(kilburn_tlb_entry),
    sizeof(kilburn_dut_config),
    0,
    KILBURN_DUT_NAME,
    KILBURN_DUT_DESCRIPTION,
    {kFormat, kConfig, 1, kFeatures, 1, KILBURN_DUT_PARAM_IEntries, KILBURN_DUT_PARAM_DEntries, {}},
    create,
    destroy,
    reset,
    clock,
    probe,
    waves_open,
    waves_close,
#ifdef KILBURN_DUT_BUGS
    kBugs,
    set_bug,
#else
    nullptr,
    nullptr,
#endif
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const kilburn_dut_api* kilburn_dut(void) { return &kApi; }
