// SPDX-License-Identifier: Apache-2.0
//
// The protocol rules of one translation port: R2, R3 and R5.
//
//   PayloadBits  width of a request's payload; its id in bits 3:0

module port_props #(
  parameter int PayloadBits = 70
) (
  input logic        clk_i,
  input logic        rst_ni,
  input logic        req_valid_i,
  input logic        req_ready_i,
  input logic [PayloadBits-1:0] req_payload_i,
  input logic        rsp_valid_i,
  input logic        rsp_ready_i,
  input logic [88:0] rsp_payload_i,
  input logic        busy_elsewhere_i  // memory or an invalidation holds the MMU up
);
  // Cycles without a reason to wait in which an accepted request may stay unanswered (R5). The longest is a
  // held request behind the slot's result: a few cycles of the slot, the replay and the walker's start.
  localparam logic [7:0] Patience = 8'd16;

  logic                   past_q;
  logic                   req_held_q, rsp_held_q;
  logic [PayloadBits-1:0] req_payload_q;
  logic [88:0]            rsp_payload_q;
  logic [15:0]            open_q;  // ids accepted and not answered
  logic [7:0]             quiet_q;

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
      assert (quiet_q < Patience)
      else $error("R5 an accepted request is not answered");
    end
    if (rsp_valid_i && rsp_ready_i) open[rsp_payload_i[3:0]] = 1'b0;
    if (req_valid_i && req_ready_i) open[req_payload_i[3:0]] = 1'b1;
    open_q <= open;
    quiet_q <= (open_q == '0 || rsp_valid_i || busy_elsewhere_i) ? 8'd0 : quiet_q + 8'd1;
    if (!rst_ni) begin
      past_q <= 1'b0;
      req_held_q <= 1'b0;
      rsp_held_q <= 1'b0;
      open_q <= '0;
      quiet_q <= 8'd0;
    end
  end
endmodule
