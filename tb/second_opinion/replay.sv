// SPDX-License-Identifier: Apache-2.0
//
// Replays recorded inputs on a design with the ports of rtl/README.md and prints every output pin of every cycle.
//
// stimulus.bin has 96 bytes a cycle, big-endian: twelve 64-bit words of inputs in the order of the assignments
// below. The first is the reset. One line a cycle, after it: K and the outputs in hexadecimal, in the order of
// tb/lockstep/pins.def. replay_top.svh, written beside this file, has the macros KILBURN_TOP and KILBURN_PARAMETERS.

`include "replay_top.svh"

module replay;
  reg          clk = 1'b0;
  reg          rst_n = 1'b0;
  reg  [767:0] word = 768'b0;
  reg  [767:0] in = 768'b0;
  integer      file, got;

  wire [63:0] w0 = in[767:704], w1 = in[703:640], w2 = in[639:576];
  wire [63:0] i_va = in[575:512], i_rest = in[511:448], d_va = in[447:384], d_rest = in[383:320];
  wire [63:0] inv_va = in[319:256], inv_pte = in[255:192], w9 = in[191:128], mem_data = in[127:64], w11 = in[63:0];

  wire        i_req_ready, i_rsp_valid, i_rsp_global, d_req_ready, d_rsp_valid, d_rsp_global;
  wire [3:0]  i_rsp_id, i_rsp_fault, d_rsp_id, d_rsp_fault, mem_req_id;
  wire [15:0] i_rsp_err, d_rsp_err;
  wire [2:0]  i_rsp_level, i_rsp_mt, d_rsp_level, d_rsp_mt;
  wire [51:0] i_rsp_pa, d_rsp_pa, mem_req_addr;
  wire [5:0]  i_rsp_size, d_rsp_size;
  wire        inv_ready, inv_ack, mem_req_valid, mem_req_op;
  wire [63:0] mem_req_cmp, mem_req_data;
  wire [31:0] evt_count;

  `KILBURN_TOP #(`KILBURN_PARAMETERS) u_dut (
    .clk_i(clk),
    .rst_ni(rst_n),
    .cfg_i(w11[31:0]),
    .ctx_root_i(w0[51:0]),
    .ctx_ctl_i(w1[31:0]),
    .ctx_asid_i(w1[43:32]),
    .ctx_pkru_i(w2[31:0]),
    .ctx_pkrs_i(w2[63:32]),
    .i_req_valid_i(i_rest[8]),
    .i_req_ready_o(i_req_ready),
    .i_req_id_i(i_rest[3:0]),
    .i_req_va_i(i_va),
    .i_req_mode_i(i_rest[25:24]),
    .d_req_valid_i(d_rest[8]),
    .d_req_ready_o(d_req_ready),
    .d_req_id_i(d_rest[3:0]),
    .d_req_va_i(d_va),
    .d_req_mode_i(d_rest[25:24]),
    .d_req_write_i(d_rest[16]),
    .d_req_ac_i(d_rest[32]),
    .d_req_implicit_i(d_rest[40]),
    .i_rsp_valid_o(i_rsp_valid),
    .i_rsp_ready_i(i_rest[48]),
    .i_rsp_id_o(i_rsp_id),
    .i_rsp_pa_o(i_rsp_pa),
    .i_rsp_fault_o(i_rsp_fault),
    .i_rsp_err_o(i_rsp_err),
    .i_rsp_level_o(i_rsp_level),
    .i_rsp_size_o(i_rsp_size),
    .i_rsp_mt_o(i_rsp_mt),
    .i_rsp_global_o(i_rsp_global),
    .d_rsp_valid_o(d_rsp_valid),
    .d_rsp_ready_i(d_rest[48]),
    .d_rsp_id_o(d_rsp_id),
    .d_rsp_pa_o(d_rsp_pa),
    .d_rsp_fault_o(d_rsp_fault),
    .d_rsp_err_o(d_rsp_err),
    .d_rsp_level_o(d_rsp_level),
    .d_rsp_size_o(d_rsp_size),
    .d_rsp_mt_o(d_rsp_mt),
    .d_rsp_global_o(d_rsp_global),
    .inv_valid_i(w9[32]),
    .inv_ready_o(inv_ready),
    .inv_op_i(w9[43:40]),
    .inv_va_i(inv_va),
    .inv_asid_i(w9[11:0]),
    .inv_pte_i(inv_pte),
    .inv_ack_o(inv_ack),
    .mem_req_valid_o(mem_req_valid),
    .mem_req_ready_i(w9[48]),
    .mem_req_op_o(mem_req_op),
    .mem_req_id_o(mem_req_id),
    .mem_req_addr_o(mem_req_addr),
    .mem_req_cmp_o(mem_req_cmp),
    .mem_req_data_o(mem_req_data),
    .mem_rsp_valid_i(w9[56]),
    .mem_rsp_id_i(w11[35:32]),
    .mem_rsp_data_i(mem_data),
    .mem_rsp_match_i(w11[40]),
    .mem_rsp_err_i(w11[48]),
    .evt_sel_i(w11[60:56]),
    .evt_count_o(evt_count)
  );

  task show;
    $display("K %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h",
             i_req_ready, i_rsp_valid, i_rsp_id, i_rsp_fault, i_rsp_err, i_rsp_level, i_rsp_pa, i_rsp_size, i_rsp_mt,
             i_rsp_global, d_req_ready, d_rsp_valid, d_rsp_id, d_rsp_fault, d_rsp_err, d_rsp_level, d_rsp_pa,
             d_rsp_size, d_rsp_mt, d_rsp_global, inv_ready, inv_ack, mem_req_valid, mem_req_op, mem_req_id,
             mem_req_addr, mem_req_cmp, mem_req_data, evt_count);
  endtask

  initial begin
    file = $fopen("stimulus.bin", "rb");
    if (file == 0) begin
      $display("stimulus.bin cannot be read");
      $finish;
    end
    got = $fread(word, file);
    in = word;
    repeat (4) begin
      #5 clk = 1'b1;
      #5 clk = 1'b0;
    end
    rst_n = 1'b1;
    #1 show;
    got = $fread(word, file);
    while (got == 96) begin
      in = word;
      #4 clk = 1'b1;
      #5 show;
      clk = 1'b0;
      #1 got = $fread(word, file);
    end
    $finish;
  end
endmodule
