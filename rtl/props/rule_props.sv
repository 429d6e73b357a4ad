// SPDX-License-Identifier: Apache-2.0
//
// The architecture's rules (model/README.md, Rules) as immediate assertions on the decisions of one unit.
//
//   Format  page-table format (mmu_pkg::FORMAT_*)
//
// One instance at the walkers' judgement of an entry, one at each side's lookup, under KILBURN_ASSERT. A label is
// the id of its rule with the dots replaced. Each asserts that the fault is raised when the rule applies and
// no earlier one does, and that it is not raised for nothing; a fault that no rule explains is laid to the rule
// that its kind of access suggests. The conditions are the manuals' own, none is taken from the RTL's packages.

module rule_props #(
  parameter int Format = mmu_pkg::FORMAT_X86_64
) (
  input logic        clk_i,
  input logic        rst_ni,
  input logic [10:0] cfg_i,

  input logic        walk_start_i,  // a walk starts
  input logic [3:0]  start_walker_i,
  input logic [2:0]  start_rights_i,  // x86-64: NX U W of the levels that a paging-structure cache stands for
  input logic        walk_next_i,   // the walk goes on below `entry_i`
  input logic [3:0]  walker_i,
  input logic        entry_valid_i, // the walker judges `entry_i`, or has a bus error in its place
  input logic        bus_error_i,
  input logic [63:0] entry_i,
  input logic [2:0]  level_i,

  input logic        lookup_valid_i,  // a lookup
  input logic        retry_i,        // of a merged request, which passed the direct check before
  input logic        matched_i,       // exactly one entry matches, with `rights_i`
  input logic [15:0] rights_i,
  input logic        direct_i,        // decided from the address
  input logic        hit_i,           // translated by that entry

  // The request
  input logic [63:0] va_i,
  input logic        fetch_i,
  input logic        write_i,
  input logic [1:0]  mode_i,
  input logic        implicit_i,
  input logic        ac_i,
  input logic [12:0] ctl_i,
  input logic [31:0] pkru_i,
  input logic [31:0] pkrs_i,

  // The fault that was raised
  input logic [3:0]  fault_i,
  input logic [5:0]  err_i
);
  always_ff @(posedge clk_i) begin : p_bus
    if (rst_ni && entry_valid_i) begin
      walk_bus: assert ((fault_i == mmu_pkg::FAULT_BUS) == bus_error_i)
      else $error("walk.bus: bus error %b, fault %0d", bus_error_i, fault_i);
    end
  end

  if (Format == mmu_pkg::FORMAT_X86_64) begin : gen_x86
    // SDM 4.6.1: R/W, U/S and XD count at every level of the walk.
    logic [15:0] above_w_q, above_u_q, above_nx_q;  // by walker

    always_ff @(posedge clk_i) begin : p_rules
      logic judged, present, reserved, leaf, decided, user, read, wp, nxe;
      logic w, u, nx, ad, wd;
      logic [3:0] key;
      logic [31:0] key_rights;
      logic supervisor_page, read_only, user_nx, supervisor_nx, smep, smap, write_protect, key_user, key_supervisor;
      logic pf, rights_pf, unexplained, refused, code_ok, canonical;
      if (rst_ni && (entry_valid_i || lookup_valid_i)) begin
        judged = entry_valid_i && !bus_error_i;
        user = mode_i != mmu_pkg::MODE_KERNEL && !implicit_i;
        read = !fetch_i && !write_i;
        wp = ctl_i[mmu_pkg::CTL_WP];
        nxe = ctl_i[mmu_pkg::CTL_NXE];

        // SDM tables 4-15 to 4-20. `level_i` 4 is PML4, 3 PDPT, 2 page directory, 1 page table.
        present = entry_i[0];
        leaf = level_i == 3'd1 || ((level_i == 3'd2 || level_i == 3'd3) && entry_i[7]);
        reserved = 1'b0;
        if (judged) begin
          for (int bit_number = 12; bit_number < 52; bit_number++) begin
            if (entry_i[bit_number] && bit_number >= int'({26'b0, cfg_i[5:0]})) reserved = 1'b1;
            // A large page's frame begins at bit 21 or 30; bit 12 is its PAT.
            if (entry_i[bit_number] && entry_i[7] && bit_number > 12 && bit_number < 30 &&
                (level_i == 3'd3 || (level_i == 3'd2 && bit_number < 21))) reserved = 1'b1;
          end
        end
        if (entry_i[63] && !nxe) reserved = 1'b1;
        if (entry_i[7] && (level_i == 3'd4 || level_i == 3'd5)) reserved = 1'b1;
        if (entry_i[7] && level_i == 3'd3 && !cfg_i[mmu_pkg::CFG_PAGE1G]) reserved = 1'b1;
        if (entry_i[8] && (level_i == 3'd4 || level_i == 3'd5) && cfg_i[mmu_pkg::CFG_AMD]) reserved = 1'b1;

        // The page's rights: of the walk down to a leaf, or of the TLB entry.
        decided = lookup_valid_i ? matched_i && !direct_i : judged && present && !reserved && leaf;
        w = lookup_valid_i ? rights_i[mmu_pkg::X86_RIGHTS_W] : above_w_q[walker_i] && entry_i[1];
        u = lookup_valid_i ? rights_i[mmu_pkg::X86_RIGHTS_U] : above_u_q[walker_i] && entry_i[2];
        nx = lookup_valid_i ? rights_i[mmu_pkg::X86_RIGHTS_NX] : above_nx_q[walker_i] || entry_i[63];
        key = lookup_valid_i ? rights_i[7:4] : entry_i[62:59];
        // SDM 4.6.2: user pages are under PKRU, supervisor pages under PKRS.
        key_rights = u ? pkru_i : pkrs_i;
        ad = key_rights[{key, 1'b0}];
        wd = key_rights[{key, 1'b1}];

        supervisor_page = decided && user && !u;
        read_only = decided && user && write_i && !w;
        user_nx = decided && user && fetch_i && nx && nxe;
        supervisor_nx = decided && !user && fetch_i && nx && nxe;
        smep = decided && !user && fetch_i && u && ctl_i[mmu_pkg::CTL_SMEP];
        smap = decided && !user && !fetch_i && u && ctl_i[mmu_pkg::CTL_SMAP] && !(ac_i && !implicit_i);
        write_protect = decided && !user && write_i && !w && wp;
        key_user = decided && !fetch_i && u && ctl_i[mmu_pkg::CTL_PKE] && (ad || (write_i && wd && (user || wp)));
        key_supervisor = decided && !fetch_i && !u && !user && ctl_i[mmu_pkg::CTL_PKS] && (ad || (write_i && wd && wp));

        // SDM 4.7. A lookup refuses by not answering from its entry; the walk then names the fault.
        pf = judged && fault_i == mmu_pkg::FAULT_PF;
        rights_pf = pf && err_i[0] && !err_i[3];
        refused = lookup_valid_i ? !hit_i : rights_pf;
        code_ok = !pf || (err_i[1] == write_i && err_i[2] == user
                          && err_i[4] == (fetch_i && (nxe || ctl_i[mmu_pkg::CTL_SMEP])));
        unexplained = rights_pf && !(supervisor_page || read_only || user_nx || supervisor_nx || smep || smap
                                     || write_protect || key_user || key_supervisor);
        canonical = ctl_i[mmu_pkg::CTL_LA57] ? va_i[63:56] == {8{va_i[56]}} : va_i[63:47] == {17{va_i[47]}};

        if (lookup_valid_i) begin
          x86_canonical: assert ((fault_i == mmu_pkg::FAULT_GP)
                                 == (!retry_i && !ctl_i[mmu_pkg::CTL_PHYS] && !canonical))
          else $error("x86.canonical: address %h, fault %0d", va_i, fault_i);
        end
        if (judged) begin
          x86_not_present: assert (present ? !(pf && !err_i[0])
                                           : (pf && code_ok && !err_i[0] && !err_i[3] && !err_i[5]))
          else $error("x86.not_present: entry %h, fault %0d, code %h", entry_i, fault_i, err_i);
          x86_reserved: assert (present && reserved ? (pf && code_ok && err_i[0] && err_i[3] && !err_i[5])
                                                    : !(pf && err_i[3]))
          else $error("x86.reserved: entry %h at level %0d, fault %0d, code %h", entry_i, level_i, fault_i, err_i);
        end
        // The key goes into the error code whatever else denies (SDM 4.7), so it stands first.
        x86_key_user: assert ((!key_user || refused) && !(rights_pf && u && err_i[5] != key_user))
        else $error("x86.key.user: key %0d, PKRU %h, fault %0d, code %h", key, pkru_i, fault_i, err_i);
        x86_key_supervisor: assert ((!key_supervisor || refused) && !(rights_pf && !u && err_i[5] != key_supervisor)
                                    && !(unexplained && !user && read && !u))
        else $error("x86.key.supervisor: key %0d, PKRS %h, fault %0d, code %h", key, pkrs_i, fault_i, err_i);
        x86_user_supervisor_page: assert ((!supervisor_page || (refused && code_ok)) && !(unexplained && user && read))
        else $error("x86.user.supervisor_page: fault %0d, code %h", fault_i, err_i);
        x86_user_read_only: assert ((!read_only || (refused && code_ok)) && !(unexplained && user && write_i))
        else $error("x86.user.read_only: fault %0d, code %h", fault_i, err_i);
        x86_user_nx: assert ((!user_nx || (refused && code_ok)) && !(unexplained && user && fetch_i))
        else $error("x86.user.nx: fault %0d, code %h", fault_i, err_i);
        x86_supervisor_nx: assert ((!supervisor_nx || (refused && code_ok)) && !(unexplained && !user && fetch_i && !u))
        else $error("x86.supervisor.nx: fault %0d, code %h", fault_i, err_i);
        x86_smep: assert ((!smep || (refused && code_ok)) && !(unexplained && !user && fetch_i && u))
        else $error("x86.smep: fault %0d, code %h", fault_i, err_i);
        x86_smap: assert ((!smap || (refused && code_ok)) && !(unexplained && !user && !fetch_i && u))
        else $error("x86.smap: fault %0d, code %h", fault_i, err_i);
        x86_wp: assert ((!write_protect || (refused && code_ok)) && !(unexplained && !user && write_i && !u))
        else $error("x86.wp: fault %0d, code %h", fault_i, err_i);

        if (walk_next_i) begin
          above_w_q[walker_i] <= w;
          above_u_q[walker_i] <= u;
          above_nx_q[walker_i] <= nx;
        end
      end

      if (walk_start_i) begin
        above_w_q[start_walker_i] <= start_rights_i[0];
        above_u_q[start_walker_i] <= start_rights_i[1];
        above_nx_q[start_walker_i] <= start_rights_i[2];
      end
    end
  end else begin : gen_alpha
    always_ff @(posedge clk_i) begin : p_rules
      logic judged, table_entry, leaf, valid, given, read, refill, extended, superpage, kernel;
      logic [15:0] rights;
      logic [2:0] spe;
      logic [1:0] chip;
      if (rst_ni && (entry_valid_i || lookup_valid_i)) begin
        judged = entry_valid_i && !bus_error_i;
        read = !fetch_i && !write_i;
        refill = ctl_i[mmu_pkg::CTL_REFILL];
        kernel = mode_i == mmu_pkg::MODE_KERNEL;
        spe = ctl_i[mmu_pkg::CTL_SPE_MSB:mmu_pkg::CTL_SPE_LSB];
        chip = cfg_i[mmu_pkg::CFG_CHIP_MSB:mmu_pkg::CFG_CHIP_LSB];

        // EV5 6.4.2, EV6 VA_CTL: all bits above the highest implemented one copy it.
        extended = (Format == mmu_pkg::FORMAT_ALPHA) ? va_i[63:43] == {21{va_i[42]}} : va_i[63:48] == {16{va_i[47]}};
        // EV4 ABOX_CTL, EV5 MCSR, EV6 M_CTL: the third region is EV6's.
        superpage = (spe[0] && va_i[47:30] == 18'b11_1111_1111_1111_1110) || (spe[1] && va_i[47:41] == 7'b111_1110)
                    || (spe[2] && chip == mmu_pkg::CHIP_EV6 && va_i[47:46] == 2'b10);

        // EV5 figure 5-2: enables in bits 8 to 11 for reads, 12 to 15 for writes, by mode K E S U; OSF keeps user's
        // on E's.
        table_entry = judged && level_i != 3'd1;
        leaf = lookup_valid_i ? matched_i && !direct_i : judged && level_i == 3'd1;
        rights = lookup_valid_i ? rights_i : entry_i[15:0];
        valid = lookup_valid_i || entry_i[0];
        if (kernel) begin
          given = write_i ? rights[12] : rights[8];
        end else if (!cfg_i[mmu_pkg::CFG_VMS] || mode_i == mmu_pkg::MODE_EXECUTIVE) begin
          given = write_i ? rights[13] : rights[9];
        end else if (mode_i == mmu_pkg::MODE_SUPERVISOR) begin
          given = write_i ? rights[14] : rights[10];
        end else begin
          given = write_i ? rights[15] : rights[11];
        end

        if (lookup_valid_i) begin
          alpha_sign: assert (retry_i || ctl_i[mmu_pkg::CTL_PHYS] || extended
                              ? !(direct_i && fault_i != 4'd0 && (ctl_i[mmu_pkg::CTL_PHYS] || !superpage))
                              : direct_i && fault_i == mmu_pkg::FAULT_ACV)
          else $error("alpha.sign: address %h, fault %0d", va_i, fault_i);
          if (!retry_i && !ctl_i[mmu_pkg::CTL_PHYS] && extended) begin
            alpha_superpage_mode: assert (direct_i == superpage
                                          && (!superpage || (fault_i == (kernel ? 4'd0 : mmu_pkg::FAULT_ACV))))
            else $error("alpha.superpage.mode: address %h, mode %0d, fault %0d", va_i, mode_i, fault_i);
          end
          // A merged request has missed without REFILL.
          alpha_refill_miss: assert ((fault_i == mmu_pkg::FAULT_MISS)
                                     == (refill && !retry_i && !direct_i && !matched_i))
          else $error("alpha.refill.miss: REFILL %b, one entry %b, fault %0d", refill, matched_i, fault_i);
        end
        if (table_entry) begin
          alpha_table_tnv: assert ((fault_i == mmu_pkg::FAULT_TNV) == (!entry_i[0] && entry_i[8]))
          else $error("alpha.table.tnv: entry %h, fault %0d", entry_i, fault_i);
          alpha_table_acv: assert ((fault_i == mmu_pkg::FAULT_ACV) == (!entry_i[0] && !entry_i[8]))
          else $error("alpha.table.acv: entry %h, fault %0d", entry_i, fault_i);
        end
        if (leaf) begin
          alpha_leaf_invalid_acv: assert (valid || (fault_i == mmu_pkg::FAULT_ACV) == !given)
          else $error("alpha.leaf.invalid_acv: entry %h, fault %0d", entry_i, fault_i);
          alpha_leaf_tnv: assert ((fault_i == mmu_pkg::FAULT_TNV) == (!valid && given))
          else $error("alpha.leaf.tnv: entry %h, fault %0d", entry_i, fault_i);
        end
        if (leaf && valid) begin
          // A lookup names the fault only with REFILL; else it does not answer from its entry.
          alpha_leaf_acv: assert (lookup_valid_i && !refill ? (given || !hit_i)
                                                            : (fault_i == mmu_pkg::FAULT_ACV) == !given)
          else $error("alpha.leaf.acv: rights %h, mode %0d, fault %0d", rights, mode_i, fault_i);
          alpha_leaf_fow: assert (lookup_valid_i && !refill ? !(write_i && rights[2] && hit_i)
                                  : (fault_i == mmu_pkg::FAULT_FOW) == (given && write_i && rights[2]))
          else $error("alpha.leaf.fow: rights %h, mode %0d, fault %0d", rights, mode_i, fault_i);
          alpha_leaf_foe: assert (lookup_valid_i && !refill ? !(fetch_i && rights[3] && hit_i)
                                  : (fault_i == mmu_pkg::FAULT_FOE) == (given && fetch_i && rights[3]))
          else $error("alpha.leaf.foe: rights %h, mode %0d, fault %0d", rights, mode_i, fault_i);
          alpha_leaf_for: assert (lookup_valid_i && !refill ? !(read && rights[1] && hit_i)
                                  : (fault_i == mmu_pkg::FAULT_FOR) == (given && read && rights[1]))
          else $error("alpha.leaf.for: rights %h, mode %0d, fault %0d", rights, mode_i, fault_i);
        end
      end
    end
  end
endmodule
