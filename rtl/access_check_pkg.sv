// SPDX-License-Identifier: Apache-2.0
//
// Does a translation grant an access: the rights rules, used by a TLB hit and by the walker's leaf.
//
// Rights are evaluated at each access under the live controls, never baked into an entry (trap T29).

package access_check_pkg;
  // SDM 4.6.1. `rights` is W U NX D (mmu_pkg::X86_RIGHTS_*); D plays no part in the grant.
  function automatic logic x86_granted(input logic [3:0] rights, input logic [3:0] ctl, input logic user,
                                       input logic fetch, input logic write, input logic ac);
    logic w, u, nx, smap_denies;
    w = rights[mmu_pkg::X86_RIGHTS_W];
    u = rights[mmu_pkg::X86_RIGHTS_U];
    nx = rights[mmu_pkg::X86_RIGHTS_NX] && ctl[mmu_pkg::CTL_NXE];
    smap_denies = u && ctl[mmu_pkg::CTL_SMAP] && !ac;
    if (user) begin
      x86_granted = u && !(write && !w) && !(fetch && nx);
    end else if (fetch) begin
      x86_granted = !nx && !(u && ctl[mmu_pkg::CTL_SMEP]);
    end else begin
      x86_granted = !smap_denies && !(write && !w && ctl[mmu_pkg::CTL_WP]);
    end
  endfunction

  // The enable bit that the access needs: xRE for a read or fetch, xWE for a write. Every mode that is
  // not kernel uses the user bits (trap T87: the OSF layout keeps them on hardware bits 9 and 13).
  function automatic logic alpha_enabled(input logic [15:0] pte, input logic user, input logic write);
    if (write) begin
      alpha_enabled = user ? pte[mmu_pkg::ALPHA_PTE_UWE] : pte[mmu_pkg::ALPHA_PTE_KWE];
    end else begin
      alpha_enabled = user ? pte[mmu_pkg::ALPHA_PTE_URE] : pte[mmu_pkg::ALPHA_PTE_KRE];
    end
  endfunction

  // The fault-on bit of the access: FOR never stops a write or fetch, nor FOW a read, nor FOE data.
  function automatic logic alpha_fault_on(input logic [15:0] pte, input logic fetch, input logic write);
    alpha_fault_on = fetch ? pte[mmu_pkg::ALPHA_PTE_FOE]
                   : write ? pte[mmu_pkg::ALPHA_PTE_FOW]
                           : pte[mmu_pkg::ALPHA_PTE_FOR];
  endfunction
endpackage
