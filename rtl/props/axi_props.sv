// SPDX-License-Identifier: Apache-2.0
//
// The rules of AXI4 (IHI 0022) as far as axi_adapter.sv uses it, and of the memory port that it serves, as immediate
// assertions on the pins of both.
//
//   Patience    AXI9: cycles that a request may wait while the bus has nothing of its id
//   OneMonitor  AXI9: it may wait for the sequence of another id too
//
// Instantiated in axi_adapter.sv under KILBURN_ASSERT; each message begins with the id of its rule. A rule that binds
// both partners is checked on both: "memory" is the bus's subordinate, "requester" drives the memory port.
//
//   AXI1  once VALID, a channel keeps VALID and payload until READY (A3.2.1)
//   AXI2  no VALID in reset and in the first cycle after it (A3.1.2)
//   AXI3  a read response follows its address, a write response its address and its data (A3.3.1)
//   AXI4  one aligned beat of 8 bytes with the documented attributes, all strobes, WLAST and RLAST (A3.4, A4.4)
//   AXI5  one transaction an id, of reads and writes together
//   AXI6  address and data of a write are offered in one cycle: neither waits for READY of the other (A3.3)
//   AXI7  every write ends an exclusive sequence: exclusive, after an exclusive read that was answered EXOKAY, with the
//         same id and address, nothing between (A7.2)
//   AXI8  EXOKAY answers only what is exclusive (A7.2.3)
//   AXI9  each request of the memory port is answered once, by what the bus said, and is never left lying (R8)

