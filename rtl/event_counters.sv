// SPDX-License-Identifier: Apache-2.0
//
// Thirty-two event counters of 32 bits that wrap, in the order of mmu_pkg::EVENT_*.
//
// The pulses arrive registered, one cycle after their event, and are counted before the counter is read, so that a
// reader sees every event of the cycles before.

module event_counters (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [6:0]  i_event_i,     // mmu_side.sv
  input  logic [6:0]  d_event_i,
  input  logic [14:0] walk_event_i,  // ptw.sv
  input  logic [2:0]  l2_event_i,    // l2_tlb.sv
  input  logic        inv_event_i,
  input  logic [4:0]  evt_sel_i,
  output logic [31:0] evt_count_o
);
  // The events of a unit stand in one row.
  localparam int FirstWalk = 4;   // mmu_pkg::EVENT_WALK
  localparam int FirstL2 = 20;    // mmu_pkg::EVENT_L2_HIT
  localparam int FirstPsc = 23;   // mmu_pkg::EVENT_PSC_HIT_2

  logic [31:0] counter_q [32];  // private to the process below
  logic [31:0] count_q;

  assign evt_count_o = count_q;

  always_ff @(posedge clk_i) begin : p_count
    if (i_event_i[0]) counter_q[mmu_pkg::EVENT_I_HIT] = counter_q[mmu_pkg::EVENT_I_HIT] + 32'd1;
    if (d_event_i[0]) counter_q[mmu_pkg::EVENT_D_HIT] = counter_q[mmu_pkg::EVENT_D_HIT] + 32'd1;
    if ((i_event_i[6:1] | d_event_i[6:1]) != '0 || inv_event_i) begin
      if (i_event_i[1]) counter_q[mmu_pkg::EVENT_I_MISS] = counter_q[mmu_pkg::EVENT_I_MISS] + 32'd1;
      if (d_event_i[1]) counter_q[mmu_pkg::EVENT_D_MISS] = counter_q[mmu_pkg::EVENT_D_MISS] + 32'd1;
      if (i_event_i[2]) counter_q[mmu_pkg::EVENT_I_MULTI] = counter_q[mmu_pkg::EVENT_I_MULTI] + 32'd1;
      if (d_event_i[2]) counter_q[mmu_pkg::EVENT_D_MULTI] = counter_q[mmu_pkg::EVENT_D_MULTI] + 32'd1;
      if (i_event_i[3]) counter_q[mmu_pkg::EVENT_I_DIRECT] = counter_q[mmu_pkg::EVENT_I_DIRECT] + 32'd1;
      if (d_event_i[3]) counter_q[mmu_pkg::EVENT_D_DIRECT] = counter_q[mmu_pkg::EVENT_D_DIRECT] + 32'd1;
      if (i_event_i[5]) counter_q[mmu_pkg::EVENT_I_MERGE] = counter_q[mmu_pkg::EVENT_I_MERGE] + 32'd1;
      if (d_event_i[5]) counter_q[mmu_pkg::EVENT_D_MERGE] = counter_q[mmu_pkg::EVENT_D_MERGE] + 32'd1;
      if (i_event_i[6]) counter_q[mmu_pkg::EVENT_I_RETRY] = counter_q[mmu_pkg::EVENT_I_RETRY] + 32'd1;
      if (d_event_i[6]) counter_q[mmu_pkg::EVENT_D_RETRY] = counter_q[mmu_pkg::EVENT_D_RETRY] + 32'd1;
      if (i_event_i[4] || d_event_i[4]) counter_q[mmu_pkg::EVENT_FILL] = counter_q[mmu_pkg::EVENT_FILL] + 32'd1;
      if (inv_event_i) counter_q[mmu_pkg::EVENT_INVALIDATE] = counter_q[mmu_pkg::EVENT_INVALIDATE] + 32'd1;
    end
    if (l2_event_i != '0) begin
      for (int i = 0; i < 3; i++) begin
        if (l2_event_i[i]) counter_q[FirstL2 + i] = counter_q[FirstL2 + i] + 32'd1;
      end
    end
    if (walk_event_i != '0) begin
      for (int i = 0; i < 6; i++) begin
        if (walk_event_i[i]) counter_q[FirstWalk + i] = counter_q[FirstWalk + i] + 32'd1;
      end
      for (int i = 6; i < 15; i++) begin
        if (walk_event_i[i]) counter_q[FirstPsc + i - 6] = counter_q[FirstPsc + i - 6] + 32'd1;
      end
    end
    count_q <= counter_q[evt_sel_i];
    if (!rst_ni) begin
      count_q <= '0;
      for (int i = 0; i < 32; i++) counter_q[i] = '0;
    end
  end
endmodule
