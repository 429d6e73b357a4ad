// SPDX-License-Identifier: Apache-2.0
//
// One translation port: lookup in its L1 TLB, one missed request, one held request, two responses.
//
//   Format   page-table format (mmu_pkg::FORMAT_*)
//   Entries  TLB entries, a power of two up to 64
//   Fetch    1: instruction port (write, ac and implicit are 0), 0: data port
//
//   req ─► direct check ─► TLB match ─► access check ─┬─ hit ──────────────► response FIFO ─► rsp
//                                                     └─ miss ─► slot ─► walker ─► slot ─┘
//                                                          └► held request (when the slot is taken)
//
// Everything that depends on a request pin stands in one clocked process, in program order. A simulator
// evaluates it once a cycle; as wires between modules it would be evaluated at each event of the cycle.

module mmu_side #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int Entries = 16,
  parameter bit Fetch = 1'b1
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [10:0] cfg_i,

  input  logic [51:12] ctx_root_i,
  input  logic [11:0] ctx_asid_i,
  input  logic [12:0] ctx_ctl_i,
  input  logic [31:0] ctx_pkru_i,
  input  logic [31:0] ctx_pkrs_i,

  input  logic        req_valid_i,
  output logic        req_ready_o,
  input  logic [3:0]  req_id_i,
  input  logic [63:0] req_va_i,
  input  logic [1:0]  req_mode_i,
  input  logic        req_write_i,
  input  logic        req_implicit_i,
  input  logic        req_ac_i,

  output logic        rsp_valid_o,
  input  logic        rsp_ready_i,
  output logic [3:0]  rsp_id_o,
  output logic [51:0] rsp_pa_o,
  output logic [3:0]  rsp_fault_o,
  output logic [15:0] rsp_err_o,
  output logic [2:0]  rsp_level_o,
  output logic [5:0]  rsp_size_o,
  output logic [2:0]  rsp_mt_o,
  output logic        rsp_global_o,

  // The missed request, for the walker
  output logic        slot_pending_o,
  output logic [56:0] slot_va_o,
  output logic [51:12] slot_root_o,
  output logic [11:0] slot_asid_o,
  output logic [7:0]  slot_ctl_o,
  output logic [31:0] slot_pkru_o,
  output logic [31:0] slot_pkrs_o,
  output logic [1:0]  slot_mode_o,
  output logic        slot_write_o,
  output logic        slot_implicit_o,
  output logic        slot_ac_o,

  // From the walker: this side's walk starts, is killed, ends
  input  logic        walk_start_i,
  input  logic        walk_kill_i,
  input  logic        walk_end_i,
  input  logic [3:0]  walk_fault_i,
  input  logic [5:0]  walk_err_i,
  input  logic [2:0]  walk_level_i,
  input  logic [tlb_entry_pkg::DATA_BITS-1:0] walk_data_i,
  // Clear every entry that matches the key, on either side's page fault (SDM 4.10.4.1)
  input  logic        walk_clear_i,
  input  logic [tlb_entry_pkg::KEY_BITS-1:0] walk_key_i,

  // Maintenance of this TLB: invalidation, fill by software
  input  logic        inv_clear_i,
  input  logic        inv_by_va_i,
  input  logic        inv_by_asid_i,
  input  logic        inv_spare_global_i,
  input  logic        inv_fill_i,
  input  logic [63:0] inv_pte_i,
  input  logic [tlb_entry_pkg::KEY_BITS-1:0] inv_key_i,

  // One pulse an event, the cycle after it: fill, direct, multi, miss, hit
  output logic [4:0]  event_o
);
  localparam int Levels = $clog2(Entries);
  localparam int IndexBits = (Levels == 0) ? 1 : Levels;
  localparam int VpnBits = tlb_entry_pkg::VPN_BITS;
  localparam int KeyBits = tlb_entry_pkg::KEY_BITS;
  localparam int DataBits = tlb_entry_pkg::DATA_BITS;
  localparam bit IsX86 = (Format == mmu_pkg::FORMAT_X86_64);

  localparam logic [1:0] SlotIdle = 2'd0;
  localparam logic [1:0] SlotPending = 2'd1;
  localparam logic [1:0] SlotWalk = 2'd2;
  localparam logic [1:0] SlotDone = 2'd3;

  // A response beside its physical address: {global, mt, size, level, err, fault, id}
  localparam int InfoBits = 27;

  // TLB: valid bits and replacement tree apart, so that many can change in one cycle.
  logic [Entries-1:0]  valid_q;
  logic [63:0]         tree_q;
  logic [KeyBits-1:0]  key_q  [Entries];
  logic [KeyBits-1:0]  mask_q [Entries];
  logic [DataBits-1:0] data_q [Entries];

  // Response FIFO: the head is all 0 when it is empty.
  logic [1:0]          count_q;
  logic [51:0]         head_pa_q, tail_pa_q;
  logic [InfoBits-1:0] head_info_q, tail_info_q;

  // Missed request and its result
  logic [1:0]          slot_state_q;
  logic [3:0]          slot_id_q;
  logic [56:0]         slot_va_q;
  logic [51:12]        slot_root_q;
  logic [11:0]         slot_asid_q;
  logic [7:0]          slot_ctl_q;
  logic [31:0]         slot_pkru_q, slot_pkrs_q;
  logic [1:0]          slot_mode_q;
  logic                slot_write_q, slot_implicit_q, slot_ac_q;
  logic [51:0]         slot_pa_q;
  logic [InfoBits-1:0] slot_info_q;

  // Held request
  logic                wait_valid_q;
  logic [3:0]          wait_id_q;
  logic [56:0]         wait_va_q;
  logic [51:12]        wait_root_q;
  logic [11:0]         wait_asid_q;
  logic [7:0]          wait_ctl_q;
  logic [31:0]         wait_pkru_q, wait_pkrs_q;
  logic [1:0]          wait_mode_q;
  logic                wait_write_q, wait_implicit_q, wait_ac_q;

  logic [4:0]          event_q;

