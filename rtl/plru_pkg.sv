// SPDX-License-Identifier: Apache-2.0
//
// Tree pseudo-LRU replacement over 2^levels entries.
//
// Tree bit n is node n: node 1 the root, children 2n and 2n+1, bit 0 unused. A node's bit points to
// the half to be replaced next: 0 the lower, 1 the upper.

package plru_pkg;
  localparam int MAX_LEVELS = 6;

  // The leaf that the bits point to.
  function automatic logic [MAX_LEVELS-1:0] victim(input int levels, input logic [63:0] tree);
    logic [MAX_LEVELS-1:0] node;
    node = 6'd1;
    for (int l = 0; l < MAX_LEVELS; l++) begin
      if (l < levels) node = {node[MAX_LEVELS-2:0], tree[node]};
    end
    victim = node & ((6'd1 << levels) - 6'd1);
  endfunction

  // The tree after `leaf` was used: every node on its path points to the other half.
  function automatic logic [63:0] touch(input int levels, input logic [63:0] tree, input logic [MAX_LEVELS-1:0] leaf);
    logic [MAX_LEVELS-1:0] node;
    touch = tree;
    node = 6'd1;
    for (int l = MAX_LEVELS - 1; l >= 0; l--) begin
      if (l < levels) begin
        touch[node] = !leaf[l];
        node = {node[MAX_LEVELS-2:0], leaf[l]};
      end
    end
  endfunction
endpackage
