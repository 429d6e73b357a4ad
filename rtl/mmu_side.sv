// SPDX-License-Identifier: Apache-2.0
//
// One translation port: lookup in its L1 TLB, a file of missed requests, two responses.
//
//   Format   page-table format (mmu_pkg::FORMAT_*)
//   Entries  L1 TLB entries, a power of two up to 64
//   Misses   entries of the miss file, 1 to 8
//   Policy   replacement (replacement_pkg)
//   HasL2    1: a miss is looked up in the L2 TLB before it is walked for
//   Fetch    1: instruction port (write, ac and implicit are 0), 0: data port
//
//   req ─► direct check ─► TLB match ─► access check ─┬─ hit ───────────────────► response FIFO ─► rsp
//                 ▲                                   └─ miss ─► miss file ─ done ─┘
//                 └───────── retry of a merged request ◄───────────┘  ▲ L2 TLB, walkers
//
// Everything that depends on a request pin stands in one clocked process, in program order. A simulator
// evaluates it once a cycle; as wires between modules it would be evaluated at each event of the cycle.
// The other processes do nothing in cycles without an event of theirs.

module mmu_side #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int Entries = 16,
  parameter int Misses = 2,
  parameter int Policy = 0,
  parameter bit HasL2 = 1'b1,
  parameter bit Fetch = 1'b1
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] cfg_i,

  input  logic [51:0] ctx_root_i,
  input  logic [11:0] ctx_asid_i,
  input  logic [31:0] ctx_ctl_i,
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

  // Missed requests that want the L2 TLB or a walker, and that want a walk from the root
  output logic [Misses-1:0] look_o,
  output logic [Misses-1:0] ready_o,
  output logic [Misses-1:0] top_o,
  // Two of them to be read: for the L2 TLB, for a walk's start
  input  logic        look_read_i,
  input  logic [2:0]  look_index_i,
  output logic [request_pkg::BITS-1:0] look_request_o,
  input  logic        start_read_i,
  input  logic [2:0]  start_index_i,
  output logic [request_pkg::BITS-1:0] start_request_o,
  // States that they get at this edge, by the L2 TLB and the walkers
  input  logic [Misses-1:0] to_look_i,
  input  logic [Misses-1:0] to_looking_i,
  input  logic [Misses-1:0] to_ready_i,
  input  logic [Misses-1:0] to_walk_i,
  input  logic [Misses-1:0] to_done_i,
  input  logic [Misses-1:0] set_top_i,
  // The result of the one that becomes DONE: fault, or the translation `fill_data_i`
  input  logic [3:0]  done_fault_i,
  input  logic [5:0]  done_err_i,
  input  logic [2:0]  done_level_i,

  // A fill of this TLB, `fill_software_i` by software; on either side's page fault every entry that matches the
  // key becomes invalid (SDM 4.10.4.1)
  input  logic        fill_i,
  input  logic        fill_software_i,
  input  logic        fault_clear_i,
  input  logic [tlb_entry_pkg::KEY_BITS-1:0] fill_key_i,
  input  logic [tlb_entry_pkg::DATA_BITS-1:0] fill_data_i,
  // Invalidation
  input  logic        inv_clear_i,
  input  logic        inv_by_va_i,
  input  logic        inv_by_asid_i,
  input  logic        inv_spare_global_i,
  input  logic [tlb_entry_pkg::KEY_BITS-1:0] inv_key_i,

  // One pulse an event, the cycle after it: retry, merge, fill, direct, multi, miss, hit
  output logic [6:0]  event_o
);
  localparam int Levels = $clog2(Entries);
  localparam int IndexBits = (Levels == 0) ? 1 : Levels;
  localparam int MissBits = (Misses == 1) ? 1 : $clog2(Misses);
  localparam int VpnBits = tlb_entry_pkg::VPN_BITS;
  localparam int KeyBits = tlb_entry_pkg::KEY_BITS;
  localparam int DataBits = tlb_entry_pkg::DATA_BITS;
  localparam int RequestBits = request_pkg::BITS;
  localparam bit IsX86 = (Format == mmu_pkg::FORMAT_X86_64);

  // A response beside its physical address: {global, mt, size, level, err, fault, id}
  localparam int InfoBits = 27;

  // L1 TLB
  logic [Entries-1:0]  valid_q;
  logic [63:0]         replace_q;
  logic [KeyBits-1:0]  key  [Entries];
  logic [KeyBits-1:0]  mask [Entries];
  logic [DataBits-1:0] data [Entries];

  // Response FIFO: the head is all 0 when it is empty.
  logic [1:0]          count_q;
  logic [51:0]         head_pa_q, tail_pa_q;
  logic [InfoBits-1:0] head_info_q, tail_info_q;

  // Miss file: one bit an entry for each state
  logic [Misses-1:0]      free_q, look_q, looking_q, ready_q, walk_q, merged_q, retry_q, done_q;
  logic [Misses-1:0]      top_q;
  logic [2:0]             parent_q [Misses];
  logic [RequestBits-1:0] request_q [Misses];
  logic [51:0]            done_pa_q [Misses];
  logic [InfoBits-5:0]    done_info_q [Misses];  // without the id

  logic [6:0]          event_q;

