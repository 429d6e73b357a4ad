// SPDX-License-Identifier: Apache-2.0
//
// The structs of dut.h to and from the pins of a Verilated design whose ports have the names of rtl/README.md.
//
// A design with ports of other names has two functions like these of its own in its adapter.
#pragma once

#include <cstring>

#include "tb/dut/dut.h"

namespace kilburn::tb {

template <class Model>
void drive(Model& pins, const kilburn_dut_in& in) {
  pins.cfg_i = in.cfg;
  pins.ctx_root_i = in.ctx_root;
  pins.ctx_asid_i = static_cast<std::uint16_t>(in.ctx_asid);
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
  pins.inv_asid_i = static_cast<std::uint16_t>(in.inv_asid);
  pins.inv_pte_i = in.inv_pte;

  pins.mem_req_ready_i = in.mem_req_ready;
  pins.mem_rsp_valid_i = in.mem_rsp_valid;
  pins.mem_rsp_id_i = in.mem_rsp_id;
  pins.mem_rsp_data_i = in.mem_rsp_data;
  pins.mem_rsp_match_i = in.mem_rsp_match;
  pins.mem_rsp_err_i = in.mem_rsp_err;
  pins.evt_sel_i = in.evt_sel;
}

template <class Model>
void sample(const Model& pins, kilburn_dut_out& out) {
  std::memset(&out, 0, sizeof out);  // the unused bytes too: structs are compared as bytes
  out.i.req_ready = pins.i_req_ready_o;
  out.i.rsp_valid = pins.i_rsp_valid_o;
  out.i.rsp_id = pins.i_rsp_id_o;
  out.i.rsp_pa = pins.i_rsp_pa_o;
  out.i.rsp_fault = pins.i_rsp_fault_o;
  out.i.rsp_err = pins.i_rsp_err_o;
  out.i.rsp_level = pins.i_rsp_level_o;
  out.i.rsp_size = pins.i_rsp_size_o;
  out.i.rsp_mt = pins.i_rsp_mt_o;
  out.i.rsp_global = pins.i_rsp_global_o;

  out.d.req_ready = pins.d_req_ready_o;
  out.d.rsp_valid = pins.d_rsp_valid_o;
  out.d.rsp_id = pins.d_rsp_id_o;
  out.d.rsp_pa = pins.d_rsp_pa_o;
  out.d.rsp_fault = pins.d_rsp_fault_o;
  out.d.rsp_err = pins.d_rsp_err_o;
  out.d.rsp_level = pins.d_rsp_level_o;
  out.d.rsp_size = pins.d_rsp_size_o;
  out.d.rsp_mt = pins.d_rsp_mt_o;
  out.d.rsp_global = pins.d_rsp_global_o;

  out.inv_ready = pins.inv_ready_o;
  out.inv_ack = pins.inv_ack_o;
  out.mem_req_valid = pins.mem_req_valid_o;
  out.mem_req_op = pins.mem_req_op_o;
  out.mem_req_id = pins.mem_req_id_o;
  out.mem_req_addr = pins.mem_req_addr_o;
  out.mem_req_cmp = pins.mem_req_cmp_o;
  out.mem_req_data = pins.mem_req_data_o;
  out.evt_count = pins.evt_count_o;
}

}  // namespace kilburn::tb
