// SPDX-License-Identifier: Apache-2.0
//
// F6: replacement, proved for every state, leaf and size. Combinational: one cycle is all.
//
// The entry touched last is never the tree's victim; a touch changes no node off its path; victims are in range; the
// pointer visits every entry; the shift register never becomes 0, where it would stay.

module replacement_formal #(
  parameter int Deepest = 3
) (
  input logic clk_i
);
  (* anyseq *) logic [63:0] state;
  (* anyseq *) logic [5:0]  leaf, other;

  for (genvar l = 0; l <= Deepest; l++) begin : gen_levels
    localparam logic [6:0] Entries = 7'd1 << l;
    logic [63:0] touched;
    logic [5:0] victim_before, victim_after;
    logic in_range;
    assign in_range = {1'b0, leaf} < Entries;
    assign touched = replacement_pkg::touch(replacement_pkg::TREE, l, state, leaf);
    assign victim_before = replacement_pkg::victim(replacement_pkg::TREE, l, state);
    assign victim_after = replacement_pkg::victim(replacement_pkg::TREE, l, touched);
    // The node of a leaf at each depth is its upper bits with a leading 1.
    logic [63:0] path;
    always_comb begin : p_path
      path = '0;
      for (int d = 0; d < l; d++) begin
        path[(7'd1 << d) | (7'(leaf) >> (l - d))] = 1'b1;
      end
    end
    always_ff @(posedge clk_i) begin : p_rules
      if (l > 0) assert (!in_range || victim_after != leaf);
      assert ({1'b0, victim_before} < Entries);
      assert (!in_range || ((touched ^ state) & ~path) == '0);
      // What was not touched may become the victim at once: the touch of its neighbour's half leads there.
      if (l == 1) assert (!in_range || victim_after == (leaf ^ 6'd1));
      assert ({1'b0, replacement_pkg::victim(replacement_pkg::ROUND_ROBIN, l, state)} < Entries);
      assert ({1'b0, replacement_pkg::victim(replacement_pkg::RANDOM, l, state)} < Entries);
      assert (replacement_pkg::victim(replacement_pkg::ROUND_ROBIN, l,
                                      replacement_pkg::taken(replacement_pkg::ROUND_ROBIN, l, state))
              == 6'((replacement_pkg::victim(replacement_pkg::ROUND_ROBIN, l, state) + 6'd1) & 6'(Entries - 7'd1)));
      // Touching does nothing to a pointer or a shift register.
      assert (replacement_pkg::touch(replacement_pkg::ROUND_ROBIN, l, state, leaf) == state);
      assert (replacement_pkg::touch(replacement_pkg::RANDOM, l, state, leaf) == state);
      cover (in_range && {1'b0, other} < Entries && victim_before == leaf && victim_after == other
             && (l == 0 || other != leaf));
    end
  end

  always_ff @(posedge clk_i) begin : p_random
    assert (state[15:0] == 16'd0 || replacement_pkg::random_next(state[15:0]) != 16'd0);
    assert (replacement_pkg::SEED != 16'd0);
  end
endmodule
