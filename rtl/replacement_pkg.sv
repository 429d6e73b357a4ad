// SPDX-License-Identifier: Apache-2.0
//
// Replacement over 2^levels entries, by policy: tree pseudo-LRU, round-robin, random.
//
// State of policy 0: tree bit n is node n, node 1 the root, children 2n and 2n+1, bit 0 unused; a node's bit points
// to the half to be replaced next, 0 the lower, 1 the upper. Of policy 1: the pointer. Of policy 2: a shift register.

package replacement_pkg;
  localparam int TREE = 0;
  localparam int ROUND_ROBIN = 1;
  localparam int RANDOM = 2;
  localparam int MAX_LEVELS = 6;
  localparam logic [15:0] SEED = 16'hace1;

  // The state at reset.
  function automatic logic [63:0] initial_state(input int policy);
    initial_state = (policy == RANDOM) ? {48'b0, SEED} : 64'b0;
  endfunction

  // The leaf to be replaced next.
  function automatic logic [MAX_LEVELS-1:0] victim(input int policy, input int levels, input logic [63:0] state);
    logic [MAX_LEVELS-1:0] node;
    node = 6'd1;
    if (policy == TREE) begin
      for (int l = 0; l < MAX_LEVELS; l++) begin
        if (l < levels) node = {node[MAX_LEVELS-2:0], state[node]};
      end
    end else begin
      node = state[MAX_LEVELS-1:0];
    end
    victim = node & 6'((7'd1 << levels) - 7'd1);
  endfunction

  // The state after `leaf` was used: every node on its path points to the other half.
  function automatic logic [63:0] touch(input int policy, input int levels, input logic [63:0] state,
                                        input logic [MAX_LEVELS-1:0] leaf);
    logic [MAX_LEVELS-1:0] node;
    touch = state;
    node = 6'd1;
    if (policy == TREE) begin
      for (int l = MAX_LEVELS - 1; l >= 0; l--) begin
        if (l < levels) begin
          touch[node] = !leaf[l];
          node = {node[MAX_LEVELS-2:0], leaf[l]};
        end
      end
    end
  endfunction

  // The shift register after one step.
  function automatic logic [15:0] random_next(input logic [15:0] r);
    random_next = {r[0] ^ r[2] ^ r[3] ^ r[5], r[15:1]};
  endfunction

  // The state after a fill took the victim.
  function automatic logic [63:0] taken(input int policy, input int levels, input logic [63:0] state);
    if (policy == ROUND_ROBIN) begin
      taken = {58'b0, (state[5:0] + 6'd1) & 6'((7'd1 << levels) - 7'd1)};
    end else if (policy == RANDOM) begin
      taken = {48'b0, random_next(state[15:0])};
    end else begin
      taken = state;
    end
  endfunction
endpackage
