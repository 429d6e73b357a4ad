// SPDX-License-Identifier: Apache-2.0
//
// Judges one page-table entry at one level of a walk: fault, set A or D, next level, or translated.
//
//   Format  page-table format (mmu_pkg::FORMAT_*)
//
// Pure; every output is 0 while `valid_i` is 0. The order of the decisions is the manual's.

module entry_judge #(
  parameter int Format = mmu_pkg::FORMAT_X86_64
) (
  input  logic [10:0] cfg_i,
  input  logic        valid_i,
  input  logic [63:0] entry_i,
  input  logic [2:0]  level_i,  // 1: last
  input  logic        fetch_i,
  input  logic        write_i,
  input  logic [1:0]  mode_i,
  input  logic        implicit_i,
  input  logic        ac_i,
  input  logic [7:0]  ctl_i,
  input  logic [31:0] pkru_i,
  input  logic [31:0] pkrs_i,
  // x86-64: rights of the levels above
  input  logic        w_i,
  input  logic        u_i,
  input  logic        nx_i,

  // One of: fault (code not 0), update, next, translated
  output logic [3:0]  fault_o,
  output logic [5:0]  err_o,
  output logic        update_o,
  output logic [63:0] updated_o,  // the entry with A, and D of a write, set
  output logic        next_o,
  output logic [51:12] table_o,   // next level's table
  output logic        w_o,
  output logic        u_o,
  output logic        nx_o,
  output logic        translated_o,
  output logic [tlb_entry_pkg::DATA_BITS-1:0] data_o
);
  if (Format == mmu_pkg::FORMAT_X86_64) begin : gen_x86
    always_comb begin : p_judge
      logic leaf, reserved, present, set_d, user, key_denied, denied;
      logic [1:0] size_class;
      logic [51:12] frame;
      logic [7:0] rights;
      fault_o = mmu_pkg::FAULT_NONE;
      err_o = 6'b0;
      update_o = 1'b0;
      updated_o = 64'b0;
      next_o = 1'b0;
      table_o = '0;
      w_o = 1'b0;
      u_o = 1'b0;
      nx_o = 1'b0;
      translated_o = 1'b0;
      data_o = '0;
      leaf = 1'b0;
      reserved = 1'b0;
      present = 1'b0;
      set_d = 1'b0;
      user = 1'b0;
      key_denied = 1'b0;
      denied = 1'b0;
      rights = '0;
      size_class = 2'd0;
      frame = '0;
      if (valid_i) begin
        present = entry_i[mmu_pkg::X86_PTE_P];
        user = mode_i != mmu_pkg::MODE_KERNEL && !implicit_i;
        leaf = level_i == 3'd1 || (level_i <= 3'd3 && entry_i[mmu_pkg::X86_PTE_PS]);
        size_class = leaf ? level_i[1:0] - 2'd1 : 2'd0;
        // SDM 4.5, tables 4-15 to 4-20. Bit 12 of a large leaf is PAT, bit 7 of a 4 KB one too (trap T10).
        reserved = ({entry_i[51:12], 12'b0} >> cfg_i[mmu_pkg::CFG_PA_WIDTH_MSB:mmu_pkg::CFG_PA_WIDTH_LSB]) != '0
                   || (entry_i[mmu_pkg::X86_PTE_NX] && !ctl_i[mmu_pkg::CTL_NXE])
                   || (level_i >= 3'd4 && entry_i[mmu_pkg::X86_PTE_PS])
                   || (level_i == 3'd3 && entry_i[mmu_pkg::X86_PTE_PS] && !cfg_i[mmu_pkg::CFG_PAGE1G])
                   || (level_i >= 3'd4 && entry_i[mmu_pkg::X86_PTE_G] && cfg_i[mmu_pkg::CFG_AMD])
                   || (size_class == 2'd1 && |entry_i[20:13])
                   || (size_class == 2'd2 && |entry_i[29:13]);
        w_o = w_i && entry_i[mmu_pkg::X86_PTE_RW];
        u_o = u_i && entry_i[mmu_pkg::X86_PTE_US];
        nx_o = nx_i || entry_i[mmu_pkg::X86_PTE_NX];
        rights[mmu_pkg::X86_RIGHTS_W] = w_o;
        rights[mmu_pkg::X86_RIGHTS_U] = u_o;
        rights[mmu_pkg::X86_RIGHTS_NX] = nx_o;
        rights[mmu_pkg::X86_RIGHTS_D] = entry_i[mmu_pkg::X86_PTE_D];
        rights[mmu_pkg::X86_RIGHTS_PKEY_MSB:mmu_pkg::X86_RIGHTS_PKEY_LSB] =
            entry_i[mmu_pkg::X86_PTE_PKEY_MSB:mmu_pkg::X86_PTE_PKEY_LSB];
        key_denied = access_check_pkg::x86_key_denies(rights, ctl_i, user, fetch_i, write_i, pkru_i, pkrs_i);
        denied = key_denied
                 || !access_check_pkg::x86_granted(rights, ctl_i, user, fetch_i, write_i, ac_i, implicit_i);
        set_d = leaf && write_i;
        updated_o = entry_i;
        updated_o[mmu_pkg::X86_PTE_A] = 1'b1;
        updated_o[mmu_pkg::X86_PTE_D] = entry_i[mmu_pkg::X86_PTE_D] || set_d;

        if (!present) begin
          fault_o = mmu_pkg::FAULT_PF;
        end else if (reserved) begin
          fault_o = mmu_pkg::FAULT_PF;
          err_o[mmu_pkg::PF_ERR_RSVD] = 1'b1;
        end else if (leaf && denied) begin
          fault_o = mmu_pkg::FAULT_PF;
          err_o[mmu_pkg::PF_ERR_PK] = key_denied;  // whatever else denies (trap T21)
        end else if (!entry_i[mmu_pkg::X86_PTE_A] || (set_d && !entry_i[mmu_pkg::X86_PTE_D])) begin
          update_o = 1'b1;
        end else if (leaf) begin
          translated_o = 1'b1;
        end else begin
          next_o = 1'b1;
        end

        // SDM 4.7
        if (fault_o != mmu_pkg::FAULT_NONE) begin
          err_o[mmu_pkg::PF_ERR_P] = present;
          err_o[mmu_pkg::PF_ERR_W] = write_i;
          err_o[mmu_pkg::PF_ERR_U] = user;
          err_o[mmu_pkg::PF_ERR_ID] = fetch_i && (ctl_i[mmu_pkg::CTL_NXE] || ctl_i[mmu_pkg::CTL_SMEP]);
        end

        table_o = entry_i[mmu_pkg::X86_PTE_FRAME_MSB:mmu_pkg::X86_PTE_FRAME_LSB];
        frame = table_o;
        if (size_class != 2'd0) frame[20:12] = '0;
        if (size_class == 2'd2) frame[29:21] = '0;
        data_o[tlb_entry_pkg::DATA_FRAME+:40] = frame;
        data_o[tlb_entry_pkg::DATA_GLOBAL] = entry_i[mmu_pkg::X86_PTE_G] && ctl_i[mmu_pkg::CTL_PGE];
        data_o[tlb_entry_pkg::DATA_CLASS+:2] = size_class;
        data_o[tlb_entry_pkg::DATA_MT+:3] = {
            (size_class == 2'd0) ? entry_i[mmu_pkg::X86_PTE_PS] : entry_i[mmu_pkg::X86_PTE_PAT_LARGE],
            entry_i[mmu_pkg::X86_PTE_PCD], entry_i[mmu_pkg::X86_PTE_PWT]};
        data_o[tlb_entry_pkg::DATA_RIGHTS+:16] = {8'b0, rights};
      end
    end
  end else begin : gen_alpha
    always_comb begin : p_judge
      logic enabled, fault_on;
      fault_o = mmu_pkg::FAULT_NONE;
      err_o = 6'b0;
      update_o = 1'b0;
      updated_o = 64'b0;
      next_o = 1'b0;
      table_o = '0;
      w_o = 1'b0;
      u_o = 1'b0;
      nx_o = 1'b0;
      translated_o = 1'b0;
      data_o = '0;
      enabled = 1'b0;
      fault_on = 1'b0;
      if (valid_i) begin
        table_o = tlb_entry_pkg::alpha_frame(Format, entry_i[mmu_pkg::ALPHA_PTE_PFN_MSB:mmu_pkg::ALPHA_PTE_PFN_LSB]);
        if (level_i != 3'd1) begin
          // Above the last level only V and, when it is 0, KRE count (traps T81, T82).
          if (entry_i[mmu_pkg::ALPHA_PTE_V]) begin
            next_o = 1'b1;
          end else begin
            fault_o = entry_i[mmu_pkg::ALPHA_PTE_KRE] ? mmu_pkg::FAULT_TNV : mmu_pkg::FAULT_ACV;
          end
        end else begin
          // ACV before TNV before the fault-on bits (traps T80, T83, T84, T85).
          enabled = access_check_pkg::alpha_enabled(entry_i[15:8], mode_i, write_i, cfg_i[mmu_pkg::CFG_VMS]);
          fault_on = access_check_pkg::alpha_fault_on(entry_i[15:0], fetch_i, write_i);
          if (!enabled) begin
            fault_o = mmu_pkg::FAULT_ACV;
          end else if (!entry_i[mmu_pkg::ALPHA_PTE_V]) begin
            fault_o = mmu_pkg::FAULT_TNV;
          end else if (fault_on) begin
            fault_o = access_check_pkg::alpha_fault_on_code(fetch_i, write_i);
          end else begin
            translated_o = 1'b1;
          end
          data_o = tlb_entry_pkg::alpha_data(Format, entry_i);
        end
      end
    end
  end
endmodule