module axi_props #(
  parameter int Patience = 128,
  parameter int OneMonitor = 0
) (
  input logic        clk_i,
  input logic        rst_ni,

  input logic        mem_req_valid_i,
  input logic        mem_req_ready_i,
  input logic        mem_req_op_i,
  input logic [3:0]  mem_req_id_i,
  input logic [51:0] mem_req_addr_i,
  input logic [63:0] mem_req_cmp_i,
  input logic [63:0] mem_req_data_i,
  input logic        mem_rsp_valid_i,
  input logic [3:0]  mem_rsp_id_i,
  input logic [63:0] mem_rsp_data_i,
  input logic        mem_rsp_match_i,
  input logic        mem_rsp_err_i,

  input logic        aw_valid_i,
  input logic        aw_ready_i,
  input logic [3:0]  aw_id_i,
  input logic [51:0] aw_addr_i,
  input logic [19:0] aw_shape_i,  // length, size, burst, cache, protection
  input logic        aw_lock_i,
  input logic        w_valid_i,
  input logic        w_ready_i,
  input logic [63:0] w_data_i,
  input logic [7:0]  w_strb_i,
  input logic        w_last_i,
  input logic        b_valid_i,
  input logic        b_ready_i,
  input logic [3:0]  b_id_i,
  input logic [1:0]  b_resp_i,
  input logic        ar_valid_i,
  input logic        ar_ready_i,
  input logic [3:0]  ar_id_i,
  input logic [51:0] ar_addr_i,
  input logic [19:0] ar_shape_i,
  input logic        ar_lock_i,
  input logic        r_valid_i,
  input logic        r_ready_i,
  input logic [3:0]  r_id_i,
  input logic [63:0] r_data_i,
  input logic [1:0]  r_resp_i,
  input logic        r_last_i
);
  // One beat, 8 bytes, INCR; Normal Non-cacheable Non-bufferable; privileged, non-secure, data
  localparam logic [19:0] Shape = {8'd0, 3'd3, 2'b01, 4'b0010, 3'b011};
  localparam logic [1:0] Okay = 2'b00, ExOkay = 2'b01;

  // ---- the previous cycle
  logic         reset_q = 1'b0;  // the last edge was one of reset, so outputs have their reset values
  logic         aw_held_q, w_held_q, b_held_q, ar_held_q, r_held_q;
  logic [76:0]  aw_payload, aw_payload_q, ar_payload, ar_payload_q;
  logic [72:0]  w_payload, w_payload_q;
  logic [5:0]   b_payload, b_payload_q;
  logic [70:0]  r_payload, r_payload_q;
  assign aw_payload = {aw_id_i, aw_addr_i, aw_shape_i, aw_lock_i};
  assign ar_payload = {ar_id_i, ar_addr_i, ar_shape_i, ar_lock_i};
  assign w_payload = {w_data_i, w_strb_i, w_last_i};
  assign b_payload = {b_id_i, b_resp_i};
  assign r_payload = {r_id_i, r_data_i, r_resp_i, r_last_i};

  // ---- by id: what is in flight, and what came back
  logic [15:0]  asked_q, swap_q;          // a request of the memory port, and that it is a compare-and-swap
  logic [51:0]  asked_addr_q [16];
  logic [63:0]  asked_cmp_q [16];
  logic [63:0]  asked_new_q [16];
  logic [15:0]  reading_q, locked_q;      // a read, and that it is exclusive
  logic [15:0]  writing_q;                // a write whose address was taken
  logic [15:0]  linked_q;                 // the id's last transaction was an exclusive read, answered EXOKAY
  logic [51:0]  read_addr_q [16];
  logic [63:0]  read_word_q [16];
  logic [15:0]  wrote_q, failed_q;        // EXOKAY to a write; SLVERR or DECERR, or an exclusive read answered OKAY
  logic [15:0]  answered_q;               // some response since the request
  logic [15:0]  age_q [16];
  // ---- the write under way on AW and W: one was taken, the other is still owed
  logic         w_owed_q, aw_owed_q;
  logic [3:0]   owed_id_q;
  logic         aw_taken, w_taken;
  assign aw_taken = aw_valid_i && aw_ready_i;
  assign w_taken = w_valid_i && w_ready_i;
  logic         bus_waits;
  assign bus_waits = ar_held_q || aw_held_q || w_held_q || (OneMonitor != 0 && (reading_q | writing_q) != '0);

  always_ff @(posedge clk_i) begin : p_rules
    reset_q <= !rst_ni;
    aw_held_q <= aw_valid_i && !aw_ready_i;
    w_held_q <= w_valid_i && !w_ready_i;
    b_held_q <= b_valid_i && !b_ready_i;
    ar_held_q <= ar_valid_i && !ar_ready_i;
    r_held_q <= r_valid_i && !r_ready_i;
    aw_payload_q <= aw_payload;
    w_payload_q <= w_payload;
    b_payload_q <= b_payload;
    ar_payload_q <= ar_payload;
    r_payload_q <= r_payload;

    if (reset_q) begin
      assert (!aw_valid_i && !w_valid_i && !ar_valid_i)
      else $error("AXI2 an address or data is offered in reset");
      assert (!b_valid_i && !r_valid_i)
      else $error("AXI2 memory: a response is offered in reset");
    end
    if (rst_ni && !reset_q) begin
      assert (!ar_held_q || (ar_valid_i && ar_payload == ar_payload_q))
      else $error("AXI1 a read address changed before it was taken");
      assert (!aw_held_q || (aw_valid_i && aw_payload == aw_payload_q))
      else $error("AXI1 a write address changed before it was taken");
      assert (!w_held_q || (w_valid_i && w_payload == w_payload_q))
      else $error("AXI1 write data changed before it was taken");
      assert (!r_held_q || (r_valid_i && r_payload == r_payload_q))
      else $error("AXI1 memory: a read response changed before it was taken");
      assert (!b_held_q || (b_valid_i && b_payload == b_payload_q))
      else $error("AXI1 memory: a write response changed before it was taken");

      if (r_valid_i) begin
        assert (reading_q[r_id_i])
        else $error("AXI3 memory: a read response without a read");
        assert (r_last_i)
        else $error("AXI4 memory: a read response that is not the last");
        assert (r_resp_i != ExOkay || locked_q[r_id_i])
        else $error("AXI8 memory: EXOKAY to a read that is not exclusive");
      end
      if (b_valid_i) begin
        assert (writing_q[b_id_i])
        else $error("AXI3 memory: a write response without a write address");
        assert (!w_owed_q || b_id_i != owed_id_q)
        else $error("AXI3 memory: a write response before the data was taken");
      end

      if (ar_valid_i) begin
        assert (ar_shape_i == Shape && ar_addr_i[2:0] == 3'd0)
        else $error("AXI4 a read that is not one aligned beat of 8 bytes");
        assert (!reading_q[ar_id_i] && !writing_q[ar_id_i])
        else $error("AXI5 a read with an id in flight");
        assert (asked_q[ar_id_i] && ar_addr_i == asked_addr_q[ar_id_i] && (!ar_lock_i || swap_q[ar_id_i]))
        else $error("AXI9 a read that was not asked for");
      end
      if (aw_valid_i) begin
        assert (aw_shape_i == Shape && aw_addr_i[2:0] == 3'd0)
        else $error("AXI4 a write that is not one aligned beat of 8 bytes");
        assert (!reading_q[aw_id_i] && !writing_q[aw_id_i])
        else $error("AXI5 a write with an id in flight");
        assert (aw_lock_i)
        else $error("AXI7 a write that is not exclusive");
        assert (linked_q[aw_id_i] && aw_addr_i == read_addr_q[aw_id_i])
        else $error("AXI7 an exclusive write without its exclusive read");
        assert (asked_q[aw_id_i] && swap_q[aw_id_i] && read_word_q[aw_id_i] == asked_cmp_q[aw_id_i])
        else $error("AXI9 a write although the word is not the one expected");
        assert (!w_valid_i || w_data_i == asked_new_q[aw_id_i])
        else $error("AXI9 a write of another word");
      end
      if (w_valid_i) begin
        assert (w_strb_i == 8'hff && w_last_i)
        else $error("AXI4 write data that is not all of 8 bytes");
      end
      // Each channel's offer begins in the cycle of the other's, whatever READY did.
      assert ((aw_valid_i && !aw_held_q) == (w_valid_i && !w_held_q))
      else $error("AXI6 address and data of a write are not offered together");

      if (mem_req_valid_i && mem_req_ready_i) begin
        assert (!asked_q[mem_req_id_i])
        else $error("AXI9 requester: a request with an id in flight");
      end
      if (mem_rsp_valid_i) begin
        assert (asked_q[mem_rsp_id_i] && answered_q[mem_rsp_id_i] && !reading_q[mem_rsp_id_i]
                && !writing_q[mem_rsp_id_i])
        else $error("AXI9 an answer before the bus gave one, or a second one");
        assert (mem_rsp_err_i == failed_q[mem_rsp_id_i])
        else $error("AXI9 a bus error is not reported, or none is");
        assert (mem_rsp_match_i == wrote_q[mem_rsp_id_i])
        else $error("AXI9 match differs from the exclusive write's response");
        assert (mem_rsp_err_i || mem_rsp_data_i == read_word_q[mem_rsp_id_i])
        else $error("AXI9 the answer is not the word last read");
      end
      for (int id = 0; id < 16; id++) begin
        if (asked_q[id]) begin
          assert (int'({16'b0, age_q[id]}) < Patience)
          else $error("AXI9 a request is left lying");
        end
      end
    end

    // ---- what is known in the next cycle
    for (int id = 0; id < 16; id++) begin
      if (!bus_waits) age_q[id] <= age_q[id] + 16'd1;
      if (!asked_q[id] || reading_q[id] || writing_q[id]) age_q[id] <= 16'd0;
    end
    if (ar_valid_i && ar_ready_i) begin
      reading_q[ar_id_i] <= 1'b1;
      locked_q[ar_id_i] <= ar_lock_i;
      linked_q[ar_id_i] <= 1'b0;
      read_addr_q[ar_id_i] <= ar_addr_i;
    end
    if (r_valid_i && r_ready_i) begin
      reading_q[r_id_i] <= 1'b0;
      read_word_q[r_id_i] <= r_data_i;
      linked_q[r_id_i] <= locked_q[r_id_i] && r_resp_i == ExOkay;
      answered_q[r_id_i] <= 1'b1;
      if (r_resp_i[1] || (locked_q[r_id_i] && r_resp_i == Okay)) failed_q[r_id_i] <= 1'b1;
    end
    if (aw_taken) begin
      writing_q[aw_id_i] <= 1'b1;
      owed_id_q <= aw_id_i;
    end
    if (aw_taken && !w_taken && !aw_owed_q) w_owed_q <= 1'b1;
    if (w_taken && !aw_taken && !w_owed_q) aw_owed_q <= 1'b1;
    if (w_taken && w_owed_q) w_owed_q <= 1'b0;
    if (aw_taken && aw_owed_q) aw_owed_q <= 1'b0;
    if (b_valid_i && b_ready_i) begin
      writing_q[b_id_i] <= 1'b0;
      linked_q[b_id_i] <= 1'b0;
      if (b_resp_i == ExOkay) wrote_q[b_id_i] <= 1'b1;
      if (b_resp_i[1]) failed_q[b_id_i] <= 1'b1;
    end
    if (mem_rsp_valid_i) asked_q[mem_rsp_id_i] <= 1'b0;
    if (mem_req_valid_i && mem_req_ready_i) begin
      asked_q[mem_req_id_i] <= 1'b1;
      swap_q[mem_req_id_i] <= mem_req_op_i == mmu_pkg::MEM_OP_CAS;
      asked_addr_q[mem_req_id_i] <= mem_req_addr_i;
      asked_cmp_q[mem_req_id_i] <= mem_req_cmp_i;
      asked_new_q[mem_req_id_i] <= mem_req_data_i;
      answered_q[mem_req_id_i] <= 1'b0;
      wrote_q[mem_req_id_i] <= 1'b0;
      failed_q[mem_req_id_i] <= 1'b0;
    end
    if (!rst_ni) begin
      aw_held_q <= 1'b0;
      w_held_q <= 1'b0;
      b_held_q <= 1'b0;
      ar_held_q <= 1'b0;
      r_held_q <= 1'b0;
      asked_q <= '0;
      reading_q <= '0;
      writing_q <= '0;
      linked_q <= '0;
      w_owed_q <= 1'b0;
      aw_owed_q <= 1'b0;
    end
  end
endmodule
