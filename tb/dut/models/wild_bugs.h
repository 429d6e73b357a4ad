// SPDX-License-Identifier: Apache-2.0
//
// The illegal variants of `wild`: each is one departure from the law, chosen at run time by its id.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "model/arch/types.h"

namespace kilburn::tb::wild {

// Formats that have the bug.
inline constexpr unsigned kX = 1, kAlpha = 2, kAlphaX64 = 4, kDec = kAlpha | kAlphaX64, kEvery = kX | kDec;

// What an instance must have for the bug to show; choosing the bug adds what the profile lacks.
enum Needs : unsigned {
  kNothing = 0,
  kTlb = 1,
  kPsc = 2,
  kPwc = 4,
  kSectors = 8,
  kPieces = 16,  // large pages held as smaller pieces
  kSpeculation = 32,
  kFromEntry = 64,  // refusals decided from an entry, without a walk
  kSeveral = 128,   // several entries may match one address
};

// KILBURN_WILD_BUG(enumerator, id, formats, needs, sentence, source). A source names the trap of the list of semantic
// traps (T...), the mutant of the checker's prototype, the public report, or the rule (W, R) that it breaks.
#define KILBURN_WILD_BUGS(BUG)                                                                                         \
  /* the walk and reserved bits */                                                                                     \
  BUG(t01, "T01", kX, kNothing, "a reserved-bit fault has P = 0 in its error code", "T01, QEMU")                       \
  BUG(t02, "T02", kX, kNothing, "PS in a PML5 or PML4 entry is ignored", "T02")                                        \
  BUG(t03, "T03", kX, kNothing, "frame bits 29:13 of a 1 GB page are not checked", "T03, BlackParrot, biriscv#46")     \
  BUG(t04, "T04", kX, kNothing, "frame bits 20:13 of a 2 MB page are not checked", "T04, gem5")                        \
  BUG(t05, "T05", kX, kNothing, "PS in a PDPT entry is ignored without 1 GB pages", "T05, gem5")                       \
  BUG(t06, "T06", kX, kNothing, "XD with NXE = 0 is not reserved", "T06, gem5")                                        \
  BUG(t07, "T07", kX, kNothing, "reserved bits of an entry with P = 0 are reported", "T07")                            \
  BUG(t08, "T08", kX, kNothing, "an entry that is not present outranks a reserved bit above it", "T08")                \
  BUG(t09, "T09", kX, kNothing, "MAXPHYADDR is checked in leaves only", "T09")                                         \
  BUG(t10, "T10", kX, kNothing, "PAT of a 4 KB page is taken from bit 12", "T10, gem5")                                \
  BUG(t11, "T11", kX, kNothing, "XD of upper levels is lost", "T11, gem5")                                             \
  BUG(t12w, "T12-W", kX, kNothing, "R/W of the leaf alone counts", "T12, mutant leafonlyW")                            \
  BUG(t12u, "T12-U", kX, kNothing, "U/S of the leaf alone counts", "T12")                                              \
  BUG(t13, "T13", kX, kNothing, "A is set in a leaf with a reserved bit", "T13, cvw#1892")                             \
  BUG(t13b, "T13-FILL", kX, kTlb, "a leaf with a reserved bit faults and is installed", "T13, cva6#3486")              \
  BUG(t14, "T14", kX, kNothing, "reserved bits are not checked for fetches", "T14, cvw#1198")                          \
  BUG(t15, "T15", kEvery, kNothing, "a bus error reads as an entry of zero", "T15, cva6#3299, rocket#3402")            \
  BUG(t16, "T16", kX, kNothing, "frame address bits 51:36 are lost", "T16, XS#5854")                                   \
  BUG(t16b, "T16-LA57", kX, kNothing, "with LA57 the walk begins at level 4", "T16")                                   \
  BUG(norsvd, "NORSVD", kX, kNothing, "no reserved bit is checked", "mutant norsvd, NutShell#268")                     \
  /* rights and error codes */                                                                                         \
  BUG(t20, "T20", kX, kNothing, "I/D of the error code is set for every fetch", "T20")                                 \
  BUG(ibex2314, "IBEX2314", kX, kNothing, "a fetch's fault is coded as a read's", "ibex#2314")                         \
  BUG(t21, "T21", kX, kNothing, "PK is not reported beside a refused write", "T21")                                    \
  BUG(t22, "T22", kX, kNothing, "protection keys apply to fetches", "T22")                                             \
  BUG(t23, "T23", kX, kNothing, "the key comes from the entry above the leaf", "T23, kvm-unit-tests")                  \
  BUG(t24, "T24", kX, kNothing, "WD denies a supervisor's write with WP = 0", "T24, kvm-unit-tests")                   \
  BUG(t25, "T25", kX, kNothing, "PKRU guards supervisor pages", "T25")                                                 \
  BUG(t26, "T26", kX, kNothing, "AC excuses an implicit access from SMAP", "T26")                                      \
  BUG(t27, "T27", kX, kNothing, "WP = 0 excuses a write from SMAP", "T27")                                             \
  BUG(t28, "T28", kX, kTlb, "SMEP is not looked at on a hit", "T28, kvm-unit-tests")                                   \
  BUG(t29, "T29", kX, kTlb, "an entry keeps the WP of its fill", "T29, kvm-unit-tests")                                \
  BUG(t31, "T31", kX, kNothing, "a user access to a supervisor page reports P = 0", "T31")                             \
  BUG(t33, "T33", kX, kNothing, "a non-canonical address is translated", "T33")                                        \
  BUG(t33b, "T33-LA57", kX, kNothing, "with LA57 the canonical check is that of 48 bits", "T33")                       \
  BUG(cva3404, "CVA3404", kX, kNothing, "the canonical check looks at the port a cycle late", "cva6#3404, cva6#3433")  \
  BUG(cva3426, "CVA3426", kX, kTlb | kFromEntry, "a fault from an entry is coded as a read's", "cva6#3426")            \
  BUG(cvw1538, "CVW1538", kX, kNothing, "the error code keeps bits of the fault before", "cvw#1538")                   \
  BUG(xs6606, "XS6606", kX, kNothing, "now and then a page fault without cause", "XiangShan#6606")                     \
  BUG(mixed_size, "T78", kX, kTlb, "a large page is reported as a 4 KB page", "T78, XS#5087")                          \
  /* accessed and dirty bits */                                                                                        \
  BUG(t40, "T40", kX, kNothing, "the update of the leaf is never sent", "T40, gem5")                                   \
  BUG(noa, "NOA", kX, kNothing, "A is never set", "mutant noA")                                                        \
  BUG(nod, "NOD", kX, kNothing, "D is never set", "mutant noD")                                                        \
  BUG(t41, "T41", kX, kTlb, "a write hits an entry with D = 0", "T41, mutant noDhit, IBMulator#34")                    \
  BUG(t42, "T42", kX, kNothing, "a failed compare-and-swap counts as done", "T42")                                     \
  BUG(t43, "T43", kX, kNothing, "a failed compare-and-swap is repeated if the low half agrees", "T43, QEMU")           \
  BUG(t44, "T44", kX, kNothing, "after a failed compare-and-swap P is not checked again", "T44, sail-riscv#1860")      \
  BUG(plainwrite, "PLAINWRITE", kX, kNothing, "a failed compare-and-swap is repeated with what memory holds",          \
      "mutant plainwrite, W6, riscv-qemu#103")                                                                         \
  BUG(t45, "T45", kX, kNothing, "D is set in tables too", "T45, W6")                                                   \
  BUG(t48, "T48", kX, kNothing, "a refused write sets D", "T48, W6")                                                   \
  BUG(t49, "T49", kX, kTlb, "D of one alias of a frame stands for the other", "T49, kvm-unit-tests")                   \
  BUG(t50, "T50", kX, kNothing, "A is written although it is set", "T50, R10, riscv-qemu#92")                          \
  BUG(t51, "T51", kX, kNothing, "an update begun before an invalidation lands after its end", "T51, R7, W6")           \
  BUG(read_d, "READ-D", kX, kNothing, "reads set D", "W6")                                                             \
  /* caching and invalidation */                                                                                       \
  BUG(t60, "T60", kX, kTlb, "an entry that is not present is remembered", "T60, W3, mutant negcache")                  \
  BUG(t61, "T61", kEvery, kTlb, "a walk under way at an invalidation installs its translation",                        \
      "T61, W4, mutant installafterinv, rocket#2534, rocket#1527")                                                     \
  BUG(t61b, "T61-PSC", kEvery, kPsc, "a walk under way at an invalidation installs table entries", "T61, W4")          \
  BUG(t62, "T62", kX, kTlb, "INVLPG compares the number of the 4 KB page", "T62, W2, NEMU#1175, rocket#3297")          \
  BUG(t62b, "T62-PIECES", kX, kTlb | kPieces, "INVLPG drops one piece of a large page", "T62, W2, mutant fracinv")     \
  BUG(t63, "T63", kEvery, kTlb, "a global entry survives the invalidation of its page", "T63, mutant keepglobal")      \
  BUG(xs1859, "XS1859", kEvery, kTlb, "a global large page survives the invalidation of its page", "T63, XS#1859")     \
  BUG(t64, "T64", kX, kPsc, "INVLPG leaves the paging-structure caches", "T64, W2, mutant pscinv")                     \
  BUG(t64b, "T64-PREFIX", kX, kPsc, "INVLPG drops table entries of its own prefix only", "T64, Rocket")                \
  BUG(t65, "T65", kEvery, kTlb, "the invalidation of all that is not global spares other address spaces", "T65, T94")  \
  BUG(t66, "T66", kEvery, kTlb, "the address space last used is invalidated, not the one named",                       \
      "T66, mutant flusholdpcid")                                                                                      \
  BUG(t67, "T67", kEvery, kTlb, "the invalidation of a page misses entries of address spaces but 0", "T67, gem5")      \
  BUG(nopcid, "NOPCID", kEvery, kTlb, "a lookup does not compare the address space", "mutant nopcid")                  \
  BUG(cva2943, "CVA2943", kEvery, kTlb, "an entry hits if any entry has the address space", "cva6#2943")               \
  BUG(cva3307, "CVA3307", kEvery, kTlb, "an invalidation works with the operands of the one before",                   \
      "cva6#3307, cva6#1454")                                                                                          \
  BUG(t68, "T68", kX, kTlb | kSeveral, "several matches give the OR of their frames", "T68, mutant multior")           \
  BUG(t68b, "T68-MIX", kX, kTlb | kSeveral, "several matches give one's frame and another's rights", "T68")            \
  BUG(t69, "T69", kX, kTlb | kSectors, "a sector's pages share the rights of its first", "T69, XS#5854")               \
  BUG(t69b, "T69-VALID", kX, kTlb | kSectors, "a sector's neighbour hits without an entry of its own", "T69, cvw#526") \
  BUG(pscrights, "PSCRIGHTS", kX, kPsc, "a paging-structure cache forgets the rights above", "T12, mutant pscrights")  \
  BUG(pscasid, "PSC-ASID", kEvery, kPsc, "a paging-structure cache does not compare the address space", "SDM 4.10.3")  \
  BUG(pwcinv, "PWC-INV", kEvery, kPwc, "a page's invalidation leaves the physically tagged walk cache",                \
      "SDM 4.10.4.1, W2")                                                                                              \
  BUG(t71, "T71", kX, kTlb | kFromEntry, "a page fault keeps the entry that caused it",                                \
      "T71, W5, mutant nofaultinv, ao486")                                                                             \
  BUG(t71b, "T71-PSC", kX, kPsc | kFromEntry, "a page fault keeps the table entries that caused it", "T71, W5")        \
  BUG(t72, "T72", kX, kTlb | kSeveral, "an invalidation drops one of several entries that match", "T72, cvw#50")       \
  BUG(t74, "T74", kX, kPsc, "a table that is not present is remembered", "T74, W3")                                    \
  BUG(t75, "T75", kEvery, kTlb, "the invalidation of everything keeps global entries", "T75")                          \
  BUG(t75b, "T75-PSC", kEvery, kPsc, "the invalidation of everything keeps the paging-structure caches", "T75")        \
  BUG(t76, "T76", kX, kNothing, "a fetch's miss just after a data fault is lost", "T76, W8, cvw#392")                  \
  BUG(t77, "T77", kEvery, kNothing, "an invalidation is taken while another is under way and lost", "T77, R6, CVA6")   \
  BUG(t104, "T104", kEvery, kNothing, "a walk starts from the root at the pins, not the request's", "T104, R4")        \
  BUG(t104b, "T104-ASID", kEvery, kTlb, "a fill takes the address space at the pins", "T104, R4")                      \
  /* Alpha */                                                                                                          \
  BUG(t80, "T80", kDec, kNothing, "an entry of zero gives TNV", "T80, QEMU")                                           \
  BUG(t81, "T81", kDec, kNothing, "an invalid upper entry always gives TNV", "T81, QEMU")                              \
  BUG(t82, "T82", kDec, kNothing, "an upper entry without KRE gives ACV", "T82, QEMU")                                 \
  BUG(t83, "T83", kDec, kNothing, "an invalid last-level entry always gives TNV", "T83, QEMU")                         \
  BUG(t84, "T84", kDec, kNothing, "an invalid entry gives its fault-on fault", "T84, SIMH")                            \
  BUG(t85, "T85", kDec, kNothing, "FOW outranks ACV", "T85")                                                           \
  BUG(t86, "T86", kDec, kNothing, "FOE is ignored", "T86")                                                             \
  BUG(t87, "T87", kDec, kNothing, "the layouts of OSF and VMS are exchanged", "T87")                                   \
  BUG(t88, "T88", kDec, kNothing, "the sign of an address is not checked", "T88")                                      \
  BUG(t90, "T90", kDec, kNothing, "a user's superpage address goes to the TLB", "T90, axpbox")                         \
  BUG(t91, "T91", kAlphaX64, kNothing, "PA<43:41> of a 21264 superpage is not extended", "T91, QEMU")                  \
  BUG(t92, "T92", kDec, kNothing, "a block's address bits come from the entry, not the address", "T92")                \
  BUG(t93, "T93", kDec, kTlb, "TBIS compares the page number inside a block", "T93")                                   \
  BUG(t96, "T96", kDec, kTlb, "TBISI and TBISD are exchanged", "T95, T96, SIMH")                                       \
  BUG(t102, "T102", kDec, kNothing, "FOW is reported as FOR", "T102, SIMH")                                            \
  BUG(refill_walk, "REFILL-WALK", kDec, kNothing, "a miss is walked although software refills", "rtl/README.md")       \
  BUG(refill_rights, "REFILL-RIGHTS", kDec, kTlb, "a software-filled entry is hit without a look at its rights",       \
      "rtl/README.md")                                                                                                 \
  BUG(fill_invalid, "FILL-INVALID", kDec, kTlb, "a fill with V = 0 is written", "EV4 4.7.1.1")                         \
  BUG(fill_side, "FILL-SIDE", kDec, kTlb, "a fill of the instruction side is written to the data side",                \
      "rtl/README.md")                                                                                                 \
  /* one rule of the checker each, and the protocol */                                                                 \
  BUG(root, "ROOT", kEvery, kNothing, "the root of an address space is remembered over its invalidation", "W1")        \
  BUG(prefetch_a, "PREFETCH-A", kX, kTlb | kSpeculation, "a speculative walk caches a leaf with A = 0", "W3")          \
  BUG(ghost, "GHOST", kEvery, kNothing, "a walk reads on below an entry that is not present", "W7")                    \
  BUG(lost, "LOST", kEvery, kNothing, "a response is lost", "W8, R3")                                                  \
  BUG(casloop, "CASLOOP", kX, kNothing, "a failed compare-and-swap is repeated for ever", "W8")                        \
  BUG(noack, "NOACK", kEvery, kNothing, "an invalidation is never acknowledged", "W8, R6")                             \
  BUG(ackearly, "ACK-EARLY", kEvery, kTlb, "an invalidation is acknowledged before it is done", "R7, W2")              \
  BUG(duplicate, "DUPLICATE", kEvery, kNothing, "a response is given twice", "R3")                                     \
  BUG(withdrawn, "WITHDRAWN", kEvery, kNothing, "a response that waits is withdrawn", "R2")                            \
  BUG(unstable, "UNSTABLE", kEvery, kNothing, "a response that waits changes its address", "R2")                       \
  BUG(swapid, "SWAP-ID", kEvery, kNothing, "a response has the id of another request", "R3")                           \
  BUG(memid, "MEM-ID", kEvery, kNothing, "all walks use one id at the memory", "R9")

enum class Bug : unsigned char {
  none,
#define KILBURN_WILD_BUG(name, id, formats, needs, sentence, source) name,
  KILBURN_WILD_BUGS(KILBURN_WILD_BUG)
#undef KILBURN_WILD_BUG
};

struct BugInfo {
  Bug bug;
  std::string_view id;
  unsigned formats;
  unsigned needs;
  std::string_view sentence;
  std::string_view source;
};

std::span<const BugInfo> all_bugs();
const BugInfo& info(Bug);  // not of Bug::none
constexpr unsigned mask_of(arch::Format format) { return 1U << static_cast<unsigned>(format); }
// "ID<TAB>sentence<TAB>source" of the format's bugs, ended by NULL, as kilburn_dut_api::bugs wants them.
const char* const* bug_list(arch::Format);
// The format's bug of that id, Bug::none for "" and for an unknown one.
Bug bug_from_id(arch::Format, std::string_view id);

}  // namespace kilburn::tb::wild
