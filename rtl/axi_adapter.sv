// SPDX-License-Identifier: Apache-2.0
//
// Joins the MMU's page-table memory port to an AXI4 bus as its manager.
//
//   Ids         ids of the memory port, 1 to 8: 0 to Ids - 1, each with a slot of its own
//   Tries       exclusive writes that one compare-and-swap attempts, 1 to 7
//   OneMonitor  1: one exclusive sequence at a time, for a bus that keeps one reservation a manager instead of one
//               an id
//
//   mem_req ─► slots ─► AR        R, B ─► slots ─► mem_rsp
//                └────► AW + W
//
// A read is one read transaction. A compare-and-swap is an exclusive sequence (IHI 0022 A7.2): an exclusive read; if
// the word differs from the one expected, that word is the answer and nothing is written; else an exclusive write,
// which the memory carries out only if nobody wrote the word in between. If somebody did, the word is read again.
// After the last try the word is read plainly and answered as it is, "no match" even if it is the one expected: the
// walker judges it afresh, so that no bus can keep a walker here for ever.
//
// A memory that knows no exclusive accesses answers an exclusive read OKAY: a bus error, because a plain write could
// overwrite what another processor wrote. SLVERR and DECERR are bus errors.
//
// An id of the memory port is the AXI id, so that a sequence uses one id, and different ones are answered in any order.
// Every transaction is one beat of 8 bytes, aligned, so never across 4 KB. AxCACHE is Normal Non-cacheable
// Non-bufferable: an exclusive access must reach the monitor (A7.2.4), and a write response must mean that the write is
// done (rule R7). AxPROT is privileged, non-secure, data. Every output comes from registers (A3.2.1); address and data
// of a write are offered in the same cycle and neither channel waits for the other.

