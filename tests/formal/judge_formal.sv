// SPDX-License-Identifier: Apache-2.0
//
// F1, F8: the judgement of one page-table entry, for every entry, level, access and control. Combinational: complete.
//
//   Format  page-table format (mmu_pkg::FORMAT_*)
//
// A translation for a user has U at every level; an update sets A, and D only of a leaf that is written, of a present
// entry without reserved bits, and nothing else; exactly one of fault, update, next and translated comes out.

module judge_formal #(
  parameter int Format = mmu_pkg::FORMAT_X86_64
) (
  input logic        clk_i,
  input logic [10:0] cfg_i,
  input logic        valid,
  input logic [63:0] entry,
  input logic [2:0]  level,
  input logic        fetch, write, implicit_access, ac,
  input logic [1:0]  mode,
  input logic [7:0]  ctl,
  input logic [31:0] pkru, pkrs,
  input logic        w, u, nx
);
  localparam bit IsX86 = Format == mmu_pkg::FORMAT_X86_64;
  logic [3:0]  fault;
  logic [5:0]  err;
  logic        update, next, translated, w_out, u_out, nx_out;
  logic [63:0] updated;
  logic [51:12] base;
  logic [tlb_entry_pkg::DATA_BITS-1:0] data;

  entry_judge #(
    .Format(Format)
  ) u_judge (
    .cfg_i(cfg_i), .valid_i(valid), .entry_i(entry), .level_i(level), .fetch_i(fetch), .write_i(write),
    .mode_i(mode), .implicit_i(implicit_access), .ac_i(ac), .ctl_i(ctl), .pkru_i(pkru), .pkrs_i(pkrs), .w_i(w),
    .u_i(u), .nx_i(nx), .fault_o(fault), .err_o(err), .update_o(update), .updated_o(updated), .next_o(next),
    .table_o(base), .w_o(w_out), .u_o(u_out), .nx_o(nx_out), .translated_o(translated), .data_o(data)
  );

  logic user, leaf;
  logic [15:0] rights;
  assign user = mode != mmu_pkg::MODE_KERNEL && !(IsX86 && implicit_access);
  assign leaf = level == 3'd1 || (IsX86 && level <= 3'd3 && entry[7]);
  assign rights = data[15:0];

  always_ff @(posedge clk_i) begin : p_rules
    assume (level >= 3'd1 && level <= 3'd5 && !(fetch && write) && !(fetch && implicit_access));
    assert ({2'b0, fault != 4'd0} + {2'b0, update} + {2'b0, next} + {2'b0, translated} == {2'b0, valid});
    if (translated) begin
      assert (leaf && entry[0]);
      // What the walk grants the TLB grants: the entry that is filled answers the request that it was walked for.
      assert (access_check_pkg::answers(Format, rights, ctl, mode, fetch, write, ac, implicit_access, pkru, pkrs,
                                        cfg_i[mmu_pkg::CFG_VMS]));
      if (IsX86) begin
        assert (!user || (u && entry[2]));
        assert (rights[mmu_pkg::X86_RIGHTS_U] == (u && entry[2]));
        assert (rights[mmu_pkg::X86_RIGHTS_W] == (w && entry[1]));
        assert (rights[mmu_pkg::X86_RIGHTS_NX] == (nx || entry[63]));
        assert (entry[5] && (!write || entry[6]) && rights[mmu_pkg::X86_RIGHTS_D] == entry[6]);
        // The frame is the entry's and has no bits inside the page.
        assert (level != 3'd1 || data[tlb_entry_pkg::DATA_FRAME +: 40] == entry[51:12]);
        assert (level != 3'd2 || data[tlb_entry_pkg::DATA_FRAME +: 40] == {entry[51:21], 9'b0});
        assert (level != 3'd3 || data[tlb_entry_pkg::DATA_FRAME +: 40] == {entry[51:30], 18'b0});
        assert (data[tlb_entry_pkg::DATA_GLOBAL] == (entry[8] && ctl[mmu_pkg::CTL_PGE]));
      end else begin
        assert (data[tlb_entry_pkg::DATA_GLOBAL] == entry[4]);
      end
    end
    if (update) begin
      assert (IsX86 && entry[0] && (!entry[5] || (leaf && write && !entry[6])));
      assert (updated == (entry | 64'h20 | (leaf && write ? 64'h40 : 64'h0)) && updated != entry);
      assert (!user || !leaf || (u && entry[2]));
    end
    if (next) begin
      assert (!leaf && entry[0]);
      if (IsX86)
        assert (entry[5] && u_out == (u && entry[2]) && w_out == (w && entry[1]) && nx_out == (nx || entry[63]));
    end
    if (IsX86) begin
      // SDM 4.7: the error code of a fault, whose P says whether the entry was present
      if (fault != 4'd0) assert (err[0] == entry[0] && err[1] == write && err[2] == user);
      if (valid && !entry[0]) assert (fault == mmu_pkg::FAULT_PF && !err[3] && !err[5]);
    end else if (valid && leaf && !entry[0]) begin
      // EV5 6.4.2: the fault-on bits of an invalid entry do not count.
      assert (fault == mmu_pkg::FAULT_TNV || fault == mmu_pkg::FAULT_ACV);
    end
    cover (translated && user && write);
    cover (next && level == 3'd3);
    cover (fault != 4'd0 && entry[0]);
    if (IsX86) cover (update && entry[5]);
    if (IsX86) cover (translated && level == 3'd3 && !user && u_out);
  end
endmodule
