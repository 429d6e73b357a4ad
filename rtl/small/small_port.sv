// SPDX-License-Identifier: Apache-2.0
//
// One translation port: holds one request with its context from its acceptance until its response is taken.
//
// Protocol rules R1 to R4 of rtl/README.md are this module's work: outputs are registers, a response stands
// until it is taken, it carries the request's id, and the context is that of the cycle of acceptance.

module small_port #(
  parameter int RequestBits = 198,
  parameter int AnswerBits = 75
) (
  input  logic        clk_i, rst_ni,

  input  logic        req_valid_i,
  output logic        req_ready_o,
  input  logic [3:0]  req_id_i,
  input  logic [RequestBits-1:0] req_i,  // request and context as they stand at the pins

  output logic        rsp_valid_o,
  input  logic        rsp_ready_i,
  output logic [3:0]  rsp_id_o,
  output logic [AnswerBits-1:0] rsp_o,   // 0 while not valid

  // To the state machine: a request that has no answer yet, and the answer
  output logic        waiting_o,
  output logic [RequestBits-1:0] request_o,
  input  logic        answer_valid_i,
  input  logic [AnswerBits-1:0]  answer_i
);
  logic held_q;
  logic [3:0] id_q;

  assign req_ready_o = !held_q;
  assign rsp_id_o = rsp_valid_o ? id_q : 4'd0;
  assign waiting_o = held_q && !rsp_valid_o;

  always_ff @(posedge clk_i) begin : p_port
    if (req_valid_i && req_ready_o) begin
      held_q <= 1'b1;
      id_q <= req_id_i;
      request_o <= req_i;
    end
    if (answer_valid_i) begin
      rsp_valid_o <= 1'b1;
      rsp_o <= answer_i;
    end else if (rsp_valid_o && rsp_ready_i) begin
      held_q <= 1'b0;
      rsp_valid_o <= 1'b0;
      rsp_o <= '0;
    end
    if (!rst_ni) begin
      held_q <= 1'b0;
      rsp_valid_o <= 1'b0;
      rsp_o <= '0;
    end
  end
endmodule