module axi_adapter #(
  parameter int Ids = 8,
  parameter int Tries = 4,
  parameter int OneMonitor = 0
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        mem_req_valid_i,
  output logic        mem_req_ready_o,
  input  logic        mem_req_op_i,
  input  logic [3:0]  mem_req_id_i,
  input  logic [51:0] mem_req_addr_i,
  input  logic [63:0] mem_req_cmp_i,
  input  logic [63:0] mem_req_data_i,
  output logic        mem_rsp_valid_o,
  output logic [3:0]  mem_rsp_id_o,
  output logic [63:0] mem_rsp_data_o,
  output logic        mem_rsp_match_o,
  output logic        mem_rsp_err_o,

  output logic        axi_aw_valid_o,
  input  logic        axi_aw_ready_i,
  output logic [3:0]  axi_aw_id_o,
  output logic [51:0] axi_aw_addr_o,
  output logic [7:0]  axi_aw_len_o,
  output logic [2:0]  axi_aw_size_o,
  output logic [1:0]  axi_aw_burst_o,
  output logic        axi_aw_lock_o,
  output logic [3:0]  axi_aw_cache_o,
  output logic [2:0]  axi_aw_prot_o,

  output logic        axi_w_valid_o,
  input  logic        axi_w_ready_i,
  output logic [63:0] axi_w_data_o,
  output logic [7:0]  axi_w_strb_o,
  output logic        axi_w_last_o,

  input  logic        axi_b_valid_i,
  output logic        axi_b_ready_o,
  input  logic [3:0]  axi_b_id_i,
  input  logic [1:0]  axi_b_resp_i,

  output logic        axi_ar_valid_o,
  input  logic        axi_ar_ready_i,
  output logic [3:0]  axi_ar_id_o,
  output logic [51:0] axi_ar_addr_o,
  output logic [7:0]  axi_ar_len_o,
  output logic [2:0]  axi_ar_size_o,
  output logic [1:0]  axi_ar_burst_o,
  output logic        axi_ar_lock_o,
  output logic [3:0]  axi_ar_cache_o,
  output logic [2:0]  axi_ar_prot_o,

  input  logic        axi_r_valid_i,
  output logic        axi_r_ready_o,
  input  logic [3:0]  axi_r_id_i,
  input  logic [63:0] axi_r_data_i,
  input  logic [1:0]  axi_r_resp_i,
  input  logic        axi_r_last_i
);
  localparam int IdBits = (Ids > 1) ? $clog2(Ids) : 1;
  localparam logic [7:0] Len = 8'd0;          // one beat
  localparam logic [2:0] Size = 3'd3;         // of 8 bytes
  localparam logic [1:0] Burst = 2'b01;       // INCR
  localparam logic [3:0] Cache = 4'b0010;     // Normal Non-cacheable Non-bufferable
  localparam logic [2:0] Prot = 3'b011;       // privileged, non-secure, data
  localparam logic [1:0] RespExOkay = 2'b01;  // bit 1: SLVERR or DECERR

  // The next after `last` in cyclic order, `last` itself at the end; `last` if there is none.
  function automatic logic [2:0] next_after(input logic [7:0] wanting, input logic [2:0] last);
    logic [2:0] place;
    next_after = last;
    for (int i = 7; i >= 1; i--) begin
      place = last + 3'(i);
      if (wanting[place]) next_after = place;
    end
  endfunction

  // ---- a slot for each id: flags, and words that need no reset
  logic [7:0]  want_read_q, reading_q;    // wants the AR channel; was given it and waits for R
  logic [7:0]  want_write_q, writing_q;   // likewise AW and W, and B
  logic [7:0]  done_q;                    // wants to answer
  logic [7:0]  exclusive_q;               // has tries left: its next read is exclusive
  logic [7:0]  match_q, err_q;            // the answer
  logic [51:0] addr_q [Ids];
  logic [63:0] compare_q [Ids];
  logic [63:0] new_q [Ids];
  logic [63:0] word_q [Ids];              // as last read
  logic [2:0]  tries_q [Ids];             // exclusive writes that failed

  // ---- what the channels offer
  logic        ar_valid_q, ar_lock_q, aw_valid_q, w_valid_q;
  logic [2:0]  ar_id_q, aw_id_q, rsp_last_q;
  logic [51:0] ar_addr_q, aw_addr_q;
  logic [63:0] w_data_q;

  // ---- the decisions of a cycle
  logic request, request_cas, ar_free, aw_free, w_free, read_now, write_now, pass_now;
  logic r_take, r_exclusive, r_equal, b_take, exclusive_busy;
  logic [7:0] may_read;
  logic [2:0] request_id, read_id, r_id, write_id, b_id, rsp_id;
  logic [IdBits-1:0] request_slot, read_slot, r_slot, write_slot, b_slot, rsp_slot;

  assign request = mem_req_valid_i && 32'(mem_req_id_i) < Ids;
  assign request_cas = mem_req_op_i == mmu_pkg::MEM_OP_CAS;
  assign request_id = mem_req_id_i[2:0];
  assign request_slot = request_id[IdBits-1:0];

  // A request goes to a free AR channel at once if no slot waits for it.
  assign exclusive_busy = OneMonitor != 0 && ((reading_q & exclusive_q) | want_write_q | writing_q) != '0;
  assign may_read = want_read_q & ~(exclusive_busy ? exclusive_q : 8'd0);
  assign ar_free = !ar_valid_q || axi_ar_ready_i;
  assign read_now = ar_free && may_read != '0;
  assign pass_now = ar_free && may_read == '0 && request && !(exclusive_busy && request_cas);
  assign read_id = next_after(may_read, ar_id_q);
  assign read_slot = read_id[IdBits-1:0];

  // A pair of address and data is offered when the one before is taken, both of it.
  assign aw_free = !aw_valid_q || axi_aw_ready_i;
  assign w_free = !w_valid_q || axi_w_ready_i;
  assign write_now = aw_free && w_free && want_write_q != '0;
  assign write_id = next_after(want_write_q, aw_id_q);
  assign write_slot = write_id[IdBits-1:0];

  assign r_id = axi_r_id_i[2:0];
  assign r_slot = r_id[IdBits-1:0];
  assign r_take = axi_r_valid_i && !axi_r_id_i[3] && reading_q[r_id];
  assign r_exclusive = exclusive_q[r_id];
  assign r_equal = axi_r_data_i == compare_q[r_slot];

  assign b_id = axi_b_id_i[2:0];
  assign b_slot = b_id[IdBits-1:0];
  assign b_take = axi_b_valid_i && !axi_b_id_i[3] && writing_q[b_id];

  assign rsp_id = next_after(done_q, rsp_last_q);
  assign rsp_slot = rsp_id[IdBits-1:0];

  always_ff @(posedge clk_i) begin : p_slots
    if (request) begin
      addr_q[request_slot] <= mem_req_addr_i;
      compare_q[request_slot] <= mem_req_cmp_i;
      new_q[request_slot] <= mem_req_data_i;
      tries_q[request_slot] <= 3'd0;
      exclusive_q[request_id] <= request_cas;
      match_q[request_id] <= 1'b0;
      want_read_q[request_id] <= !pass_now;
    end

    if (axi_ar_ready_i) ar_valid_q <= 1'b0;
    if (read_now) begin
      ar_valid_q <= 1'b1;
      ar_id_q <= read_id;
      ar_addr_q <= addr_q[read_slot];
      ar_lock_q <= exclusive_q[read_id];
      want_read_q[read_id] <= 1'b0;
      reading_q[read_id] <= 1'b1;
    end
    if (pass_now) begin
      ar_valid_q <= 1'b1;
      ar_id_q <= request_id;
      ar_addr_q <= mem_req_addr_i;
      ar_lock_q <= request_cas;
      reading_q[request_id] <= 1'b1;
    end

    if (r_take) begin
      reading_q[r_id] <= 1'b0;
      word_q[r_slot] <= axi_r_data_i;
      err_q[r_id] <= axi_r_resp_i[1] || (r_exclusive && axi_r_resp_i != RespExOkay);
      want_write_q[r_id] <= r_exclusive && axi_r_resp_i == RespExOkay && r_equal;
      done_q[r_id] <= !(r_exclusive && axi_r_resp_i == RespExOkay && r_equal);
    end

    if (axi_aw_ready_i) aw_valid_q <= 1'b0;
    if (axi_w_ready_i) w_valid_q <= 1'b0;
    if (write_now) begin
      aw_valid_q <= 1'b1;
      w_valid_q <= 1'b1;
      aw_id_q <= write_id;
      aw_addr_q <= addr_q[write_slot];
      w_data_q <= new_q[write_slot];
      want_write_q[write_id] <= 1'b0;
      writing_q[write_id] <= 1'b1;
    end

    if (b_take) begin
      writing_q[b_id] <= 1'b0;
      if (axi_b_resp_i == 2'b00) begin  // somebody else wrote the word
        tries_q[b_slot] <= tries_q[b_slot] + 3'd1;
        exclusive_q[b_id] <= 32'(tries_q[b_slot]) + 32'd1 < Tries;
        want_read_q[b_id] <= 1'b1;
      end else begin
        match_q[b_id] <= axi_b_resp_i == RespExOkay;
        err_q[b_id] <= axi_b_resp_i[1];
        done_q[b_id] <= 1'b1;
      end
    end

    if (done_q != '0) begin
      done_q[rsp_id] <= 1'b0;
      rsp_last_q <= rsp_id;
    end

    if (!rst_ni) begin
      want_read_q <= '0;
      reading_q <= '0;
      want_write_q <= '0;
      writing_q <= '0;
      done_q <= '0;
      exclusive_q <= '0;
      match_q <= '0;
      err_q <= '0;
      ar_valid_q <= 1'b0;
      ar_lock_q <= 1'b0;
      aw_valid_q <= 1'b0;
      w_valid_q <= 1'b0;
      ar_id_q <= '0;
      aw_id_q <= '0;
      rsp_last_q <= '0;
    end
  end

  // A slot is free whenever its id may be used, and takes its responses at any time.
  assign mem_req_ready_o = 1'b1;
  assign axi_r_ready_o = 1'b1;
  assign axi_b_ready_o = 1'b1;

  assign mem_rsp_valid_o = done_q != '0;
  assign mem_rsp_id_o = {1'b0, rsp_id};
  assign mem_rsp_data_o = err_q[rsp_id] ? 64'd0 : word_q[rsp_slot];
  assign mem_rsp_match_o = match_q[rsp_id];
  assign mem_rsp_err_o = err_q[rsp_id];

  assign axi_ar_valid_o = ar_valid_q;
  assign axi_ar_id_o = {1'b0, ar_id_q};
  assign axi_ar_addr_o = ar_addr_q;
  assign axi_ar_len_o = Len;
  assign axi_ar_size_o = Size;
  assign axi_ar_burst_o = Burst;
  assign axi_ar_lock_o = ar_lock_q;
  assign axi_ar_cache_o = Cache;
  assign axi_ar_prot_o = Prot;

  assign axi_aw_valid_o = aw_valid_q;
  assign axi_aw_id_o = {1'b0, aw_id_q};
  assign axi_aw_addr_o = aw_addr_q;
  assign axi_aw_len_o = Len;
  assign axi_aw_size_o = Size;
  assign axi_aw_burst_o = Burst;
  assign axi_aw_lock_o = 1'b1;
  assign axi_aw_cache_o = Cache;
  assign axi_aw_prot_o = Prot;

  assign axi_w_valid_o = w_valid_q;
  assign axi_w_data_o = w_data_q;
  assign axi_w_strb_o = 8'hff;
  assign axi_w_last_o = 1'b1;

`ifdef KILBURN_ASSERT
  axi_props #(
    .Patience(Ids * 16),
    .OneMonitor(OneMonitor)
  ) u_props (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .mem_req_valid_i(mem_req_valid_i),
    .mem_req_ready_i(mem_req_ready_o),
    .mem_req_op_i(mem_req_op_i),
    .mem_req_id_i(mem_req_id_i),
    .mem_req_addr_i(mem_req_addr_i),
    .mem_req_cmp_i(mem_req_cmp_i),
    .mem_req_data_i(mem_req_data_i),
    .mem_rsp_valid_i(mem_rsp_valid_o),
    .mem_rsp_id_i(mem_rsp_id_o),
    .mem_rsp_data_i(mem_rsp_data_o),
    .mem_rsp_match_i(mem_rsp_match_o),
    .mem_rsp_err_i(mem_rsp_err_o),
    .aw_valid_i(axi_aw_valid_o),
    .aw_ready_i(axi_aw_ready_i),
    .aw_id_i(axi_aw_id_o),
    .aw_addr_i(axi_aw_addr_o),
    .aw_shape_i({axi_aw_len_o, axi_aw_size_o, axi_aw_burst_o, axi_aw_cache_o, axi_aw_prot_o}),
    .aw_lock_i(axi_aw_lock_o),
    .w_valid_i(axi_w_valid_o),
    .w_ready_i(axi_w_ready_i),
    .w_data_i(axi_w_data_o),
    .w_strb_i(axi_w_strb_o),
    .w_last_i(axi_w_last_o),
    .b_valid_i(axi_b_valid_i),
    .b_ready_i(axi_b_ready_o),
    .b_id_i(axi_b_id_i),
    .b_resp_i(axi_b_resp_i),
    .ar_valid_i(axi_ar_valid_o),
    .ar_ready_i(axi_ar_ready_i),
    .ar_id_i(axi_ar_id_o),
    .ar_addr_i(axi_ar_addr_o),
    .ar_shape_i({axi_ar_len_o, axi_ar_size_o, axi_ar_burst_o, axi_ar_cache_o, axi_ar_prot_o}),
    .ar_lock_i(axi_ar_lock_o),
    .r_valid_i(axi_r_valid_i),
    .r_ready_i(axi_r_ready_o),
    .r_id_i(axi_r_id_i),
    .r_data_i(axi_r_data_i),
    .r_resp_i(axi_r_resp_i),
    .r_last_i(axi_r_last_i)
  );
`endif
endmodule
