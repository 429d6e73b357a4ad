// SPDX-License-Identifier: Apache-2.0
//
// Sixteen event counters of 32 bits that wrap, in the order of mmu_pkg::EVENT_*.
//
// The pulses arrive registered, one cycle after their event; the read port adds the pulse that its
// counter has not seen yet, so that a reader sees every event of the cycles before.

module event_counters (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [15:0] event_i,
  input  logic [3:0]  evt_sel_i,
  output logic [31:0] evt_count_o
);
  logic [31:0] counter_q [16];  // private to the process below
  logic [31:0] count_q;

  assign evt_count_o = count_q;

  always_ff @(posedge clk_i) begin : p_count
    count_q <= counter_q[evt_sel_i] + {31'b0, event_i[evt_sel_i]};
    if (event_i != '0) begin
      for (int i = 0; i < 16; i++) begin
        if (event_i[i]) counter_q[i] = counter_q[i] + 32'd1;
      end
    end
    if (!rst_ni) begin
      count_q <= '0;
      for (int i = 0; i < 16; i++) counter_q[i] = '0;
    end
  end
endmodule
