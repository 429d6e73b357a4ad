// SPDX-License-Identifier: Apache-2.0
//
// The protocol rules of one translation port: R2, R3 and R5.
//
//   PayloadBits  width of a request's payload; its id in bits 3:0
//   Patience     R5: cycles that a request may stay unanswered, those not counted in which it waits for the memory or
//                for its port

module port_props #(
  parameter int PayloadBits = 70,
  parameter int Patience = 1000
) (
  input logic        clk_i,
  input logic        rst_ni,
  input logic        req_valid_i,
  input logic        req_ready_i,
  input logic [PayloadBits-1:0] req_payload_i,
  input logic        rsp_valid_i,
  input logic        rsp_ready_i,
  input logic [88:0] rsp_payload_i,
  input logic        excused_i,  // the MMU waits for the memory
  input logic        changed_i   // another processor changed an entry under a walk, which begins its level again
);
  logic                   past_q;
  logic                   req_held_q, rsp_held_q;
  logic [PayloadBits-1:0] req_payload_q;
  logic [88:0]            rsp_payload_q;
  logic [15:0]            open_q;  // ids accepted and not answered
  logic [15:0]            age_q [16];  // of each of them

  always_ff @(posedge clk_i) begin : p_rules
    logic [15:0] open;
    past_q <= 1'b1;
    req_held_q <= req_valid_i && !req_ready_i;
    req_payload_q <= req_payload_i;
    rsp_held_q <= rsp_valid_i && !rsp_ready_i;
    rsp_payload_q <= rsp_payload_i;
    open = open_q;
    if (rst_ni && past_q) begin
      if (req_held_q) begin
        assert (req_valid_i && req_payload_i == req_payload_q)
        else $error("R2 requester: a request changed before it was taken");
      end
      if (rsp_held_q) begin
        assert (rsp_valid_i && rsp_payload_i == rsp_payload_q)
        else $error("R2 response changed before it was taken");
      end
      assert (rsp_valid_i || rsp_payload_i == '0)
      else $error("R2 response payload is not 0 while valid is 0");
      if (rsp_valid_i) begin
        assert (open_q[rsp_payload_i[3:0]])
        else $error("R3 response without a request");
      end
      if (req_valid_i && req_ready_i) begin
        assert (!open_q[req_payload_i[3:0]] ||
                (rsp_valid_i && rsp_ready_i && rsp_payload_i[3:0] == req_payload_i[3:0]))
        else $error("R3 requester: an id is used while it is in flight");
      end
      if (open_q != '0 && !excused_i && !(rsp_valid_i && !rsp_ready_i)) begin
        for (int id = 0; id < 16; id++) begin
          assert (!open_q[id] || int'({16'b0, age_q[id]}) < Patience)
          else $error("R5 an accepted request is not answered");
          if (open_q[id]) age_q[id] <= age_q[id] + 16'd1;
        end
      end
    end
    if (rsp_valid_i && rsp_ready_i) open[rsp_payload_i[3:0]] = 1'b0;
    if (req_valid_i && req_ready_i) begin
      open[req_payload_i[3:0]] = 1'b1;
      age_q[req_payload_i[3:0]] <= 16'd0;
    end
    if (changed_i) begin
      for (int id = 0; id < 16; id++) age_q[id] <= 16'd0;
    end
    open_q <= open;
    if (!rst_ni) begin
      past_q <= 1'b0;
      req_held_q <= 1'b0;
      rsp_held_q <= 1'b0;
      open_q <= '0;
    end
  end
endmodule
