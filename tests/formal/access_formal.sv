// SPDX-License-Identifier: Apache-2.0
//
// F1, F6: the access check of TLB hits, proved for every entry, access and control. Combinational: complete.
//
//   Format  page-table format (mmu_pkg::FORMAT_*)
//
// The conditions are the manuals' (SDM 4.6.1, 4.6.2, 4.8; EV5 figure 5-2), written anew: each says for which accesses
// an entry may or must not answer, so that both a right too many and a right too few is found.

module access_formal #(
  parameter int Format = mmu_pkg::FORMAT_X86_64
) (
  input logic clk_i,
  input logic [15:0] rights,
  input logic [7:0]  ctl,
  input logic [1:0]  mode,
  input logic        fetch, write, ac, implicit_access, vms,
  input logic [31:0] pkru, pkrs
);
  logic answers;
  assign answers = access_check_pkg::answers(Format, rights, ctl, mode, fetch, write, ac, implicit_access, pkru, pkrs,
                                             vms);
  if (Format == mmu_pkg::FORMAT_X86_64) begin : gen_x86
    logic w, u, nx, d, user, key_ad, key_wd, may_write;
    logic [3:0] key;
    assign w = rights[mmu_pkg::X86_RIGHTS_W];
    assign u = rights[mmu_pkg::X86_RIGHTS_U];
    assign nx = rights[mmu_pkg::X86_RIGHTS_NX] && ctl[mmu_pkg::CTL_NXE];
    assign d = rights[mmu_pkg::X86_RIGHTS_D];
    assign key = rights[mmu_pkg::X86_RIGHTS_PKEY_MSB:mmu_pkg::X86_RIGHTS_PKEY_LSB];
    assign user = mode != mmu_pkg::MODE_KERNEL && !implicit_access;
    always_comb begin : p_key
      key_ad = 1'b0;
      key_wd = 1'b0;
      for (int k = 0; k < 16; k++) begin
        if (key == 4'(k)) begin
          key_ad = u ? ctl[mmu_pkg::CTL_PKE] && pkru[2*k] : ctl[mmu_pkg::CTL_PKS] && pkrs[2*k];
          key_wd = u ? ctl[mmu_pkg::CTL_PKE] && pkru[2*k+1] : ctl[mmu_pkg::CTL_PKS] && pkrs[2*k+1];
        end
      end
    end
    // CR0.WP excuses only the supervisor, of R/W and of WD alike.
    assign may_write = (w && !key_wd) || (!user && !ctl[mmu_pkg::CTL_WP]);

    always_ff @(posedge clk_i) begin : p_rules
      assume (!(fetch && write) && !(fetch && implicit_access));
      if (user) assert (!answers || u);
      if (fetch) assert (!answers || !nx);
      if (!user && fetch) assert (!answers || !(u && ctl[mmu_pkg::CTL_SMEP]));
      if (!user && !fetch) assert (!answers || !(u && ctl[mmu_pkg::CTL_SMAP] && (implicit_access || !ac)));
      if (!fetch) assert (!answers || !key_ad);
      if (write) assert (!answers || (may_write && d));
      // and nothing else denies
      assert (answers || (user && !u) || (fetch && nx) || (!user && fetch && u && ctl[mmu_pkg::CTL_SMEP])
              || (!user && !fetch && u && ctl[mmu_pkg::CTL_SMAP] && (implicit_access || !ac)) || (!fetch && key_ad)
              || (write && !(may_write && d)));
      cover (answers && user && write);
      cover (answers && !user && write && !w);
      cover (!answers && user && u && !fetch && !write);
      cover (answers && !user && u && fetch);
      cover (!answers && write && w && u && user && !key_ad && !key_wd);
    end
  end else begin : gen_alpha
    always_ff @(posedge clk_i) begin : p_rules
      assume (!(fetch && write));
      if (mode == mmu_pkg::MODE_KERNEL) assert (!answers || (write ? rights[12] : rights[8]));
      if (!vms && mode != mmu_pkg::MODE_KERNEL) assert (!answers || (write ? rights[13] : rights[9]));
      if (vms && mode == mmu_pkg::MODE_EXECUTIVE) assert (!answers || (write ? rights[13] : rights[9]));
      if (vms && mode == mmu_pkg::MODE_SUPERVISOR) assert (!answers || (write ? rights[14] : rights[10]));
      if (vms && mode == mmu_pkg::MODE_USER) assert (!answers || (write ? rights[15] : rights[11]));
      if (write) assert (!answers || !rights[2]);
      if (fetch) assert (!answers || !rights[3]);
      if (!fetch && !write) assert (!answers || !rights[1]);
      // An entry with every enable denies only by its fault-on bit.
      if (rights[15:8] == 8'hff) assert (answers || (write ? rights[2] : fetch ? rights[3] : rights[1]));
      cover (answers && mode == mmu_pkg::MODE_USER && write && !rights[12]);
      cover (answers && vms && mode == mmu_pkg::MODE_SUPERVISOR && rights[15:8] == 8'h04);
      cover (!answers && rights[15:8] == 8'hff);
    end
  end
endmodule
