// SPDX-License-Identifier: Apache-2.0
//
// The bit positions and codes of the MMU's interfaces and page-table entries.
// Generated from model/arch/layout.def by `kilburn_layout_gen --rtl`: do not edit.
//
// A field of one bit has its position as PREFIX_NAME, a wider one PREFIX_NAME_MSB and _LSB. A code has
// the width of its port. Use as mmu_pkg::NAME.

package mmu_pkg;
  // One table serves every unit and format; no build uses all of it.
  /* verilator lint_off UNUSEDPARAM */

  // x86-64 paging-structure entry (SDM 4.5, tables 4-15 to 4-20)
  localparam int X86_PTE_P = 0;                     // present
  localparam int X86_PTE_RW = 1;                    // writable
  localparam int X86_PTE_US = 2;                    // user
  localparam int X86_PTE_PWT = 3;                   // page write-through
  localparam int X86_PTE_PCD = 4;                   // page cache disable
  localparam int X86_PTE_A = 5;                     // accessed
  localparam int X86_PTE_D = 6;                     // dirty (leaf)
  localparam int X86_PTE_PS = 7;                    // page size (levels 2, 3); PAT in a 4 KB entry
  localparam int X86_PTE_G = 8;                     // global (leaf)
  localparam int X86_PTE_PAT_LARGE = 12;            // PAT in a 2 MB or 1 GB entry
  localparam int X86_PTE_FRAME_MSB = 51;            // physical address bits 51:12
  localparam int X86_PTE_FRAME_LSB = 12;            // physical address bits 51:12
  localparam int X86_PTE_PKEY_MSB = 62;             // protection key (leaf, with CR4.PKE or CR4.PKS)
  localparam int X86_PTE_PKEY_LSB = 59;             // protection key (leaf, with CR4.PKE or CR4.PKS)
  localparam int X86_PTE_NX = 63;                   // execute disable

  // Alpha page-table entry (EV5 5-2; LX pgtable.h)
  localparam int ALPHA_PTE_V = 0;                   // valid
  localparam int ALPHA_PTE_FOR = 1;                 // fault on read
  localparam int ALPHA_PTE_FOW = 2;                 // fault on write
  localparam int ALPHA_PTE_FOE = 3;                 // fault on execute
  localparam int ALPHA_PTE_ASM = 4;                 // address space match: entry is valid for every ASN
  localparam int ALPHA_PTE_GH_MSB = 6;              // granularity hint: block of 8^GH pages
  localparam int ALPHA_PTE_GH_LSB = 5;              // granularity hint: block of 8^GH pages
  localparam int ALPHA_PTE_KRE = 8;                 // kernel read enable
  localparam int ALPHA_PTE_URE = 9;                 // user read enable (VMS layout: executive)
  localparam int ALPHA_PTE_VMS_SRE = 10;            // VMS layout: supervisor read enable
  localparam int ALPHA_PTE_VMS_URE = 11;            // VMS layout: user read enable
  localparam int ALPHA_PTE_KWE = 12;                // kernel write enable
  localparam int ALPHA_PTE_UWE = 13;                // user write enable (VMS layout: executive)
  localparam int ALPHA_PTE_VMS_SWE = 14;            // VMS layout: supervisor write enable
  localparam int ALPHA_PTE_VMS_UWE = 15;            // VMS layout: user write enable
  localparam int ALPHA_PTE_DIRTY = 17;              // Linux software dirty bit
  localparam int ALPHA_PTE_ACCESSED = 18;           // Linux software accessed bit
  localparam int ALPHA_PTE_PFN_MSB = 63;            // page frame number
  localparam int ALPHA_PTE_PFN_LSB = 32;            // page frame number

  // Live controls presented with every request (pins ctx_ctl_i)
  localparam int CTL_WP = 0;                        // CR0.WP: supervisor writes honour R/W (SDM 4.6.1)
  localparam int CTL_NXE = 1;                       // EFER.NXE: NX is honoured; else NX is reserved (SDM 4.5)
  localparam int CTL_SMEP = 2;                      // CR4.SMEP (SDM 4.6.1)
  localparam int CTL_SMAP = 3;                      // CR4.SMAP (SDM 4.6.1)
  localparam int CTL_PKE = 4;                       // CR4.PKE: PKRU applies to user pages (SDM 4.6.2)
  localparam int CTL_PKS = 5;                       // CR4.PKS: PKRS applies to supervisor pages (SDM 4.6.2)
  localparam int CTL_PGE = 6;                       // CR4.PGE: the G bit is honoured (SDM 4.10.2.4)
  localparam int CTL_LA57 = 7;                      // CR4.LA57: five levels, 57-bit addresses (SDM 4.5)
  localparam int CTL_SPE_MSB = 10;                  // Alpha superpage enables SPE<2:0> (EV5 5.2, EV6 M_CTL)
  localparam int CTL_SPE_LSB = 8;                   // Alpha superpage enables SPE<2:0> (EV5 5.2, EV6 M_CTL)
  localparam int CTL_REFILL = 11;                   // Alpha: a TLB miss is reported and software fills the TLB; no walk
  localparam int CTL_PHYS = 12;                     // translation off: the virtual address is the physical one (CR0.PG = 0, PALmode)

  // Configuration: choices that the architectures leave to an implementation (pins cfg_i)
  localparam int CFG_PA_WIDTH_MSB = 5;              // x86-64: MAXPHYADDR, 32 to 52; entry bits 51:MAXPHYADDR are reserved (SDM 4.1.4)
  localparam int CFG_PA_WIDTH_LSB = 0;              // x86-64: MAXPHYADDR, 32 to 52; entry bits 51:MAXPHYADDR are reserved (SDM 4.1.4)
  localparam int CFG_PAGE1G = 6;                    // x86-64: 1 GB pages; else PS in a PDPT entry is reserved (SDM 4.1.4)
  localparam int CFG_AMD = 7;                       // x86-64: bit 8 of PML5 and PML4 entries is reserved (AMD)
  localparam int CFG_VMS = 8;                       // Alpha: four-mode VMS layout of the enable bits; else OSF
  localparam int CFG_CHIP_MSB = 10;                 // Alpha: layout.def Chip, decides superpages and fills over an entry that matches
  localparam int CFG_CHIP_LSB = 9;                  // Alpha: layout.def Chip, decides superpages and fills over an entry that matches

  // What a DUT implements beyond the base of its format (kilburn_dut_config)
  localparam int FEATURE_LA57 = 0;                  // x86-64: five levels
  localparam int FEATURE_PKU = 1;                   // x86-64: protection keys of user pages
  localparam int FEATURE_PKS = 2;                   // x86-64: protection keys of supervisor pages
  localparam int FEATURE_IMPLICIT = 3;              // x86-64: implicit supervisor accesses, by their pin
  localparam int FEATURE_REFILL = 4;                // Alpha: software-refilled TLB
  localparam int FEATURE_PHYS = 5;                  // translation off

  // Rights kept with an x86-64 translation: accumulated over the levels (SDM 4.10.2.2)
  localparam int X86_RIGHTS_W = 0;                  // R/W of every level
  localparam int X86_RIGHTS_U = 1;                  // U/S of every level
  localparam int X86_RIGHTS_NX = 2;                 // XD of any level
  localparam int X86_RIGHTS_D = 3;                  // dirty bit of the leaf
  localparam int X86_RIGHTS_PKEY_MSB = 7;           // protection key of the leaf
  localparam int X86_RIGHTS_PKEY_LSB = 4;           // protection key of the leaf

  // x86-64 page-fault error code (SDM 4.7)
  localparam int PF_ERR_P = 0;                      // 0: some entry was not present
  localparam int PF_ERR_W = 1;                      // the access was a write
  localparam int PF_ERR_U = 2;                      // the access was a user access
  localparam int PF_ERR_RSVD = 3;                   // a reserved bit was set in a present entry
  localparam int PF_ERR_ID = 4;                     // instruction fetch, with NXE or SMEP
  localparam int PF_ERR_PK = 5;                     // a protection key denied a data access

  // Page-table format (RTL parameter Format)
  localparam int FORMAT_X86_64 = 0;                 // x86-64
  localparam int FORMAT_ALPHA = 1;                  // alpha
  localparam int FORMAT_ALPHA_X64 = 2;              // alpha-x64

  // Alpha implementation (configuration CHIP)
  localparam logic [1:0] CHIP_EV4 = 2'd0;           // 21064
  localparam logic [1:0] CHIP_EV5 = 2'd1;           // 21164
  localparam logic [1:0] CHIP_EV6 = 2'd2;           // 21264

  // Privilege of an access (pins *_req_mode_i)
  localparam logic [1:0] MODE_KERNEL = 2'd0;        // kernel; supervisor in x86-64
  localparam logic [1:0] MODE_EXECUTIVE = 2'd1;     // executive (VMS layout)
  localparam logic [1:0] MODE_SUPERVISOR = 2'd2;    // supervisor (VMS layout)
  localparam logic [1:0] MODE_USER = 2'd3;          // user

  // Fault code of a response (pins *_rsp_fault_o)
  localparam logic [3:0] FAULT_NONE = 4'd0;         // translated
  localparam logic [3:0] FAULT_PF = 4'd1;           // x86-64 page fault, error code beside it
  localparam logic [3:0] FAULT_GP = 4'd2;           // x86-64 non-canonical address: #GP(0) or #SS(0)
  localparam logic [3:0] FAULT_BUS = 4'd3;          // a page-table read or update failed on the bus
  localparam logic [3:0] FAULT_MISS = 4'd4;         // Alpha TLB miss, for software to fill (ITBMISS, DTBMISS)
  localparam logic [3:0] FAULT_TNV = 4'd8;          // Alpha translation not valid
  localparam logic [3:0] FAULT_ACV = 4'd9;          // Alpha access violation
  localparam logic [3:0] FAULT_FOR = 4'd10;         // Alpha fault on read
  localparam logic [3:0] FAULT_FOE = 4'd11;         // Alpha fault on execute
  localparam logic [3:0] FAULT_FOW = 4'd12;         // Alpha fault on write

  // TLB maintenance operation (pins inv_op_i)
  localparam logic [3:0] INV_ALL = 4'd0;            // everything (INVPCID 2, CR4.PGE change, TBIA)
  localparam logic [3:0] INV_NONGLOBAL = 4'd1;      // every entry that is not global, all address spaces (INVPCID 3, TBIAP)
  localparam logic [3:0] INV_ASID = 4'd2;           // one address space, not global (CR3 load, INVPCID 1)
  localparam logic [3:0] INV_PAGE = 4'd3;           // one address: the address space's and global entries (INVLPG, TBIS)
  localparam logic [3:0] INV_PAGE_NONGLOBAL = 4'd4; // one address of one address space, not global (INVPCID 0)
  localparam logic [3:0] INV_PAGE_I = 4'd5;         // PAGE, instruction side only (TBISI)
  localparam logic [3:0] INV_PAGE_D = 4'd6;         // PAGE, data side only (TBISD)
  localparam logic [3:0] INV_FILL_I = 4'd7;         // Alpha: write an entry of the instruction TLB (ITB_PTE)
  localparam logic [3:0] INV_FILL_D = 4'd8;         // Alpha: write an entry of the data TLB (DTB_PTE)

  // Page-table memory operation (pin mem_req_op_o)
  localparam logic MEM_OP_READ = 1'd0;              // 8-byte read
  localparam logic MEM_OP_CAS = 1'd1;               // 8-byte compare-and-swap

  // Event counter (pins evt_sel_i)
  localparam logic [4:0] EVENT_I_HIT = 5'd0;        // instruction lookups answered by the L1 TLB
  localparam logic [4:0] EVENT_I_MISS = 5'd1;       // instruction lookups that the L1 TLB does not answer
  localparam logic [4:0] EVENT_D_HIT = 5'd2;        // data lookups answered by the L1 TLB
  localparam logic [4:0] EVENT_D_MISS = 5'd3;       // data lookups that the L1 TLB does not answer
  localparam logic [4:0] EVENT_WALK = 5'd4;         // walks started (a restarted walk counts again)
  localparam logic [4:0] EVENT_KILL = 5'd5;         // walks killed by an invalidation
  localparam logic [4:0] EVENT_MEM_READ = 5'd6;     // page-table reads accepted by the memory
  localparam logic [4:0] EVENT_MEM_CAS = 5'd7;      // compare-and-swaps accepted by the memory
  localparam logic [4:0] EVENT_CAS_FAIL = 5'd8;     // compare-and-swaps that did not match
  localparam logic [4:0] EVENT_WALK_FAULT = 5'd9;   // walks that ended in a fault
  localparam logic [4:0] EVENT_I_MULTI = 5'd10;     // instruction lookups that matched several L1 entries
  localparam logic [4:0] EVENT_D_MULTI = 5'd11;     // data lookups that matched several L1 entries
  localparam logic [4:0] EVENT_FILL = 5'd12;        // L1 fills, by a walk, from the L2 TLB or by software
  localparam logic [4:0] EVENT_INVALIDATE = 5'd13;  // maintenance operations accepted
  localparam logic [4:0] EVENT_I_DIRECT = 5'd14;    // instruction requests decided before the TLB (sign check, superpage, translation off)
  localparam logic [4:0] EVENT_D_DIRECT = 5'd15;    // data requests decided before the TLB (sign check, superpage, translation off)
  localparam logic [4:0] EVENT_I_MERGE = 5'd16;     // instruction misses merged with one under way
  localparam logic [4:0] EVENT_D_MERGE = 5'd17;     // data misses merged with one under way
  localparam logic [4:0] EVENT_I_RETRY = 5'd18;     // merged instruction requests looked up again
  localparam logic [4:0] EVENT_D_RETRY = 5'd19;     // merged data requests looked up again
  localparam logic [4:0] EVENT_L2_HIT = 5'd20;      // misses answered by the L2 TLB
  localparam logic [4:0] EVENT_L2_MISS = 5'd21;     // misses that the L2 TLB does not answer
  localparam logic [4:0] EVENT_L2_MULTI = 5'd22;    // L2 lookups that matched several ways
  localparam logic [4:0] EVENT_PSC_HIT_2 = 5'd23;   // walks started from the paging-structure cache of level 2
  localparam logic [4:0] EVENT_PSC_HIT_3 = 5'd24;   // of level 3
  localparam logic [4:0] EVENT_PSC_HIT_4 = 5'd25;   // of level 4
  localparam logic [4:0] EVENT_PSC_HIT_5 = 5'd26;   // of level 5
  localparam logic [4:0] EVENT_WALK_READS_1 = 5'd27;// translations by a walk of one read
  localparam logic [4:0] EVENT_WALK_READS_2 = 5'd28;// of two reads
  localparam logic [4:0] EVENT_WALK_READS_3 = 5'd29;// of three reads
  localparam logic [4:0] EVENT_WALK_READS_4 = 5'd30;// of four reads
  localparam logic [4:0] EVENT_WALK_READS_5 = 5'd31;// of five reads or more

  /* verilator lint_on UNUSEDPARAM */
endpackage
