// SPDX-License-Identifier: Apache-2.0
//
// The five AXI4 channels of axi_adapter.sv and mmu_axi.sv as structs, seen from the memory.
#pragma once

#include "model/arch/types.h"

namespace kilburn::axi_test {

using arch::u64;
using arch::u8;

constexpr u8 kOkay = 0, kExOkay = 1, kSlvErr = 2, kDecErr = 3;

struct AxiAddress {
  bool valid = false;
  u8 id = 0;
  u64 addr = 0;
  bool lock = false;
  bool one_beat = false;  // length, size, burst, cache and protection are those documented
};

// What the manager drives.
struct AxiOut {
  AxiAddress ar, aw;
  bool w_valid = false;
  u64 w_data = 0;
  bool w_whole = false;  // all strobes, last
  bool r_ready = false, b_ready = false;
};

// What the memory drives.
struct AxiIn {
  bool ar_ready = false, aw_ready = false, w_ready = false;
  bool r_valid = false, r_last = false;
  u8 r_id = 0, r_resp = 0;
  u64 r_data = 0;
  bool b_valid = false;
  u8 b_id = 0, b_resp = 0;
};

template <class Model>
void drive(Model& pins, const AxiIn& in) {
  pins.axi_ar_ready_i = in.ar_ready;
  pins.axi_aw_ready_i = in.aw_ready;
  pins.axi_w_ready_i = in.w_ready;
  pins.axi_r_valid_i = in.r_valid;
  pins.axi_r_last_i = in.r_last;
  pins.axi_r_id_i = in.r_id;
  pins.axi_r_resp_i = in.r_resp;
  pins.axi_r_data_i = in.r_data;
  pins.axi_b_valid_i = in.b_valid;
  pins.axi_b_id_i = in.b_id;
  pins.axi_b_resp_i = in.b_resp;
}

template <class Model>
void sample(const Model& pins, AxiOut& out) {
  // AxLEN 0, AxSIZE 8 bytes, AxBURST INCR, AxCACHE Normal Non-cacheable, AxPROT privileged non-secure data (IHI 0022)
  out.ar = {pins.axi_ar_valid_o != 0, pins.axi_ar_id_o, pins.axi_ar_addr_o, pins.axi_ar_lock_o != 0,
            pins.axi_ar_len_o == 0 && pins.axi_ar_size_o == 3 && pins.axi_ar_burst_o == 1 && pins.axi_ar_cache_o == 2 &&
                pins.axi_ar_prot_o == 3};
  out.aw = {pins.axi_aw_valid_o != 0, pins.axi_aw_id_o, pins.axi_aw_addr_o, pins.axi_aw_lock_o != 0,
            pins.axi_aw_len_o == 0 && pins.axi_aw_size_o == 3 && pins.axi_aw_burst_o == 1 && pins.axi_aw_cache_o == 2 &&
                pins.axi_aw_prot_o == 3};
  out.w_valid = pins.axi_w_valid_o != 0;
  out.w_data = pins.axi_w_data_o;
  out.w_whole = pins.axi_w_strb_o == 0xff && pins.axi_w_last_o != 0;
  out.r_ready = pins.axi_r_ready_o != 0;
  out.b_ready = pins.axi_b_ready_o != 0;
}

}  // namespace kilburn::axi_test
