// SPDX-License-Identifier: Apache-2.0
//
// axi_adapter.sv in a simulator that is not Verilator: a read, a compare-and-swap that matches, one that does not, and
// one whose reservation is lost once. Prints PASS, or what was wrong.

module smoke_axi_tb;
  logic        clk = 1'b0, rst_n = 1'b0;
  logic        req_valid = 1'b0, req_op = 1'b0;
  logic [3:0]  req_id = 4'd0;
  logic [51:0] req_addr = 52'd0;
  logic [63:0] req_cmp = 64'd0, req_new = 64'd0;
  logic        req_ready, rsp_valid, rsp_match, rsp_err;
  logic [3:0]  rsp_id;
  logic [63:0] rsp_data;
  logic        aw_valid, w_valid, ar_valid, r_ready, b_ready, aw_lock, ar_lock, w_last;
  logic [3:0]  aw_id, ar_id, aw_cache, ar_cache;
  logic [51:0] aw_addr, ar_addr;
  logic [7:0]  aw_len, ar_len, w_strb;
  logic [2:0]  aw_size, ar_size, aw_prot, ar_prot;
  logic [1:0]  aw_burst, ar_burst;
  logic [63:0] w_data;
  logic        b_valid = 1'b0, r_valid = 1'b0;
  logic [3:0]  b_id = 4'd0, r_id = 4'd0;
  logic [1:0]  b_resp = 2'd0, r_resp = 2'd0;
  logic [63:0] r_data = 64'd0;

  // One word of memory with a reservation, which `lose` takes away once.
  logic [63:0] word = 64'h21;
  logic        reserved = 1'b0, lose = 1'b0;
  int          writes = 0, errors = 0;

  always #5 clk = !clk;

  always @(posedge clk) begin
    r_valid <= 1'b0;
    b_valid <= 1'b0;
    if (ar_valid) begin
      r_valid <= 1'b1;
      r_id <= ar_id;
      r_data <= word;
      r_resp <= ar_lock ? 2'b01 : 2'b00;
      reserved <= ar_lock && !lose;
      if (ar_lock) lose <= 1'b0;
    end
    if (aw_valid && w_valid) begin
      b_valid <= 1'b1;
      b_id <= aw_id;
      b_resp <= reserved ? 2'b01 : 2'b00;
      if (reserved) begin
        word <= w_data;
        writes <= writes + 1;
      end
      reserved <= 1'b0;
    end
  end

  axi_adapter dut (
    .clk_i(clk), .rst_ni(rst_n),
    .mem_req_valid_i(req_valid), .mem_req_ready_o(req_ready), .mem_req_op_i(req_op), .mem_req_id_i(req_id),
    .mem_req_addr_i(req_addr), .mem_req_cmp_i(req_cmp), .mem_req_data_i(req_new),
    .mem_rsp_valid_o(rsp_valid), .mem_rsp_id_o(rsp_id), .mem_rsp_data_o(rsp_data), .mem_rsp_match_o(rsp_match),
    .mem_rsp_err_o(rsp_err),
    .axi_aw_valid_o(aw_valid), .axi_aw_ready_i(1'b1), .axi_aw_id_o(aw_id), .axi_aw_addr_o(aw_addr),
    .axi_aw_len_o(aw_len), .axi_aw_size_o(aw_size), .axi_aw_burst_o(aw_burst), .axi_aw_lock_o(aw_lock),
    .axi_aw_cache_o(aw_cache), .axi_aw_prot_o(aw_prot),
    .axi_w_valid_o(w_valid), .axi_w_ready_i(1'b1), .axi_w_data_o(w_data), .axi_w_strb_o(w_strb), .axi_w_last_o(w_last),
    .axi_b_valid_i(b_valid), .axi_b_ready_o(b_ready), .axi_b_id_i(b_id), .axi_b_resp_i(b_resp),
    .axi_ar_valid_o(ar_valid), .axi_ar_ready_i(1'b1), .axi_ar_id_o(ar_id), .axi_ar_addr_o(ar_addr),
    .axi_ar_len_o(ar_len), .axi_ar_size_o(ar_size), .axi_ar_burst_o(ar_burst), .axi_ar_lock_o(ar_lock),
    .axi_ar_cache_o(ar_cache), .axi_ar_prot_o(ar_prot),
    .axi_r_valid_i(r_valid), .axi_r_ready_o(r_ready), .axi_r_id_i(r_id), .axi_r_data_i(r_data), .axi_r_resp_i(r_resp),
    .axi_r_last_i(1'b1)
  );

  task automatic ask(input logic op, input logic [3:0] id, input logic [63:0] compare, input logic [63:0] desired,
                     input logic [63:0] data, input logic match, input int total);
    int cycles;
    @(negedge clk);
    req_valid = 1'b1;
    req_op = op;
    req_id = id;
    req_addr = 52'h1000;
    req_cmp = compare;
    req_new = desired;
    @(negedge clk);
    req_valid = 1'b0;
    cycles = 0;
    while (!rsp_valid && cycles < 50) begin
      @(negedge clk);
      cycles = cycles + 1;
    end
    if (!rsp_valid || rsp_err || rsp_id != id || rsp_data != data || rsp_match != match || writes != total) begin
      $display("ERROR request %0d: valid %b err %b id %0d data %h match %b writes %0d", id, rsp_valid, rsp_err, rsp_id,
               rsp_data, rsp_match, writes);
      errors = errors + 1;
    end
    @(negedge clk);
  endtask

  initial begin
    repeat (4) @(negedge clk);
    rst_n = 1'b1;
    ask(1'b0, 4'd1, 64'h0, 64'h0, 64'h21, 1'b0, 0);
    ask(1'b1, 4'd2, 64'h21, 64'h61, 64'h21, 1'b1, 1);
    ask(1'b1, 4'd3, 64'h21, 64'h41, 64'h61, 1'b0, 1);
    lose = 1'b1;
    ask(1'b1, 4'd4, 64'h61, 64'h21, 64'h61, 1'b1, 2);
    ask(1'b0, 4'd5, 64'h0, 64'h0, 64'h21, 1'b0, 2);
    if (errors == 0) $display("PASS");
    $finish;
  end
endmodule
