// SPDX-License-Identifier: Apache-2.0
//
// Self-checking bench of mmu.sv without a model, for simulators other than Verilator.
//
//   Format  0 x86-64 or 1 alpha
//
// A walk, a hit, a fault, an invalidation and a walk after it; a key and five levels, or a fill by software. The expected values are worked out by hand
// from the manuals (comments at each check); the run ends with PASS or a fatal error.

module smoke_tb;
  parameter int Format = 0;

  logic        clk = 1'b0;
  logic        rst_n = 1'b0;
  logic        i_valid = 1'b0, d_valid = 1'b0, d_write = 1'b0;
  logic [3:0]  i_id = 4'd0, d_id = 4'd0;
  logic [63:0] i_va = '0, d_va = '0;
  logic [1:0]  mode = 2'd3;
  logic        i_ready, d_ready, i_rsp_valid, d_rsp_valid;
  logic [3:0]  i_rsp_id, d_rsp_id, i_fault, d_fault;
  logic [51:0] i_pa, d_pa;
  logic [15:0] i_err, d_err;
  logic [2:0]  i_level, d_level, i_mt, d_mt;
  logic [5:0]  i_size, d_size;
  logic        i_global, d_global;
  logic        inv_valid = 1'b0, inv_ready, inv_ack;
  logic [63:0] inv_va = '0;
  logic        mem_valid, mem_op;
  logic [3:0]  mem_id;
  logic [51:0] mem_addr;
  logic [63:0] mem_cmp, mem_new;
  logic        mem_rsp_valid = 1'b0, mem_match = 1'b0;
  logic [63:0] mem_rsp_data = '0;
  logic [3:0]  mem_rsp_id = '0;
  logic [31:0] count;
  logic [51:0] root;
  logic [31:0] ctl = '0, pkru = '0;
  logic [3:0]  inv_op = mmu_pkg::INV_PAGE;
  logic [63:0] inv_pte = '0;

  mmu #(
    .Format(Format),
    .IEntries(2),
    .DEntries(4),
    .L2Sets(4),
    .L2LargeSets(1),
    .L2Ways(2)
  ) u_mmu (
    .clk_i(clk),
    .rst_ni(rst_n),
    .cfg_i(Format == 0 ? 32'd40 | 32'd1 << mmu_pkg::CFG_PAGE1G : {21'b0, mmu_pkg::CHIP_EV5, 9'b0}),
    .ctx_root_i(root),
    .ctx_asid_i(12'd7),
    .ctx_ctl_i(ctl),
    .ctx_pkru_i(pkru),
    .ctx_pkrs_i(32'b0),
    .i_req_valid_i(i_valid),
    .i_req_ready_o(i_ready),
    .i_req_id_i(i_id),
    .i_req_va_i(i_va),
    .i_req_mode_i(mode),
    .d_req_valid_i(d_valid),
    .d_req_ready_o(d_ready),
    .d_req_id_i(d_id),
    .d_req_va_i(d_va),
    .d_req_mode_i(mode),
    .d_req_write_i(d_write),
    .d_req_ac_i(1'b0),
    .d_req_implicit_i(1'b0),
    .i_rsp_valid_o(i_rsp_valid),
    .i_rsp_ready_i(1'b1),
    .i_rsp_id_o(i_rsp_id),
    .i_rsp_pa_o(i_pa),
    .i_rsp_fault_o(i_fault),
    .i_rsp_err_o(i_err),
    .i_rsp_level_o(i_level),
    .i_rsp_size_o(i_size),
    .i_rsp_mt_o(i_mt),
    .i_rsp_global_o(i_global),
    .d_rsp_valid_o(d_rsp_valid),
    .d_rsp_ready_i(1'b1),
    .d_rsp_id_o(d_rsp_id),
    .d_rsp_pa_o(d_pa),
    .d_rsp_fault_o(d_fault),
    .d_rsp_err_o(d_err),
    .d_rsp_level_o(d_level),
    .d_rsp_size_o(d_size),
    .d_rsp_mt_o(d_mt),
    .d_rsp_global_o(d_global),
    .inv_valid_i(inv_valid),
    .inv_ready_o(inv_ready),
    .inv_op_i(inv_op),
    .inv_va_i(inv_va),
    .inv_asid_i(12'd7),
    .inv_pte_i(inv_pte),
    .inv_ack_o(inv_ack),
    .mem_req_valid_o(mem_valid),
    .mem_req_ready_i(1'b1),
    .mem_req_op_o(mem_op),
    .mem_req_id_o(mem_id),
    .mem_req_addr_o(mem_addr),
    .mem_req_cmp_o(mem_cmp),
    .mem_req_data_o(mem_new),
    .mem_rsp_valid_i(mem_rsp_valid),
    .mem_rsp_id_i(mem_rsp_id),
    .mem_rsp_data_i(mem_rsp_data),
    .mem_rsp_match_i(mem_match),
    .mem_rsp_err_i(1'b0),
    .evt_sel_i(mmu_pkg::EVENT_MEM_READ),
    .evt_count_o(count)
  );

  always #5 clk = !clk;

  // Page-table memory: 64 KB, answers in the cycle after the request. Inputs change at the falling edge.
  logic [63:0] memory [8192];
  int          reads = 0, updates = 0;
  logic        pending = 1'b0, pending_op = 1'b0;
  logic [15:3] pending_word = '0;
  logic [3:0]  pending_id = '0;
  logic [63:0] pending_cmp = '0, pending_new = '0;
  always @(posedge clk) begin
    pending <= mem_valid;
    pending_op <= mem_op;
    pending_id <= mem_id;
    pending_word <= mem_addr[15:3];
    pending_cmp <= mem_cmp;
    pending_new <= mem_new;
    if (mem_valid && !mem_op) reads = reads + 1;
    if (mem_valid && mem_op) updates = updates + 1;
  end
  always @(negedge clk) begin
    mem_rsp_valid = pending;
    mem_rsp_id = pending_id;
    mem_rsp_data = memory[pending_word];
    mem_match = pending && pending_op && memory[pending_word] == pending_cmp;
    if (mem_match) memory[pending_word] = pending_new;
  end

  int cycles;
  task automatic fetch_data(input logic [63:0] va, input logic write);
    @(negedge clk);
    d_va = va;
    d_write = write;
    d_id = d_id + 4'd1;
    d_valid = 1'b1;
    if (!d_ready) $fatal(1, "data port not ready");
    @(negedge clk);
    d_valid = 1'b0;
    cycles = 1;
    while (!d_rsp_valid) begin
      @(negedge clk);
      cycles = cycles + 1;
      if (cycles > 100) $fatal(1, "no response");
    end
    if (d_rsp_id != d_id) $fatal(1, "response id %0d, expected %0d", d_rsp_id, d_id);
  endtask

  task automatic expect_pa(input logic [51:0] pa, input logic [5:0] size);
    if (d_fault != mmu_pkg::FAULT_NONE || d_pa != pa || d_size != size) begin
      $fatal(1, "fault %0d pa %h size %0d, expected pa %h size %0d", d_fault, d_pa, d_size, pa, size);
    end
  endtask

  task automatic expect_fault(input logic [3:0] fault, input logic [15:0] err, input logic [2:0] level);
    if (d_fault != fault || d_err != err || d_level != level || d_pa != '0) begin
      $fatal(1, "fault %0d err %h level %0d, expected %0d %h %0d", d_fault, d_err, d_level, fault, err, level);
    end
  endtask

  task automatic expect_count(input int what, input int expected);
    if (what != expected) $fatal(1, "page-table accesses %0d, expected %0d", what, expected);
  endtask

  task automatic invalidate(input logic [63:0] va);
    @(negedge clk);
    inv_va = va;
    inv_valid = 1'b1;
    @(negedge clk);
    inv_valid = 1'b0;
    cycles = 1;
    while (!inv_ack) begin
      @(negedge clk);
      cycles = cycles + 1;
      if (cycles > 100) $fatal(1, "no acknowledgement");
    end
    if (cycles != 2) $fatal(1, "acknowledged after %0d cycles, expected 2", cycles);
  endtask

  initial begin
    for (int i = 0; i < 8192; i++) memory[i] = '0;
    root = (Format == 0) ? 52'h1000 : 52'h2000;
    repeat (3) @(negedge clk);
    rst_n = 1'b1;

    if (Format == 0) begin
      // Table indices 1, 1, 3, 3, offset ABC (SDM 4.5, bits 47:39, 38:30, 29:21, 20:12). P, R/W, U/S.
      memory[16'h1008 >> 3] = 64'h2007;
      memory[16'h2008 >> 3] = 64'h3007;
      memory[16'h3018 >> 3] = 64'h4007;
      memory[16'h4018 >> 3] = 64'h12_3456_7007;
      memory[16'h4020 >> 3] = 64'h8000_0000_0000_0007;  // NX while NXE = 0: reserved
      fetch_data(64'h0000_0080_4060_3abc, 1'b1);
      expect_pa(52'h12_3456_7abc, 6'd12);
      expect_count(reads, 4);
      expect_count(updates, 4);  // A in three upper entries, A and D in the leaf (SDM 4.8)
      if (memory[16'h1008 >> 3] != 64'h2027 || memory[16'h4018 >> 3] != 64'h12_3456_7067) $fatal(1, "A or D not set");
      fetch_data(64'h0000_0080_4060_3fff, 1'b0);
      expect_pa(52'h12_3456_7fff, 6'd12);
      expect_count(cycles, 1);
      expect_count(reads, 4);
      fetch_data(64'h0000_0080_4060_4000, 1'b1);
      expect_fault(mmu_pkg::FAULT_PF, 16'h000f, 3'd1);  // P W U RSVD (SDM 4.7, trap T06)
      fetch_data(64'h0000_0080_4060_5000, 1'b0);
      expect_fault(mmu_pkg::FAULT_PF, 16'h0004, 3'd1);  // not present, user read
      fetch_data(64'h0000_8000_0000_0000, 1'b0);
      expect_fault(mmu_pkg::FAULT_GP, 16'h0000, 3'd0);  // not canonical: no walk
      expect_count(reads, 13);  // the first fault was found from the middle and again from the root
      invalidate(64'h0000_0080_4060_3000);
      fetch_data(64'h0000_0080_4060_3abc, 1'b1);
      expect_pa(52'h12_3456_7abc, 6'd12);
      expect_count(reads, 17);
      expect_count(updates, 4);  // A and D are set already (trap T50)
      // Key 5 with AD (PKRU bit 10) on a read-only user page: P W U PK (SDM 4.7, trap T21).
      memory[16'h4030 >> 3] = 64'h2800_0012_3456_7065;
      ctl = 32'd1 << mmu_pkg::CTL_PKE;
      pkru = 32'h400;
      fetch_data(64'h0000_0080_4060_6000, 1'b1);
      expect_fault(mmu_pkg::FAULT_PF, 16'h0027, 3'd1);
      expect_count(reads, 22);
      // Five levels: index 1 of a table above the old root (SDM 4.5.1, bits 56:48).
      memory[16'h5008 >> 3] = 64'h1007;
      ctl = 32'd1 << mmu_pkg::CTL_LA57;
      root = 52'h5000;
      fetch_data(64'h0001_0080_4060_3abc, 1'b1);
      expect_pa(52'h12_3456_7abc, 6'd12);
      expect_count(reads, 27);
      expect_count(updates, 5);
    end else begin
      // Segment indices 1, 1, 3, offset ABC (EV5: VA<42:33>, <32:23>, <22:13>). V alone above, OSF rights below.
      memory[16'h2008 >> 3] = 64'h0000_0002_0000_0001;
      memory[16'h4008 >> 3] = 64'h0000_0003_0000_0001;
      memory[16'h6018 >> 3] = 64'h0001_2345_0000_3301;  // V KRE URE KWE UWE
      memory[16'h6020 >> 3] = 64'h0000_0005_0000_3305;  // FOW
      memory[16'h2010 >> 3] = 64'h0000_0000_0000_0100;  // KRE without V
      fetch_data(64'h2_0080_6abc, 1'b1);
      expect_pa(52'h2468_aabc, 6'd13);
      expect_count(reads, 3);
      fetch_data(64'h2_0080_7fff, 1'b0);
      expect_pa(52'h2468_bfff, 6'd13);
      expect_count(cycles, 1);
      expect_count(reads, 3);
      fetch_data(64'h2_0080_8000, 1'b1);
      expect_fault(mmu_pkg::FAULT_FOW, 16'h0000, 3'd1);
      fetch_data(64'h2_0080_a000, 1'b0);
      expect_fault(mmu_pkg::FAULT_ACV, 16'h0000, 3'd1);  // a zero entry grants nothing (trap T80)
      fetch_data(64'h4_0000_0000, 1'b0);
      expect_fault(mmu_pkg::FAULT_TNV, 16'h0000, 3'd3);  // KRE of an invalid upper entry (trap T81)
      fetch_data(64'h6_0000_0000, 1'b0);
      expect_fault(mmu_pkg::FAULT_ACV, 16'h0000, 3'd3);
      fetch_data(64'h400_0000_0000, 1'b0);
      expect_fault(mmu_pkg::FAULT_ACV, 16'h0000, 3'd0);  // sign check: no walk
      expect_count(reads, 13);  // the last-level faults found from the middle and again from the root
      invalidate(64'h2_0080_6000);
      fetch_data(64'h2_0080_6abc, 1'b1);
      expect_pa(52'h2468_aabc, 6'd13);
      expect_count(reads, 16);
      expect_count(updates, 0);
      // Refilled by software: a miss without a walk, a fill, a hit.
      ctl = 32'd1 << mmu_pkg::CTL_REFILL;
      fetch_data(64'h8000_e008, 1'b0);
      expect_fault(mmu_pkg::FAULT_MISS, 16'h0000, 3'd0);
      inv_op = mmu_pkg::INV_FILL_D;
      inv_pte = 64'h0000_4321_0000_3301;
      invalidate(64'h8000_e000);
      fetch_data(64'h8000_e008, 1'b0);
      expect_pa(52'h864_2008, 6'd13);
      expect_count(reads, 16);
    end
    $display("PASS format %0d", Format);
    $finish;
  end
endmodule