`ifdef KILBURN_ASSERT
  // The last lookup and its decision, for props/rule_props.sv
  logic        seen_q, seen_replay_q, seen_matched_q, seen_direct_q, seen_hit_q;
  logic        seen_write_q, seen_implicit_q, seen_ac_q;
  logic [15:0] seen_rights_q;
  logic [63:0] seen_va_q;
  logic [1:0]  seen_mode_q;
  logic [12:0] seen_ctl_q;
  logic [31:0] seen_pkru_q, seen_pkrs_q;
  logic [3:0]  seen_fault_q;
`endif

  // Entry numbers with a 1 in each bit position, to encode a one-hot vector.
  localparam logic [63:0] Number0 = 64'haaaa_aaaa_aaaa_aaaa;
  localparam logic [63:0] Number1 = 64'hcccc_cccc_cccc_cccc;
  localparam logic [63:0] Number2 = 64'hf0f0_f0f0_f0f0_f0f0;
  localparam logic [63:0] Number3 = 64'hff00_ff00_ff00_ff00;
  localparam logic [63:0] Number4 = 64'hffff_0000_ffff_0000;
  localparam logic [63:0] Number5 = 64'hffff_ffff_0000_0000;

  function automatic logic [5:0] encode(input logic [Entries-1:0] onehot);
    encode[0] = |(onehot & Number0[Entries-1:0]);
    encode[1] = |(onehot & Number1[Entries-1:0]);
    encode[2] = |(onehot & Number2[Entries-1:0]);
    encode[3] = |(onehot & Number3[Entries-1:0]);
    encode[4] = |(onehot & Number4[Entries-1:0]);
    encode[5] = |(onehot & Number5[Entries-1:0]);
  endfunction

  // A FIFO place is pushed only when the count is not 2.
  assign req_ready_o = !wait_valid_q && count_q != 2'd2 && slot_state_q != SlotDone;
  assign rsp_valid_o = count_q != 2'd0;
  assign rsp_pa_o = head_pa_q;
  assign rsp_id_o = head_info_q[3:0];
  assign rsp_fault_o = head_info_q[7:4];
  assign rsp_err_o = {10'b0, head_info_q[13:8]};
  assign rsp_level_o = head_info_q[16:14];
  assign rsp_size_o = head_info_q[22:17];
  assign rsp_mt_o = head_info_q[25:23];
  assign rsp_global_o = head_info_q[26];

  assign slot_pending_o = slot_state_q == SlotPending;
  assign slot_va_o = slot_va_q;
  assign slot_root_o = slot_root_q;
  assign slot_asid_o = slot_asid_q;
  assign slot_ctl_o = slot_ctl_q;
  assign slot_pkru_o = slot_pkru_q;
  assign slot_pkrs_o = slot_pkrs_q;
  assign slot_mode_o = slot_mode_q;
  assign slot_write_o = slot_write_q;
  assign slot_implicit_o = slot_implicit_q;
  assign slot_ac_o = slot_ac_q;
  assign event_o = event_q;

  always_ff @(posedge clk_i) begin : p_side
    logic lookup, replay, direct, matched, hit, multi, miss, granted, refill, refused, walk, pop, push;
    logic walk_fill, duplicate, filled;
    logic [3:0] id, fault;
    logic [12:0] ctl;
    logic [31:0] pkru, pkrs;
    logic [1:0] mode;
    logic [63:0] va;
    logic [11:0] asid;
    logic user, write, implicit_access, ac;
    logic [KeyBits-1:0] key, fill_key;
    logic [Entries-1:0] match, valid, fill_onehot;
    logic [5:0] index;
    logic [DataBits-1:0] data, fill_data;
    logic [direct_check_pkg::BITS-1:0] direct_result;
    logic [63:0] tree;
    logic [51:0] push_pa;
    logic [InfoBits-1:0] push_info;

    pop = count_q != 2'd0 && rsp_ready_i;
    push = 1'b0;
    push_pa = '0;
    push_info = '0;
    direct = 1'b0;
    hit = 1'b0;
    refused = 1'b0;
    multi = 1'b0;
    miss = 1'b0;
    filled = 1'b0;
    valid = valid_q;
    tree = tree_q;

    // ---- lookup: the held request goes first, and holds the port closed
    replay = wait_valid_q && slot_state_q == SlotIdle && count_q != 2'd2;
    lookup = replay || (req_valid_i && req_ready_o);
    if (lookup) begin
      id = replay ? wait_id_q : req_id_i;
      va = replay ? {7'b0, wait_va_q} : req_va_i;
      asid = replay ? wait_asid_q : ctx_asid_i;
      ctl = replay ? {5'b0, wait_ctl_q} : ctx_ctl_i;
      pkru = replay ? wait_pkru_q : ctx_pkru_i;
      pkrs = replay ? wait_pkrs_q : ctx_pkrs_i;
      mode = replay ? wait_mode_q : req_mode_i;
      write = !Fetch && (replay ? wait_write_q : req_write_i);
      implicit_access = !Fetch && (replay ? wait_implicit_q : req_implicit_i);
      ac = !Fetch && (replay ? wait_ac_q : req_ac_i);

      // A held request passed the direct check when it was accepted.
      direct_result = direct_check_pkg::check(Format, va, mode, ctl,
                                              cfg_i[mmu_pkg::CFG_PA_WIDTH_MSB:mmu_pkg::CFG_PA_WIDTH_LSB],
                                              cfg_i[mmu_pkg::CFG_CHIP_MSB:mmu_pkg::CFG_CHIP_LSB]);
      direct = !replay && direct_result[direct_check_pkg::DIRECT];
      if (direct) begin
        push = 1'b1;
        push_pa = direct_result[direct_check_pkg::PA+:52];
        push_info = {direct_result[direct_check_pkg::FAULT+:4] == mmu_pkg::FAULT_NONE, 3'b0,
                     direct_result[direct_check_pkg::SIZE+:6], 3'b0, 6'b0,
                     direct_result[direct_check_pkg::FAULT+:4], id};
      end else begin
        key = tlb_entry_pkg::key(Format, va[56:12], asid);
        match = '0;
        for (int i = 0; i < Entries; i++) begin
          match = match | (Entries'(((key ^ key_q[i]) & mask_q[i]) == '0) << i);
        end
        match = match & valid_q;
        multi = (match & (match - Entries'(1))) != '0;
        matched = match != '0 && !multi;
        index = encode(match);
        data = data_q[index[IndexBits-1:0]];
        fault = mmu_pkg::FAULT_MISS;
        refill = 1'b0;
        if (IsX86) begin
          // A write to a clean page must set D in memory first (trap T41): a miss.
          user = mode != mmu_pkg::MODE_KERNEL && !implicit_access;
          granted = access_check_pkg::x86_granted(data[7:0], ctl[7:0], user, Fetch, write, ac, implicit_access)
                    && !access_check_pkg::x86_key_denies(data[7:0], ctl[7:0], user, Fetch, write, pkru, pkrs)
                    && !(write && !data[mmu_pkg::X86_RIGHTS_D]);
          hit = matched && granted;
        end else begin
          granted = access_check_pkg::alpha_enabled(data[15:8], mode, write, cfg_i[mmu_pkg::CFG_VMS]);
          hit = matched && granted && !access_check_pkg::alpha_fault_on(data[15:0], Fetch, write);
          // Software refills the TLB: the request is answered here, by the entry's fault or as a miss.
          refill = ctl[mmu_pkg::CTL_REFILL];
          refused = refill && matched && !hit;
          if (refused) fault = granted ? access_check_pkg::alpha_fault_on_code(Fetch, write) : mmu_pkg::FAULT_ACV;
        end
        miss = !hit && !refused;
        if (hit) begin
          push = 1'b1;
          push_pa = tlb_entry_pkg::pa(Format, data[tlb_entry_pkg::DATA_FRAME+:40],
                                      data[tlb_entry_pkg::DATA_CLASS+:2], va[29:0]);
          push_info = {data[tlb_entry_pkg::DATA_GLOBAL], data[tlb_entry_pkg::DATA_MT+:3],
                       tlb_entry_pkg::size(Format, data[tlb_entry_pkg::DATA_CLASS+:2]), 3'b0, 6'b0,
                       mmu_pkg::FAULT_NONE, id};
          tree = plru_pkg::touch(Levels, tree, index);
        end else if (refill) begin
          push = 1'b1;
          push_info = {1'b0, 3'b0, 6'b0, 3'b0, 6'b0, fault, id};
        end
      end
`ifdef KILBURN_ASSERT
      seen_replay_q <= replay;
      seen_matched_q <= !direct && matched;
      seen_direct_q <= direct;
      seen_hit_q <= hit;
      seen_va_q <= va;
      seen_write_q <= write;
      seen_mode_q <= mode;
      seen_implicit_q <= implicit_access;
      seen_ac_q <= ac;
      seen_ctl_q <= ctl;
      seen_pkru_q <= pkru;
      seen_pkrs_q <= pkrs;
      seen_rights_q <= data[15:0];
      seen_fault_q <= push ? push_info[7:4] : mmu_pkg::FAULT_NONE;
`endif
      if (replay) wait_valid_q <= 1'b0;
      walk = miss && !refill;
      if (walk && slot_state_q == SlotIdle) begin
        slot_state_q <= SlotPending;
        slot_id_q <= id;
        slot_va_q <= va[56:0];
        slot_root_q <= replay ? wait_root_q : ctx_root_i;
        slot_asid_q <= asid;
        slot_ctl_q <= ctl[7:0];
        slot_pkru_q <= pkru;
        slot_pkrs_q <= pkrs;
        slot_mode_q <= mode;
        slot_write_q <= write;
        slot_implicit_q <= implicit_access;
        slot_ac_q <= ac;
      end else if (walk) begin
        wait_valid_q <= 1'b1;
        wait_id_q <= id;
        wait_va_q <= va[56:0];
        wait_root_q <= ctx_root_i;
        wait_asid_q <= asid;
        wait_ctl_q <= ctl[7:0];
        wait_pkru_q <= pkru;
        wait_pkrs_q <= pkrs;
        wait_mode_q <= mode;
        wait_write_q <= write;
        wait_implicit_q <= implicit_access;
        wait_ac_q <= ac;
      end
    end

    // ---- the missed request's way through the walker
    if (walk_start_i) slot_state_q <= SlotWalk;
    if (walk_kill_i) slot_state_q <= SlotPending;
    if (walk_end_i) begin
      slot_state_q <= SlotDone;
      if (walk_fault_i == mmu_pkg::FAULT_NONE) begin
        slot_pa_q <= tlb_entry_pkg::pa(Format, walk_data_i[tlb_entry_pkg::DATA_FRAME+:40],
                                       walk_data_i[tlb_entry_pkg::DATA_CLASS+:2], slot_va_q[29:0]);
        slot_info_q <= {walk_data_i[tlb_entry_pkg::DATA_GLOBAL], walk_data_i[tlb_entry_pkg::DATA_MT+:3],
                        tlb_entry_pkg::size(Format, walk_data_i[tlb_entry_pkg::DATA_CLASS+:2]), 3'b0, 6'b0,
                        mmu_pkg::FAULT_NONE, slot_id_q};
      end else begin
        slot_pa_q <= '0;
        slot_info_q <= {1'b0, 3'b0, 6'b0, walk_level_i, walk_err_i, walk_fault_i, slot_id_q};
      end
    end
    if (slot_state_q == SlotDone && count_q != 2'd2) begin
      slot_state_q <= SlotIdle;
      push = 1'b1;
      push_pa = slot_pa_q;
      push_info = slot_info_q;
    end

    // ---- response FIFO
    if (push && (count_q == 2'd0 || pop)) begin
      head_pa_q <= push_pa;
      head_info_q <= push_info;
    end else if (pop) begin
      head_pa_q <= (count_q == 2'd2) ? tail_pa_q : '0;
      head_info_q <= (count_q == 2'd2) ? tail_info_q : '0;
    end
    if (push) begin
      tail_pa_q <= push_pa;
      tail_info_q <= push_info;
    end
    count_q <= count_q + {1'b0, push} - {1'b0, pop};

    // ---- fill, by the walker or by software: over an entry that matches, else into an invalid one, else over
    // the victim
    walk_fill = walk_end_i && walk_fault_i == mmu_pkg::FAULT_NONE;
    if (walk_fill || walk_clear_i || inv_fill_i) begin
      fill_key = inv_fill_i ? inv_key_i : walk_key_i;
      fill_data = inv_fill_i ? tlb_entry_pkg::alpha_data(Format, inv_pte_i) : walk_data_i;
      match = '0;
      for (int i = 0; i < Entries; i++) begin
        match = match | (Entries'(((fill_key ^ key_q[i]) & mask_q[i]) == '0) << i);
      end
      match = match & valid_q;
      // EV6 ignores a duplicate (trap T98).
      duplicate = inv_fill_i && match != '0
                  && cfg_i[mmu_pkg::CFG_CHIP_MSB:mmu_pkg::CFG_CHIP_LSB] == mmu_pkg::CHIP_EV6;
      filled = !walk_clear_i && !duplicate;
      if (filled || walk_clear_i) valid = valid & ~match;
      if (filled) begin
        if (match != '0) begin
          fill_onehot = match & (~match + Entries'(1));
        end else if (!(&valid_q)) begin
          fill_onehot = ~valid_q & (valid_q + Entries'(1));
        end else begin
          fill_onehot = Entries'(1) << plru_pkg::victim(Levels, tree_q);
        end
        index = encode(fill_onehot);
        valid = valid | fill_onehot;
        tree = plru_pkg::touch(Levels, tree, index);
        key_q[index[IndexBits-1:0]] <= {fill_key[KeyBits-1:VpnBits],
            fill_key[VpnBits-1:0] & tlb_entry_pkg::vpn_mask(Format, fill_data[tlb_entry_pkg::DATA_CLASS+:2])};
        mask_q[index[IndexBits-1:0]] <= {{12{!fill_data[tlb_entry_pkg::DATA_GLOBAL]}},
            tlb_entry_pkg::vpn_mask(Format, fill_data[tlb_entry_pkg::DATA_CLASS+:2])};
        data_q[index[IndexBits-1:0]] <= fill_data;
      end
    end

    // ---- invalidation: a global entry is one whose mask leaves the ASID out
    if (inv_clear_i) begin
      match = '0;
      for (int i = 0; i < Entries; i++) begin
        match = match | (Entries'(
            !(inv_spare_global_i && !mask_q[i][KeyBits-1])
            && (!inv_by_va_i || ((inv_key_i[VpnBits-1:0] ^ key_q[i][VpnBits-1:0]) & mask_q[i][VpnBits-1:0]) == '0)
            && (!inv_by_asid_i || !mask_q[i][KeyBits-1]
                || inv_key_i[KeyBits-1:VpnBits] == key_q[i][KeyBits-1:VpnBits])) << i);
      end
      valid = valid & ~match;
    end

    valid_q <= valid;
    tree_q <= tree;
`ifdef KILBURN_ASSERT
    seen_q <= lookup && rst_ni;
`endif
    event_q <= {filled, direct, miss && multi, miss, hit || refused};

    if (!rst_ni) begin
      valid_q <= '0;
      tree_q <= '0;
      count_q <= 2'd0;
      head_pa_q <= '0;
      head_info_q <= '0;
      slot_state_q <= SlotIdle;
      wait_valid_q <= 1'b0;
      event_q <= 5'b0;
    end
  end

`ifdef KILBURN_ASSERT
  rule_props #(
    .Format(Format)
  ) u_rules (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .cfg_i(cfg_i),
    .walk_start_i(1'b0),
    .walk_next_i(1'b0),
    .entry_valid_i(1'b0),
    .bus_error_i(1'b0),
    .entry_i(64'b0),
    .level_i(3'd0),
    .lookup_valid_i(seen_q),
    .replay_i(seen_replay_q),
    .matched_i(seen_matched_q),
    .rights_i(seen_rights_q),
    .direct_i(seen_direct_q),
    .hit_i(seen_hit_q),
    .va_i(seen_va_q),
    .fetch_i(Fetch),
    .write_i(seen_write_q),
    .mode_i(seen_mode_q),
    .implicit_i(seen_implicit_q),
    .ac_i(seen_ac_q),
    .ctl_i(seen_ctl_q),
    .pkru_i(seen_pkru_q),
    .pkrs_i(seen_pkrs_q),
    .fault_i(seen_fault_q),
    .err_i(6'b0)
  );
`endif
endmodule
