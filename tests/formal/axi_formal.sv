// SPDX-License-Identifier: Apache-2.0
//
// F7 of the AXI port: rules AXI1 to AXI9 (props/axi_props.sv) of the adapter, for any requester and any subordinate.
//
//   Ids, Tries, OneMonitor  as in axi_adapter.sv; Ids a power of two
//
// The adapter holds the assertions itself; those on its partners are assumed.

module axi_formal #(
  parameter int Ids = 1,
  parameter int Tries = 1,
  parameter int OneMonitor = 0
) (
  input logic        clk_i,
  input logic        mem_req_valid_i,
  input logic        mem_req_op_i,
  input logic [2:0]  request_id_i,
  input logic [48:0] request_word_i,  // the address without its offset
  input logic [63:0] mem_req_cmp_i,
  input logic [63:0] mem_req_data_i,
  input logic        aw_ready_i,
  input logic        w_ready_i,
  input logic        b_valid_i,
  input logic [2:0]  write_id_i,
  input logic [1:0]  b_resp_i,
  input logic        ar_ready_i,
  input logic        r_valid_i,
  input logic [2:0]  read_id_i,
  input logic [63:0] r_data_i,
  input logic [1:0]  r_resp_i,
  input logic        r_last_i
);
  logic run_q = 1'b0;
  always_ff @(posedge clk_i) run_q <= 1'b1;

  // Ids are walkers' numbers (R9), an address is aligned (R8), and a response has the id of a transaction (AXI3), so of
  // a slot: tied here, so that what stands there for other ids falls away.
  localparam logic [3:0] IdMask = 4'(Ids - 1);
  logic [3:0]  mem_req_id, b_id, r_id;
  logic [51:0] mem_req_addr;
  assign mem_req_id = {1'b0, request_id_i} & IdMask;
  assign b_id = {1'b0, write_id_i} & IdMask;
  assign r_id = {1'b0, read_id_i} & IdMask;
  assign mem_req_addr = {request_word_i, 3'b000};

  logic swap_q;  // the last request was a compare-and-swap
  logic mem_rsp_valid, mem_rsp_match, mem_rsp_err, aw_valid, ar_valid, ar_lock;
  axi_adapter #(
    .Ids(Ids),
    .Tries(Tries),
    .OneMonitor(OneMonitor)
  ) u_dut (
    .clk_i(clk_i), .rst_ni(run_q),
    .mem_req_valid_i(mem_req_valid_i), .mem_req_ready_o(), .mem_req_op_i(mem_req_op_i),
    .mem_req_id_i(mem_req_id), .mem_req_addr_i(mem_req_addr), .mem_req_cmp_i(mem_req_cmp_i),
    .mem_req_data_i(mem_req_data_i),
    .mem_rsp_valid_o(mem_rsp_valid), .mem_rsp_id_o(), .mem_rsp_data_o(), .mem_rsp_match_o(mem_rsp_match),
    .mem_rsp_err_o(mem_rsp_err),
    .axi_aw_valid_o(aw_valid), .axi_aw_ready_i(aw_ready_i), .axi_aw_id_o(), .axi_aw_addr_o(), .axi_aw_len_o(),
    .axi_aw_size_o(), .axi_aw_burst_o(), .axi_aw_lock_o(), .axi_aw_cache_o(), .axi_aw_prot_o(),
    .axi_w_valid_o(), .axi_w_ready_i(w_ready_i), .axi_w_data_o(), .axi_w_strb_o(), .axi_w_last_o(),
    .axi_b_valid_i(b_valid_i), .axi_b_ready_o(), .axi_b_id_i(b_id), .axi_b_resp_i(b_resp_i),
    .axi_ar_valid_o(ar_valid), .axi_ar_ready_i(ar_ready_i), .axi_ar_id_o(), .axi_ar_addr_o(), .axi_ar_len_o(),
    .axi_ar_size_o(), .axi_ar_burst_o(), .axi_ar_lock_o(ar_lock), .axi_ar_cache_o(), .axi_ar_prot_o(),
    .axi_r_valid_i(r_valid_i), .axi_r_ready_o(), .axi_r_id_i(r_id), .axi_r_data_i(r_data_i),
    .axi_r_resp_i(r_resp_i), .axi_r_last_i(r_last_i)
  );

  always_ff @(posedge clk_i) begin : p_rules
    if (!run_q) assume (!mem_req_valid_i && !r_valid_i && !b_valid_i);
    if (run_q) begin
      cover (mem_rsp_valid && mem_rsp_match);
      cover (mem_rsp_valid && mem_rsp_err);
      cover (mem_rsp_valid && !mem_rsp_match && !mem_rsp_err);
      // After the last try the word is read plainly.
      cover (swap_q && ar_valid && !ar_lock);
      if (Ids > 1) cover (aw_valid && ar_valid);
    end
    if (mem_req_valid_i) swap_q <= mem_req_op_i;
  end
endmodule
