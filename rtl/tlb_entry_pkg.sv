// SPDX-License-Identifier: Apache-2.0
//
// The stored form of a translation: a ternary match word (key, mask) and a data word.
//
// An access matches an entry when ((key(access) ^ key(entry)) & mask(entry)) == 0: one comparison
// decides page size, address space and global alike. The mask has 0 for the address bits inside a
// large page and, in a global entry, for the whole ASID.

package tlb_entry_pkg;
  // Key: ASID above the virtual page number VA<VaBits-1:PageShift>, zero-extended to 45 bits.
  localparam int VPN_BITS = 45;
  localparam int ASID_BITS = 12;
  localparam int KEY_BITS = VPN_BITS + ASID_BITS;

  // Data word. The page's size is PageShift + step * class, step 9 (x86-64) or 3 (Alpha: class = GH).
  localparam int DATA_RIGHTS = 0;   // 16: mmu_pkg::X86_RIGHTS_*, accumulated; Alpha PTE<15:0>
  localparam int DATA_MT = 16;      // 3
  localparam int DATA_CLASS = 19;   // 2
  localparam int DATA_GLOBAL = 21;  // 1
  localparam int DATA_FRAME = 22;   // 40: physical address bits 51:12, 0 inside the page
  localparam int DATA_BITS = 62;

  function automatic logic [KEY_BITS-1:0] key(input int format, input logic [56:12] va, input logic [11:0] asid);
    key = (format == mmu_pkg::FORMAT_ALPHA) ? {asid, 15'b0, va[42:13]}
        : (format == mmu_pkg::FORMAT_ALPHA_X64) ? {asid, 9'b0, va[47:12]}
                                                : {asid, va};
  endfunction

  // 1 for every page-number bit that takes part in the comparison.
  function automatic logic [VPN_BITS-1:0] vpn_mask(input int format, input logic [1:0] size_class);
    if (format == mmu_pkg::FORMAT_X86_64) begin
      vpn_mask = {27'h7ffffff, {9{size_class < 2}}, {9{size_class == 0}}};
    end else begin
      vpn_mask = {36'hfffffffff, {3{size_class < 3}}, {3{size_class < 2}}, {3{size_class == 0}}};
    end
  endfunction

  function automatic logic [5:0] size(input int format, input logic [1:0] size_class);
    if (format == mmu_pkg::FORMAT_X86_64) begin
      size = 6'd12 + 6'd9 * {4'b0, size_class};
    end else begin
      size = ((format == mmu_pkg::FORMAT_ALPHA) ? 6'd13 : 6'd12) + 6'd3 * {4'b0, size_class};
    end
  endfunction

  // The mask of an entry: address bits by size, and in a global entry the whole ASID left out.
  function automatic logic [KEY_BITS-1:0] mask(input int format, input logic [1:0] size_class, input logic global_entry);
    mask = {{12{!global_entry}}, vpn_mask(format, size_class)};
  endfunction

  // The set of `va` in an L2 bank of `sets` sets for pages of a class: at most 1024.
  function automatic logic [9:0] set_of(input int format, input logic [1:0] size_class, input int sets,
                                        input logic [56:12] va);
    set_of = 10'({va, 12'b0} >> size(format, size_class)) & 10'(sets - 1);
  endfunction

  // Physical address of `va` in a page: no page is larger than 1 GB.
  function automatic logic [51:0] pa(input int format, input logic [51:12] frame, input logic [1:0] size_class,
                                     input logic [29:0] va);
    logic [29:0] inside_page;
    inside_page = (30'd1 << size(format, size_class)) - 30'd1;
    pa = {frame, 12'b0} | {22'b0, va & inside_page};
  endfunction

  // Physical address bits 51:12 of an Alpha page frame number.
  function automatic logic [51:12] alpha_frame(input int format, input logic [31:0] pfn);
    alpha_frame = (format == mmu_pkg::FORMAT_ALPHA) ? {7'b0, pfn, 1'b0} : {8'b0, pfn};
  endfunction

  // The data word of a last-level Alpha entry. The low 3*GH bits of the frame number come from the address
  // (trap T92).
  function automatic logic [DATA_BITS-1:0] alpha_data(input int format, input logic [63:0] pte);
    logic [1:0] gh;
    logic [31:0] pfn;
    gh = pte[mmu_pkg::ALPHA_PTE_GH_MSB:mmu_pkg::ALPHA_PTE_GH_LSB];
    pfn = pte[mmu_pkg::ALPHA_PTE_PFN_MSB:mmu_pkg::ALPHA_PTE_PFN_LSB];
    if (gh >= 2'd1) pfn[2:0] = '0;
    if (gh >= 2'd2) pfn[5:3] = '0;
    if (gh == 2'd3) pfn[8:6] = '0;
    alpha_data = {alpha_frame(format, pfn), pte[mmu_pkg::ALPHA_PTE_ASM], gh, 3'b0, pte[15:0]};
  endfunction
endpackage
