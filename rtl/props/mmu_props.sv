// SPDX-License-Identifier: Apache-2.0
//
// The protocol rules of rtl/README.md as immediate assertions on the pins of mmu.sv.
//
//   Format    page-table format (mmu_pkg::FORMAT_*)
//   Walkers   R9: ids of the memory port
//   Patience  R5: port_props.sv
//
// Instantiated in mmu.sv under KILBURN_ASSERT; each message begins with the id of its rule. A rule that
// binds both partners is checked on both. Not here: R1, which synth.cmake proves from the netlist, R4 and the
// first half of R7, which are about contents and need a model of them (lockstep).

module mmu_props #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int Walkers = 4,
  parameter int Patience = 1000
) (
  input logic        clk_i,
  input logic        rst_ni,

  input logic        i_req_valid_i,
  input logic        i_req_ready_i,
  input logic [69:0] i_req_payload_i,  // id in bits 3:0
  input logic        i_rsp_valid_i,
  input logic        i_rsp_ready_i,
  input logic [88:0] i_rsp_payload_i,  // id in bits 3:0
  input logic        d_req_valid_i,
  input logic        d_req_ready_i,
  input logic [72:0] d_req_payload_i,
  input logic        d_rsp_valid_i,
  input logic        d_rsp_ready_i,
  input logic [88:0] d_rsp_payload_i,

  input logic        inv_valid_i,
  input logic        inv_ready_i,
  input logic [143:0] inv_payload_i,
  input logic        inv_ack_i,

  input logic        mem_req_valid_i,
  input logic        mem_req_ready_i,
  input logic        mem_req_op_i,
  input logic [3:0]  mem_req_id_i,
  input logic [51:0] mem_req_addr_i,
  input logic [63:0] mem_req_cmp_i,
  input logic [63:0] mem_req_data_i,
  input logic        mem_rsp_valid_i,
  input logic [3:0]  mem_rsp_id_i,
  input logic        mem_rsp_match_i,
  input logic        mem_rsp_err_i
);
  logic         past_q;  // the registers below hold the previous cycle
  logic         inv_held_q, mem_held_q;
  logic [143:0] inv_payload_q;
  logic [184:0] mem_payload, mem_payload_q;
  logic         inv_busy_q;
  logic [15:0]  in_flight_q;  // memory requests taken and not answered, by id
  logic [63:0]  changed;
  assign mem_payload = {mem_req_op_i, mem_req_id_i, mem_req_addr_i, mem_req_cmp_i, mem_req_data_i};
  assign changed = mem_req_cmp_i ^ mem_req_data_i;

  // R5 is under the condition that the memory answers; an invalidation is no excuse. A compare-and-swap that did
  // not match was overtaken by another processor, which no bound holds.
  logic excused, overtaken;
  logic [15:0] writes_q;  // compare-and-swaps among those in flight
  assign excused = (mem_req_valid_i && !mem_req_ready_i) || (in_flight_q != '0 && !mem_rsp_valid_i);
  assign overtaken = mem_rsp_valid_i && writes_q[mem_rsp_id_i] && !mem_rsp_match_i && !mem_rsp_err_i;

  port_props #(
    .PayloadBits(70),
    .Patience(Patience)
  ) u_i_port (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .req_valid_i(i_req_valid_i),
    .req_ready_i(i_req_ready_i),
    .req_payload_i(i_req_payload_i),
    .rsp_valid_i(i_rsp_valid_i),
    .rsp_ready_i(i_rsp_ready_i),
    .rsp_payload_i(i_rsp_payload_i),
    .excused_i(excused),
    .changed_i(overtaken)
  );

  port_props #(
    .PayloadBits(73),
    .Patience(Patience)
  ) u_d_port (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .req_valid_i(d_req_valid_i),
    .req_ready_i(d_req_ready_i),
    .req_payload_i(d_req_payload_i),
    .rsp_valid_i(d_rsp_valid_i),
    .rsp_ready_i(d_rsp_ready_i),
    .rsp_payload_i(d_rsp_payload_i),
    .excused_i(excused),
    .changed_i(overtaken)
  );

  always_ff @(posedge clk_i) begin : p_rules
    logic [15:0] flying;
    past_q <= 1'b1;
    inv_held_q <= inv_valid_i && !inv_ready_i;
    inv_payload_q <= inv_payload_i;
    mem_held_q <= mem_req_valid_i && !mem_req_ready_i;
    mem_payload_q <= mem_payload;
    flying = in_flight_q;
    if (rst_ni && past_q) begin
      if (inv_held_q) begin
        assert (inv_valid_i && inv_payload_i == inv_payload_q)
        else $error("R2 requester: an invalidation changed before it was taken");
      end
      if (mem_held_q) begin
        assert (mem_req_valid_i && mem_payload == mem_payload_q)
        else $error("R2 memory request changed before it was taken");
      end
      assert (mem_req_valid_i || mem_payload == '0)
      else $error("R2 memory request payload is not 0 while valid is 0");

      assert (!(inv_ready_i && inv_busy_q))
      else $error("R6 a second invalidation could be accepted");
      assert (!inv_ack_i || inv_busy_q)
      else $error("R6 acknowledgement without an invalidation");
      assert (!inv_ack_i || (in_flight_q == '0 && !mem_req_valid_i))
      else $error("R7 acknowledgement while a walk that began before is under way");

      if (mem_rsp_valid_i) begin
        assert (in_flight_q[mem_rsp_id_i])
        else $error("R8 memory: a response without a request");
      end
      if (mem_req_valid_i) begin
        assert (int'({28'b0, mem_req_id_i}) < Walkers)
        else $error("R9 memory request with an id that is no walker's");
        assert (!in_flight_q[mem_req_id_i])
        else $error("R9 two memory requests in flight with one id");
        assert (mem_req_addr_i[2:0] == 3'd0)
        else $error("R8 memory request that is not aligned to 8 bytes");
        if (mem_req_op_i == mmu_pkg::MEM_OP_CAS) begin
          assert (Format == mmu_pkg::FORMAT_X86_64)
          else $error("R10 page-table write in an Alpha format");
          assert (mem_req_cmp_i[mmu_pkg::X86_PTE_P])
          else $error("R10 page-table write to an entry that is not present");
          assert (changed != '0 && (changed & ~mem_req_data_i) == '0
                  && (changed & ~(64'd1 << mmu_pkg::X86_PTE_A | 64'd1 << mmu_pkg::X86_PTE_D)) == '0)
          else $error("R10 page-table write that does more than set A or D");
        end else begin
          assert (mem_req_cmp_i == '0 && mem_req_data_i == '0)
          else $error("R2 a read with compare-and-swap words");
        end
      end
    end
    if (mem_rsp_valid_i) flying[mem_rsp_id_i] = 1'b0;
    if (mem_req_valid_i && mem_req_ready_i) flying[mem_req_id_i] = 1'b1;
    in_flight_q <= flying;
    if (mem_req_valid_i && mem_req_ready_i) writes_q[mem_req_id_i] <= mem_req_op_i == mmu_pkg::MEM_OP_CAS;
    if (inv_valid_i && inv_ready_i) inv_busy_q <= 1'b1;
    if (inv_ack_i) inv_busy_q <= 1'b0;
    if (!rst_ni) begin
      past_q <= 1'b0;
      inv_held_q <= 1'b0;
      mem_held_q <= 1'b0;
      inv_busy_q <= 1'b0;
      in_flight_q <= '0;
    end
  end
endmodule
