// SPDX-License-Identifier: Apache-2.0
//
// Does a translation grant an access: the rights rules, used by TLB hits and by the walker's leaf.
//
// Rights are evaluated at each access under the live controls, never baked into an entry (trap T29).

package access_check_pkg;
  // SDM 4.6.1, without the protection key. `rights` is W U NX of mmu_pkg::X86_RIGHTS_*.
  function automatic logic x86_granted(input logic [7:0] rights, input logic [7:0] ctl, input logic user,
                                       input logic fetch, input logic write, input logic ac,
                                       input logic implicit_access);
    logic w, u, nx, smap_denies;
    w = rights[mmu_pkg::X86_RIGHTS_W];
    u = rights[mmu_pkg::X86_RIGHTS_U];
    nx = rights[mmu_pkg::X86_RIGHTS_NX] && ctl[mmu_pkg::CTL_NXE];
    smap_denies = u && ctl[mmu_pkg::CTL_SMAP] && (implicit_access || !ac);
    if (user) begin
      x86_granted = u && !(write && !w) && !(fetch && nx);
    end else if (fetch) begin
      x86_granted = !nx && !(u && ctl[mmu_pkg::CTL_SMEP]);
    end else begin
      x86_granted = !smap_denies && !(write && !w && ctl[mmu_pkg::CTL_WP]);
    end
  endfunction

  // SDM 4.6.2: PKRU counts for user pages, PKRS for supervisor pages, whoever accesses (trap T25), and keys
  // never for fetches (T22). A user access to a supervisor page is refused before any key counts (T31).
  function automatic logic x86_key_denies(input logic [7:0] rights, input logic [7:0] ctl, input logic user,
                                          input logic fetch, input logic write, input logic [31:0] pkru,
                                          input logic [31:0] pkrs);
    logic user_page, ad, wd;
    logic [1:0] denials;
    x86_key_denies = 1'b0;
    if ((ctl[mmu_pkg::CTL_PKE] || ctl[mmu_pkg::CTL_PKS]) && !fetch) begin
      user_page = rights[mmu_pkg::X86_RIGHTS_U];
      denials = 2'((user_page ? pkru : pkrs)
                   >> {rights[mmu_pkg::X86_RIGHTS_PKEY_MSB:mmu_pkg::X86_RIGHTS_PKEY_LSB], 1'b0});
      ad = denials[0];
      wd = denials[1];
      x86_key_denies = (user_page ? ctl[mmu_pkg::CTL_PKE] : (ctl[mmu_pkg::CTL_PKS] && !user))
                       && (ad || (write && wd && (user || ctl[mmu_pkg::CTL_WP])));
    end
  endfunction

  // The enable bit that the access needs: xRE for a read or fetch, xWE for a write. In the OSF layout every
  // mode that is not kernel uses bits 9 and 13, in the VMS layout each mode its own (trap T87).
  function automatic logic alpha_enabled(input logic [15:8] pte, input logic [1:0] mode, input logic write,
                                         input logic vms);
    logic [1:0] column;
    logic [3:0] enables;
    column = vms ? mode : {1'b0, mode != mmu_pkg::MODE_KERNEL};
    enables = write ? pte[mmu_pkg::ALPHA_PTE_KWE+:4] : pte[mmu_pkg::ALPHA_PTE_KRE+:4];
    alpha_enabled = enables[column];
  endfunction

  // The fault-on bit of the access: FOR never stops a write or fetch, nor FOW a read, nor FOE data.
  function automatic logic alpha_fault_on(input logic [15:0] pte, input logic fetch, input logic write);
    alpha_fault_on = fetch ? pte[mmu_pkg::ALPHA_PTE_FOE]
                   : write ? pte[mmu_pkg::ALPHA_PTE_FOW]
                           : pte[mmu_pkg::ALPHA_PTE_FOR];
  endfunction

  function automatic logic [3:0] alpha_fault_on_code(input logic fetch, input logic write);
    alpha_fault_on_code = fetch ? mmu_pkg::FAULT_FOE : write ? mmu_pkg::FAULT_FOW : mmu_pkg::FAULT_FOR;
  endfunction

  // Does an entry with these rights answer the access? A write to a clean page must set D in memory first
  // (trap T41), so a clean entry does not answer it.
  function automatic logic answers(input int format, input logic [15:0] rights, input logic [7:0] ctl,
                                   input logic [1:0] mode, input logic fetch, input logic write, input logic ac,
                                   input logic implicit_access, input logic [31:0] pkru, input logic [31:0] pkrs,
                                   input logic vms);
    logic user;
    user = mode != mmu_pkg::MODE_KERNEL && !implicit_access;
    if (format == mmu_pkg::FORMAT_X86_64) begin
      answers = x86_granted(rights[7:0], ctl, user, fetch, write, ac, implicit_access)
                && !x86_key_denies(rights[7:0], ctl, user, fetch, write, pkru, pkrs)
                && !(write && !rights[mmu_pkg::X86_RIGHTS_D]);
    end else begin
      answers = alpha_enabled(rights[15:8], mode, write, vms) && !alpha_fault_on(rights, fetch, write);
    end
  endfunction
endpackage