`ifdef KILBURN_ASSERT
  // The last lookup and its decision, for props/rule_props.sv
  logic        seen_q, seen_retry_q, seen_matched_q, seen_direct_q, seen_hit_q;
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

  // The lowest bit that is set in a vector over the miss file, as its number.
  function automatic logic [MissBits-1:0] first(input logic [Misses-1:0] set);
    logic [3:0] number;
    number = request_pkg::lowest(16'(set));
    first = number[MissBits-1:0];
  endfunction

  assign req_ready_o = free_q != '0 && (retry_q | done_q) == '0 && count_q != 2'd2;
  assign rsp_valid_o = count_q != 2'd0;
  assign rsp_pa_o = head_pa_q;
  assign rsp_id_o = head_info_q[3:0];
  assign rsp_fault_o = head_info_q[7:4];
  assign rsp_err_o = {10'b0, head_info_q[13:8]};
  assign rsp_level_o = head_info_q[16:14];
  assign rsp_size_o = head_info_q[22:17];
  assign rsp_mt_o = head_info_q[25:23];
  assign rsp_global_o = head_info_q[26];
  assign look_o = look_q;
  assign ready_o = ready_q;
  assign top_o = top_q;
  assign event_o = event_q;

  always_comb begin : p_read
    look_request_o = '0;
    start_request_o = '0;
    if (look_read_i) look_request_o = request_q[look_index_i[MissBits-1:0]];
    if (start_read_i) start_request_o = request_q[start_index_i[MissBits-1:0]];
  end

  // ---- fill: over an entry that matches, else into an invalid one, else over the victim
  logic [Entries-1:0] write_onehot, drop;
  logic               filled, took_victim;
  logic [KeyBits-1:0] write_key, write_mask;

  always_comb begin : p_fill
    logic [Entries-1:0] match;
    logic duplicate;
    match = '0;
    duplicate = 1'b0;
    write_onehot = '0;
    drop = '0;
    filled = 1'b0;
    took_victim = 1'b0;
    write_key = '0;
    write_mask = '0;
    if (fill_i || fault_clear_i) begin
      for (int i = 0; i < Entries; i++) begin
        match = match | (Entries'(((fill_key_i ^ key[i]) & mask[i]) == '0) << i);
      end
      match = match & valid_q;
      // EV6 ignores a duplicate (trap T98).
      duplicate = fill_software_i && match != '0
                  && cfg_i[mmu_pkg::CFG_CHIP_MSB:mmu_pkg::CFG_CHIP_LSB] == mmu_pkg::CHIP_EV6;
      filled = fill_i && !duplicate;
      if (filled || fault_clear_i) drop = match;
      if (filled) begin
        if (match != '0) begin
          write_onehot = match & (~match + Entries'(1));
        end else if (!(&valid_q)) begin
          write_onehot = ~valid_q & (valid_q + Entries'(1));
        end else begin
          write_onehot = Entries'(1) << replacement_pkg::victim(Policy, Levels, replace_q);
          took_victim = 1'b1;
        end
      end
      write_mask = tlb_entry_pkg::mask(Format, fill_data_i[tlb_entry_pkg::DATA_CLASS+:2],
                                       fill_data_i[tlb_entry_pkg::DATA_GLOBAL]);
      // The whole ASID is kept, of a global entry too.
      write_key = fill_key_i & {12'hfff, write_mask[VpnBits-1:0]};
    end
    // ---- invalidation: a global entry is one whose mask leaves the ASID out
    if (inv_clear_i) begin
      for (int i = 0; i < Entries; i++) begin
        drop = drop | (Entries'(
            !(inv_spare_global_i && !mask[i][KeyBits-1])
            && (!inv_by_va_i || ((inv_key_i[VpnBits-1:0] ^ key[i][VpnBits-1:0]) & mask[i][VpnBits-1:0]) == '0)
            && (!inv_by_asid_i || !mask[i][KeyBits-1]
                || inv_key_i[KeyBits-1:VpnBits] == key[i][KeyBits-1:VpnBits])) << i);
      end
    end
  end

  for (genvar i = 0; i < Entries; i++) begin : gen_entry
    logic [KeyBits-1:0] entry_key, entry_mask;
    logic [DataBits-1:0] entry_data;
    l1_tlb_entry u_entry (
      .clk_i(clk_i),
      .write_i(write_onehot[i]),
      .key_i(write_key),
      .mask_i(write_mask),
      .data_i(fill_data_i),
      .key_o(entry_key),
      .mask_o(entry_mask),
      .data_o(entry_data)
    );
    assign key[i] = entry_key;
    assign mask[i] = entry_mask;
    assign data[i] = entry_data;
  end

  always_ff @(posedge clk_i) begin : p_side
    logic lookup, retry, direct, matched, hit, multi, miss, granted, refill, refused, merged, pop, push;
    logic [3:0] id, fault;
    logic [12:0] ctl;
    logic [31:0] pkru, pkrs;
    logic [1:0] mode;
    logic [63:0] va;
    logic [11:0] asid;
    logic write, implicit_access, ac;
    logic [RequestBits-1:0] held;
    logic [KeyBits-1:0] lookup_key;
    logic [Entries-1:0] match;
    logic [5:0] index;
    logic [DataBits-1:0] word;
    logic [direct_check_pkg::BITS-1:0] direct_result;
    logic [63:0] replace;
    logic [51:0] push_pa, done_pa;
    logic [InfoBits-1:0] push_info;
    logic [InfoBits-5:0] done_info;
    logic [Misses-1:0] moved, same, woken, slot_onehot;
    logic [MissBits-1:0] slot, parent;

    pop = count_q != 2'd0 && rsp_ready_i;
    push = 1'b0;
    push_pa = '0;
    push_info = '0;
    direct = 1'b0;
    hit = 1'b0;
    refused = 1'b0;
    multi = 1'b0;
    miss = 1'b0;
    merged = 1'b0;
    replace = replace_q;
    slot = '0;

    // ---- the miss file's way through the L2 TLB and the walkers
    moved = to_look_i | to_looking_i | to_ready_i | to_walk_i | to_done_i;
    woken = '0;
    if (moved != '0) begin
      look_q <= (look_q & ~moved) | to_look_i;
      looking_q <= (looking_q & ~moved) | to_looking_i;
      ready_q <= (ready_q & ~moved) | to_ready_i;
      walk_q <= (walk_q & ~moved) | to_walk_i;
      done_q <= done_q | to_done_i;
      top_q <= top_q | set_top_i;
      if (to_done_i != '0) begin
        slot = first(to_done_i);
        held = request_q[slot];
        done_pa = '0;
        done_info = {1'b0, 3'b0, 6'b0, done_level_i, done_err_i, done_fault_i};
        if (done_fault_i == mmu_pkg::FAULT_NONE) begin
          done_pa = tlb_entry_pkg::pa(Format, fill_data_i[tlb_entry_pkg::DATA_FRAME+:40],
                                      fill_data_i[tlb_entry_pkg::DATA_CLASS+:2], held[29:0]);
          done_info = {fill_data_i[tlb_entry_pkg::DATA_GLOBAL], fill_data_i[tlb_entry_pkg::DATA_MT+:3],
                       tlb_entry_pkg::size(Format, fill_data_i[tlb_entry_pkg::DATA_CLASS+:2]), 3'b0, 6'b0,
                       mmu_pkg::FAULT_NONE};
        end
        done_pa_q[slot] <= done_pa;
        done_info_q[slot] <= done_info;
        for (int i = 0; i < Misses; i++) begin
          if (to_done_i[MissBits'(parent_q[i])]) woken = woken | (Misses'(1) << i);
        end
        woken = woken & merged_q;
        merged_q <= merged_q & ~woken;
        retry_q <= retry_q | woken;
      end
    end

    // ---- one of: a result is pushed, a merged request is looked up again, a request is accepted
    retry = retry_q != '0 && done_q == '0 && count_q != 2'd2;
    lookup = retry || (req_valid_i && req_ready_o);
    if (done_q != '0 && count_q != 2'd2) begin
      slot = first(done_q);
      slot_onehot = Misses'(1) << slot;
      done_q <= (done_q & ~slot_onehot) | to_done_i;
      free_q <= free_q | slot_onehot;
      push = 1'b1;
      push_pa = done_pa_q[slot];
      held = request_q[slot];
      push_info = {done_info_q[slot], held[request_pkg::ID+:4]};
    end
    if (lookup) begin
      slot = retry ? first(retry_q) : first(free_q);
      slot_onehot = Misses'(1) << slot;
      if (retry) begin
        held = request_q[slot];
        id = held[request_pkg::ID+:4];
        va = {7'b0, held[request_pkg::VA+:57]};
        asid = held[request_pkg::ASID+:12];
        ctl = {5'b0, held[request_pkg::CTL+:8]};
        pkru = held[request_pkg::PKRU+:32];
        pkrs = held[request_pkg::PKRS+:32];
        mode = held[request_pkg::MODE+:2];
        write = held[request_pkg::WRITE];
        implicit_access = held[request_pkg::IMPLICIT];
        ac = held[request_pkg::AC];
        retry_q <= (retry_q & ~slot_onehot) | woken;
      end else begin
        id = req_id_i;
        va = req_va_i;
        asid = ctx_asid_i;
        ctl = ctx_ctl_i[12:0];
        pkru = ctx_pkru_i;
        pkrs = ctx_pkrs_i;
        mode = req_mode_i;
        write = !Fetch && req_write_i;
        implicit_access = !Fetch && req_implicit_i;
        ac = !Fetch && req_ac_i;
        // A retried request passed the direct check when it was accepted.
        direct_result = direct_check_pkg::check(Format, va, mode, ctl,
                                                cfg_i[mmu_pkg::CFG_PA_WIDTH_MSB:mmu_pkg::CFG_PA_WIDTH_LSB],
                                                cfg_i[mmu_pkg::CFG_CHIP_MSB:mmu_pkg::CFG_CHIP_LSB]);
        direct = direct_result[direct_check_pkg::DIRECT];
      end
      if (direct) begin
        push = 1'b1;
        push_pa = direct_result[direct_check_pkg::PA+:52];
        push_info = {direct_result[direct_check_pkg::FAULT+:4] == mmu_pkg::FAULT_NONE, 3'b0,
                     direct_result[direct_check_pkg::SIZE+:6], 3'b0, 6'b0,
                     direct_result[direct_check_pkg::FAULT+:4], id};
      end else begin
        lookup_key = tlb_entry_pkg::key(Format, va[56:12], asid);
        match = '0;
        for (int i = 0; i < Entries; i++) begin
          match = match | (Entries'(((lookup_key ^ key[i]) & mask[i]) == '0) << i);
        end
        match = match & valid_q;
        multi = (match & (match - Entries'(1))) != '0;
        matched = match != '0 && !multi;
        index = encode(match);
        word = data[index[IndexBits-1:0]];
        hit = matched && access_check_pkg::answers(Format, word[15:0], ctl[7:0], mode, Fetch, write, ac,
                                                   implicit_access, pkru, pkrs, cfg_i[mmu_pkg::CFG_VMS]);
        fault = mmu_pkg::FAULT_MISS;
        refill = 1'b0;
        if (!IsX86) begin
          // Software refills the TLB: the request is answered here, by the entry's fault or as a miss.
          refill = ctl[mmu_pkg::CTL_REFILL];
          refused = refill && matched && !hit;
          granted = access_check_pkg::alpha_enabled(word[15:8], mode, write, cfg_i[mmu_pkg::CFG_VMS]);
          if (refused) fault = granted ? access_check_pkg::alpha_fault_on_code(Fetch, write) : mmu_pkg::FAULT_ACV;
        end
        miss = !hit && !refused;
        if (hit) begin
          push = 1'b1;
          push_pa = tlb_entry_pkg::pa(Format, word[tlb_entry_pkg::DATA_FRAME+:40],
                                      word[tlb_entry_pkg::DATA_CLASS+:2], va[29:0]);
          push_info = {word[tlb_entry_pkg::DATA_GLOBAL], word[tlb_entry_pkg::DATA_MT+:3],
                       tlb_entry_pkg::size(Format, word[tlb_entry_pkg::DATA_CLASS+:2]), 3'b0, 6'b0,
                       mmu_pkg::FAULT_NONE, id};
          replace = replacement_pkg::touch(Policy, Levels, replace, index);
          if (retry) free_q <= free_q | slot_onehot;
        end else if (refill) begin
          push = 1'b1;
          push_info = {1'b0, 3'b0, 6'b0, 3'b0, 6'b0, fault, id};
        end else begin
          // A miss: merged with one for the same page that is under way, else on its own way.
          same = '0;
          for (int i = 0; i < Misses; i++) begin
            held = request_q[i];
            if (tlb_entry_pkg::key(Format, held[56:12], held[request_pkg::ASID+:12]) == lookup_key) begin
              same = same | (Misses'(1) << i);
            end
          end
          same = same & (look_q | looking_q | ready_q | walk_q);
          merged = same != '0;
          parent = first(same);
          if (!retry) begin
            free_q <= free_q & ~slot_onehot;
            request_q[slot] <= {id, pkrs, pkru, ctx_root_i[51:12], ac, implicit_access, write, mode, ctl[7:0], asid, va[56:0]};
          end
          top_q <= (top_q | set_top_i) & ~slot_onehot;
          if (merged) begin
            parent_q[slot] <= 3'(parent);
            if (to_done_i[parent]) retry_q <= ((retry ? retry_q & ~slot_onehot : retry_q) | woken) | slot_onehot;
            else merged_q <= (merged_q & ~woken) | slot_onehot;
          end else if (HasL2) begin
            look_q <= (look_q & ~moved) | to_look_i | slot_onehot;
          end else begin
            ready_q <= (ready_q & ~moved) | to_ready_i | slot_onehot;
          end
        end
      end
`ifdef KILBURN_ASSERT
      seen_retry_q <= retry;
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
      seen_rights_q <= word[15:0];
      seen_fault_q <= push ? push_info[7:4] : mmu_pkg::FAULT_NONE;
`endif
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

    // ---- TLB: a hit's touch comes before a fill's
    if (took_victim) replace = replacement_pkg::taken(Policy, Levels, replace);
    if (filled) replace = replacement_pkg::touch(Policy, Levels, replace, encode(write_onehot));
    replace_q <= replace;
    valid_q <= (valid_q & ~drop) | write_onehot;
`ifdef KILBURN_ASSERT
    seen_q <= lookup && rst_ni;
`endif
    event_q <= {retry, merged, filled, direct, miss && multi, miss, hit || refused};

    if (!rst_ni) begin
      valid_q <= '0;
      replace_q <= replacement_pkg::initial_state(Policy);
      count_q <= 2'd0;
      head_pa_q <= '0;
      head_info_q <= '0;
      free_q <= '1;
      look_q <= '0;
      looking_q <= '0;
      ready_q <= '0;
      walk_q <= '0;
      merged_q <= '0;
      retry_q <= '0;
      done_q <= '0;
      top_q <= '0;
      event_q <= 7'b0;
    end
  end

`ifdef KILBURN_ASSERT
  rule_props #(
    .Format(Format)
  ) u_rules (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .cfg_i(cfg_i[10:0]),
    .walk_start_i(1'b0),
    .start_walker_i(4'd0),
    .start_rights_i(3'b0),
    .walk_next_i(1'b0),
    .entry_valid_i(1'b0),
    .walker_i(4'd0),
    .bus_error_i(1'b0),
    .entry_i(64'b0),
    .level_i(3'd0),
    .lookup_valid_i(seen_q),
    .retry_i(seen_retry_q),
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
